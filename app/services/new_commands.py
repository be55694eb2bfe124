"""What a request for a command becomes once the charge point is known: refused, or a command in the queue."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from app.domain.charge_point import ChargePoint, Registration
from app.domain.command import Command, CommandRequest, CommandStatus, without_secrets
from app.domain.errors import Conflict, Expired, NeedsForce
from app.services.ports import Asked, CommandKind


def check_registration(charge_point: ChargePoint, kind: CommandKind) -> None:
    """Pending: no remote start or stop; Rejected: nothing (A34, A35, C2). Raises Conflict."""
    if charge_point.registration is Registration.REJECTED:
        raise Conflict("The charge point's registration is rejected; it takes no commands.")
    if charge_point.registration is Registration.PENDING and not kind.allowed_while_pending:
        raise Conflict(f"The charge point's registration is pending; {kind.action} is not allowed yet.")


def check_concerns(concerns: Sequence[str], request: CommandRequest) -> None:
    """What may be a mistake is sent by force alone (C1, C10). Raises NeedsForce."""
    if concerns and not request.force:
        raise NeedsForce(
            f"{' '.join(concerns)} Send it with `force` to send it all the same.",
            problems={"force": list(concerns)},
        )


def expiry_of(request: CommandRequest, now: datetime, lifetime_s: float) -> datetime:
    """When it will not be sent any more. Raises Expired if that is past."""
    issued_at = min(request.issued_at or now, now)  # a caller's clock that is ahead prolongs nothing
    expires_at = issued_at + timedelta(seconds=lifetime_s)
    if expires_at <= now:
        raise Expired(
            "The command has expired before it came here.",
            problems={"timestamp": [f"Commands of this tenant expire after {lifetime_s:g} s."]},
        )
    return expires_at


def queued_command(
    request: CommandRequest,
    asked: Asked,
    action: str,
    payload: dict[str, Any],
    now: datetime,
    *,
    expires_at: datetime,
    timeout_s: float,
    warnings: Sequence[str],
) -> Command:
    """As it is first stored. The charge point's own time-out goes before `timeout_s`, its tenant's."""
    return Command(
        id=asked.command_id,
        tenant_id=asked.ref.tenant_id,
        charge_point_id=asked.ref.charge_point_id,
        command_type=request.command_type,
        action=action,
        parameters=without_secrets(asked.parameters),
        payload=payload,
        status=CommandStatus.QUEUED,
        created_at=now,
        expires_at=expires_at,
        timeout_s=float(asked.charge_point.settings.command_timeout_s or timeout_s),
        requested_by=request.requested_by,
        warnings=tuple(warnings),
        forced=request.force,
    )
