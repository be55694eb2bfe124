"""Every call that would change something is on record before its answer leaves, whether it did or not.

Of what can be read at the address of a change, or of the thing it belongs to, the state before and after is
recorded: as readers are shown it, which is without secrets, and only what differs. Bodies are never recorded.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson
from flask import Flask, Response, current_app, g, request

from app.api.caller import Caller
from app.api.current import services
from app.api.representations import representation_at
from app.domain.audit import ActorKind, AuditEntry, AuditResult, difference
from app.domain.errors import AppError, NotFound
from app.domain.user import Role, User
from app.logs import get_logger
from app.services.rate_limits import Limit

_CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_CHANGES_STATE = frozenset({"PUT", "PATCH", "DELETE"})
_API, _TENANTS = "/api/v1/", "/api/v1/tenants"
_ANYBODY = "auth"
"""The blueprint whose failures are on record although nobody could show who they are."""
_REPLAYED = "Idempotent-Replayed"
_IDS = ("id", "command_id")
_MAX_RECORDED_FLOOD = 10
_MAX_STATE_BYTES = 64 * 1024

_log = get_logger(__name__)


def audit_requests(app: Flask) -> None:
    """Register the hook."""
    app.after_request(_record)


def audit_target(**ids: str) -> None:
    """What this request is about, beside the ids in its address."""
    g.setdefault("audit_target", {}).update(ids)


def note_state_before() -> None:
    """Of what this request may change. Comes before the view, within its tenant."""
    if request.method in _CHANGES_STATE:
        for path in (request.path, request.path.rpartition("/")[0]):
            state = _state_at(path)
            if state is not None:
                g.audit_before = path, state
                return


def _state_at(path: str) -> dict[str, Any] | None:
    """None if it cannot be read: an entry without states is better than none."""
    try:
        return representation_at(path)
    except AppError as failure:
        _log.warning("state not read for the audit log", route=_route(), reason=failure.message)
        return None


def _change(response: Response) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """What differs between before and now."""
    if response.status_code >= 400:
        return None, None
    path, before = g.get("audit_before", (response.headers.get("Location"), None))
    after = _state_at(urlsplit(path).path) if path is not None else None
    was, now = difference(before, after)
    return _sized(was), _sized(now)


def _sized(state: dict[str, Any] | None) -> dict[str, Any] | None:
    """A document has no room for everything."""
    size = len(orjson.dumps(state, default=str))
    return state or None if size <= _MAX_STATE_BYTES else {"too_large": size}


def audit_actor(user: User) -> None:
    """Who a request without an access token turned out to be."""
    g.audit_actor = Caller(user.id, user.role, user.tenant_id, name=user.email)


def _record(response: Response) -> Response:
    if request.method in _CHANGES and request.path.startswith(_API) and _REPLAYED not in response.headers:
        try:
            _record_call(response)
        except Exception:  # the edge: whatever breaks here must not cost an answer to what is done already
            _log.exception("audit entry not made", route=_route(), status=response.status_code)
            services().audit.note_failure()
    return response


def _record_call(response: Response) -> None:
    caller: Caller | None = g.get("caller") or g.get("audit_actor")
    if caller is None and (request.blueprint != _ANYBODY or response.status_code in (404, 405, 429)):
        return
    if caller is not None and response.status_code == 429 and not _is_worth_recording(caller):
        return
    attempted = _attempted_user() if caller is None else None
    tenant_id = _tenant_id(caller, attempted)
    on_platform_too = caller is not None and caller.role is Role.PLATFORM_ADMIN and _is_about_tenants()
    services().audit.record(_entry(response, caller, attempted, tenant_id), on_platform_too=on_platform_too)


def _entry(
    response: Response,
    caller: Caller | None,
    attempted: tuple[str, User | None] | None,
    tenant_id: str | None,
) -> AuditEntry:
    before, after = _change(response)
    body = response.get_json(silent=True) if response.is_json and not response.is_streamed else None
    shown = body if isinstance(body, dict) else {}
    if caller is not None:
        kind, actor_id, name = ActorKind(caller.kind), caller.user_id, caller.name
    else:
        name, user = attempted or ("", None)
        kind, actor_id = ActorKind.ANONYMOUS, user.id if user is not None else ""
    return AuditEntry(
        at=services().clock.now(),
        actor_kind=kind,
        actor_id=actor_id,
        actor_name=name,
        tenant_id=tenant_id,
        action=_action(),
        result=_result(response.status_code),
        target=_target(response.status_code, shown),
        before=before,
        after=after,
        method=request.method,
        route=_route(),
        status=response.status_code,
        code=shown.get("code") if response.status_code >= 400 else None,
        source_ip=request.remote_addr or "",
        request_id=g.get("request_id", ""),
    )


def _is_worth_recording(caller: Caller) -> bool:
    """Of a flood that is refused, a few a minute tell enough."""
    (allowance,) = services().rate_limiter.take([Limit("audit", caller.user_id, _MAX_RECORDED_FLOOD)])
    return allowance.is_granted


def _result(status: int) -> AuditResult:
    if status < 400:
        return AuditResult.DONE
    return AuditResult.REFUSED if status < 500 else AuditResult.FAILED


def _action() -> str:
    """The permission that it takes, or the name of a view that takes none."""
    view = current_app.view_functions.get(request.endpoint or "")
    permission = getattr(view, "permission", None)
    return permission.value if permission is not None else str(request.endpoint)


def _route() -> str:
    return request.url_rule.rule if request.url_rule is not None else ""


def _target(status: int, shown: Mapping[str, Any]) -> dict[str, str]:
    """Ids: of the address, of what the view named, and of what was made."""
    target = {name: str(value) for name, value in (request.view_args or {}).items()}
    if status < 400:
        target |= {name: shown[name] for name in _IDS if isinstance(shown.get(name), str)}
    given: dict[str, str] = g.get("audit_target", {})
    return target | given


def _is_about_tenants() -> bool:
    return _route().startswith(_TENANTS)


def _attempted_user() -> tuple[str, User | None]:
    """Whom a login that failed names, and whether there is such a user."""
    body = request.get_json(silent=True)
    body = body if isinstance(body, dict) else {}
    email, tenant_id = body.get("email"), body.get("tenant_id")
    if not isinstance(email, str) or "@" not in email:  # maybe a password in the wrong field
        return "", None
    return email, services().users.find_by_email(email, tenant_id if isinstance(tenant_id, str) else None)


def _tenant_id(caller: Caller | None, attempted: tuple[str, User | None] | None) -> str | None:
    """In whose log it belongs: nobody else's than the caller's own, but for platform admins.

    Only a tenant that exists has a log; writing would bring back the database of one that is gone.
    """
    if caller is None:
        user = attempted[1] if attempted is not None else None
        named = user.tenant_id if user is not None else None
    elif caller.role is Role.PLATFORM_ADMIN:
        named = g.tenant.id if "tenant" in g else _named_in_address()
    else:
        named = caller.tenant_id
    return named if named is not None and _exists(named) else None


def _named_in_address() -> str | None:
    """The tenant that a platform admin changes, or has just made."""
    if not _is_about_tenants():
        return None
    named = (request.view_args or {}).get("tenant_id") or g.get("audit_target", {}).get("tenant_id")
    return str(named) if named is not None else None


def _exists(tenant_id: str) -> bool:
    if services().tenants.directory.find(tenant_id) is not None:
        return True
    try:
        services().tenants.get(tenant_id)
    except NotFound:
        return False
    except AppError:  # the store is away: the entry will meet the same, and end in the log
        return True
    return True
