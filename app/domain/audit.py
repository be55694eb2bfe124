"""The audit log's entries: who did what, on what, from where, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.domain.redaction import redact_text, redacted

MAX_TEXT = 500


class ActorKind(StrEnum):
    """Who acts; names are part of the REST interface. `anonymous`: nobody who could show who they are."""

    USER = "user"
    API_KEY = "api_key"
    EXTERNAL = "external"
    ANONYMOUS = "anonymous"
    MQTT = "mqtt"
    CLI = "cli"
    SYSTEM = "system"


class AuditResult(StrEnum):
    """How it ended; `refused` is by us and on purpose, `failed` is our own trouble."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act. `tenant_id` None: it belongs to the platform. `target` has ids by what they are of.

    `before` and `after` are of configurations, and hold only what differs. `status` and `code` are those of
    the HTTP answer, where there was one.
    """

    at: datetime
    actor_kind: ActorKind
    actor_id: str
    actor_name: str
    tenant_id: str | None
    action: str
    result: AuditResult
    target: Mapping[str, str] = field(default_factory=dict)
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    method: str = ""
    route: str = ""
    status: int | None = None
    code: str | None = None
    source_ip: str = ""
    request_id: str = ""
    id: str = ""


def without_secrets(entry: AuditEntry) -> AuditEntry:
    """The entry as it may be kept: secrets hidden, texts of callers cut."""
    return replace(
        entry,
        actor_id=entry.actor_id[:MAX_TEXT],
        actor_name=redact_text(entry.actor_name[:MAX_TEXT]),
        target={
            name[:MAX_TEXT]: "" if value is None else value
            for name, value in redacted({n: str(v)[:MAX_TEXT] for n, v in entry.target.items()}).items()
        },
        before=None if entry.before is None else redacted(entry.before),
        after=None if entry.after is None else redacted(entry.after),
    )


def difference(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Of both only what differs, by field and by the fields within; all of one where there is no other."""
    if before is None or after is None:
        return (None if before is None else dict(before), None if after is None else dict(after))
    was: dict[str, Any] = {name: value for name, value in before.items() if name not in after}
    now: dict[str, Any] = {name: value for name, value in after.items() if name not in before}
    for name in before.keys() & after.keys():
        old, new = before[name], after[name]
        if old == new:
            continue
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            old, new = difference(old, new)
        was[name], now[name] = old, new
    return was, now


def as_document(entry: AuditEntry) -> dict[str, Any]:
    """JSON-safe but for `at`, without the id: as it is stored, and as it is logged where it cannot be."""
    return {
        "at": entry.at,
        "actor_kind": entry.actor_kind.value,
        "actor_id": entry.actor_id,
        "actor_name": entry.actor_name,
        "tenant_id": entry.tenant_id,
        "action": entry.action,
        "result": entry.result.value,
        "target": dict(entry.target),
        "before": entry.before,
        "after": entry.after,
        "method": entry.method,
        "route": entry.route,
        "status": entry.status,
        "code": entry.code,
        "source_ip": entry.source_ip,
        "request_id": entry.request_id,
    }
