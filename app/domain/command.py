"""Commands: an operator's wish that becomes an outgoing Call."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.domain.context import ChargePointRef


class CommandStatus(StrEnum):
    """Life of a command: queued -> sent -> one of the rest; queued -> expired or failed."""

    QUEUED = "queued"
    SENT = "sent"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    EXPIRED = "expired"

    @property
    def is_final(self) -> bool:
        """Nothing changes any more, except that a late answer may be noted beside it (A25)."""
        return self not in (CommandStatus.QUEUED, CommandStatus.SENT)


@dataclass(frozen=True, slots=True)
class Command:
    """A command and what became of it. `parameters` are as the caller gave them."""

    id: str
    tenant_id: str
    charge_point_id: str
    command_type: str
    action: str
    parameters: dict[str, Any]
    payload: dict[str, Any]
    status: CommandStatus
    created_at: datetime
    expires_at: datetime
    timeout_s: float
    requested_by: str
    sent_at: datetime | None = None
    completed_at: datetime | None = None
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    warnings: tuple[str, ...] = field(default=())

    @property
    def charge_point(self) -> ChargePointRef:
        """Whom it is for."""
        return ChargePointRef(self.tenant_id, self.charge_point_id)


HIDDEN = "[hidden]"
_SECRET_KEYS = frozenset({"authorizationkey"})


def without_secrets(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """As `parameters`, but a key that only the charge point may know is not shown or kept (A01.FR.08)."""
    if str(parameters.get("key", "")).casefold() in _SECRET_KEYS and "value" in parameters:
        return {**parameters, "value": HIDDEN}
    return dict(parameters)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended, as its action judges the charge point's answer."""

    status: CommandStatus
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
