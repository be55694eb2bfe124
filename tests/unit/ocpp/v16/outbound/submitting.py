"""Commands that keep state, as they are taken and as the charge point answers them."""

from typing import Any

import pytest

from app.domain.command import NO_ANSWER, Command, CommandRequest, CommandStatus, Outcome
from app.domain.errors import NeedsForce
from tests.unit.ocpp.conftest import Station


def submit(
    station: Station,
    command_type: str,
    parameters: dict[str, Any],
    *,
    force: bool = False,
    command_id: str | None = None,
) -> Command:
    """Taken for the station."""
    tenant = station.world.services.tenants.get(station.ref.tenant_id)
    request = CommandRequest(
        station.ref, command_type, parameters, "tests", command_id=command_id, force=force
    )
    return station.world.services.commands.submit(tenant, request)


def doubts(station: Station, command_type: str, parameters: dict[str, Any]) -> list[str]:
    """Why it is not taken without force."""
    with pytest.raises(NeedsForce) as refused:
        submit(station, command_type, parameters)
    return list(refused.value.problems["force"])


def answer(station: Station, command: Command, **payload: Any) -> None:
    """A CallResult."""
    station.world.services.commands.complete(station.ref, command.id, payload)


def refuse(station: Station, command: Command, code: str) -> None:
    """A CallError."""
    outcome = Outcome(CommandStatus.FAILED, error={"code": code, "message": "no", "details": {}})
    station.world.services.commands.fail(station.ref, command.id, outcome)


def end(station: Station, command: Command, status: str | None) -> None:
    """A CallResult of nothing but this status; None is no answer in time."""
    if status is None:
        station.world.services.commands.fail(station.ref, command.id, NO_ANSWER)
    else:
        answer(station, command, status=status)


def sent(station: Station) -> list[tuple[str, dict[str, Any]]]:
    """What went out, in order."""
    return [(delivery.action, delivery.payload) for _, delivery in station.world.link.delivered]


def follow_up(station: Station, command: Command, step: str) -> Command:
    """The command that the end of `command` called for. Raises NotFound."""
    return station.world.services.commands.get(station.ref.tenant_id, f"{command.id}.{step}")
