"""Commands: an operator's wish that becomes an outgoing Call."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from app.domain.configuration_keys import is_secret
from app.domain.context import ChargePointRef

MAX_ID_LENGTH = 128


class CommandStatus(StrEnum):
    """Life of a command: queued -> sent -> one of the rest; queued -> expired.

    timed_out: the connection held, and no answer came in time. unknown_outcome: the connection, or the
    gateway that held it, was gone before an answer could come (A24).
    """

    QUEUED = "queued"
    SENT = "sent"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    UNKNOWN_OUTCOME = "unknown_outcome"
    EXPIRED = "expired"

    @property
    def is_final(self) -> bool:
        """Nothing changes any more, except that a late answer may be noted beside it (A25)."""
        return self not in (CommandStatus.QUEUED, CommandStatus.SENT)

    @property
    def leaves_it_open(self) -> bool:
        """It was sent, and nobody knows whether the charge point did it."""
        return self in (CommandStatus.TIMED_OUT, CommandStatus.UNKNOWN_OUTCOME)


@dataclass(frozen=True, slots=True)
class Command:
    """A command and what became of it. `parameters` are as the caller gave them.

    `follow_ups` are the ids of the commands that its end called for.
    """

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
    warnings: tuple[str, ...] = ()
    forced: bool = False
    follow_ups: tuple[str, ...] = ()

    @property
    def charge_point(self) -> ChargePointRef:
        """Whom it is for."""
        return ChargePointRef(self.tenant_id, self.charge_point_id)


HIDDEN = "[hidden]"


def without_secrets(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """As `parameters`, but a key that only the charge point may know is not shown or kept (A01.FR.08).

    It is hidden wherever it stands within: charge points list it among their configuration.
    """
    hidden = {name: hide_secrets(value) for name, value in parameters.items()}
    if is_secret(str(parameters.get("key", ""))) and "value" in parameters:
        hidden["value"] = HIDDEN
    return hidden


def hide_secrets(value: Any) -> Any:
    """The same for any JSON."""
    if isinstance(value, Mapping):
        return without_secrets(value)
    return [hide_secrets(inner) for inner in value] if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class CommandRequest:
    """What a caller asks for. `issued_at` is the caller's own time; expiry counts from it.

    `force` sends also what looks like a mistake.
    """

    charge_point: ChargePointRef
    command_type: str
    parameters: Mapping[str, Any]
    requested_by: str
    command_id: str | None = None
    issued_at: datetime | None = None
    expires_in_s: float | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended, as its action judges the charge point's answer."""

    status: CommandStatus
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None


EXPIRED = Outcome(
    CommandStatus.EXPIRED,
    error={"code": "expired", "message": "The charge point was not reached before the command expired."},
)
NO_ANSWER = Outcome(
    CommandStatus.TIMED_OUT,
    error={"code": "outcome_unknown", "message": "The charge point did not answer in time."},
)
CONNECTION_LOST = Outcome(
    CommandStatus.UNKNOWN_OUTCOME,
    error={"code": "outcome_unknown", "message": "The connection ended before the charge point answered."},
)
GATEWAY_LOST = Outcome(
    CommandStatus.UNKNOWN_OUTCOME,
    error={"code": "outcome_unknown", "message": "The gateway that sent it never told what became of it."},
)
HELD_UP = "It was held up: the way to the charge point's gateway was broken. It goes out when that is mended."
"""The warning of such a command; while it is queued, the sweep tries again."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A command that the end of another one calls for: the next part of a list, a second try.

    `step` makes its id: the same end, told twice, makes the same follow-up.
    """

    step: str
    command_type: str
    parameters: Mapping[str, Any]

    def id_after(self, command_id: str) -> str:
        """The follow-up's own id. However long a chain gets, ids stay short."""
        told = f"{command_id}.{self.step}"
        if len(told) <= MAX_ID_LENGTH:
            return told
        digest = hashlib.blake2b(told.encode(), digest_size=12).hexdigest()
        return f"{command_id.partition('.')[0][: MAX_ID_LENGTH // 2]}.{digest}"


def is_overdue(command: Command, now: datetime, grace_s: float) -> bool:
    """Queued and past its expiry, or sent and past its time-out and grace."""
    if command.status is CommandStatus.QUEUED:
        return command.expires_at <= now
    due = (command.sent_at or command.created_at) + timedelta(seconds=command.timeout_s + grace_s)
    return due <= now
