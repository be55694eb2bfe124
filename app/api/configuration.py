"""The configuration of charge points over HTTP: what is known of it, reading it anew, changing it."""

import time
from dataclasses import asdict
from typing import Any

from app.api.blueprint import Blueprint, also_answers, problems
from app.api.commands import check_may_send, request_for, submit
from app.api.current import equipment, services
from app.api.permissions import requires
from app.api.schemas.command import WaitQuery
from app.api.schemas.configuration import (
    ChangeConfigurationSchema,
    ChangedConfigurationSchema,
    ChargePointConfigurationSchema,
    ReadConfigurationSchema,
)
from app.api.tenancy import charge_point_ref, current_tenant, known_charge_point_ref
from app.domain.command import Command, CommandRequest
from app.domain.configuration import ConfigurationMirror
from app.domain.errors import InvalidInput, NeedsForce
from app.domain.permissions import Permission

configuration = Blueprint(
    "configuration",
    __name__,
    url_prefix="/api/v1/chargepoints/<charge_point_id>/configuration",
    description="Configuration keys of charge points.",
)


@configuration.get("")
@requires(Permission.CHARGE_POINTS_READ)
@configuration.answers(200, ChargePointConfigurationSchema, "What is known.")
def get_configuration(charge_point_id: str) -> dict[str, Any]:
    """Show a charge point's configuration

    As it last told of it; the charge point is not asked. Keys whose value waits for a reset say so.
    """
    return _shown(charge_point_id)


@configuration.post("/read")
@requires(Permission.COMMANDS_SEND)
@configuration.query(WaitQuery)
@configuration.body(ReadConfigurationSchema, required=False)
@configuration.answers(
    202, ChargePointConfigurationSchema, "The charge point is being asked; what is known so far."
)
@also_answers(200, ChargePointConfigurationSchema, "It has answered.")
@problems(400, 409, 415)
def read_configuration(
    query: dict[str, float], body: dict[str, Any], charge_point_id: str
) -> tuple[dict[str, Any], int]:
    """Ask a charge point for its configuration

    For all keys, or for those named. More keys than it takes at once are asked for in turn. With `wait`
    the answer is held until the last of them is answered.
    """
    parameters = {"key": body["keys"]} if "keys" in body else {}
    request = request_for(charge_point_ref(charge_point_id), "GetConfiguration", parameters, body)
    ends_at = time.monotonic() + query["wait"]
    first, status, _ = submit(request, query["wait"])
    last = _follow_to_the_end(first, ends_at)
    return _shown(charge_point_id, first.id), 202 if not last.status.is_final else status


@configuration.patch("")
@requires(Permission.COMMANDS_SEND)
@configuration.query(WaitQuery)
@configuration.body(ChangeConfigurationSchema)
@configuration.answers(202, ChangedConfigurationSchema, "The commands are taken.")
@also_answers(200, ChangedConfigurationSchema, "All of them have ended.")
@problems(400, 409, 415)
def change_configuration(
    query: dict[str, float], body: dict[str, Any], charge_point_id: str
) -> tuple[dict[str, Any], int]:
    """Change a charge point's configuration

    One command for each key, in the order given. A key that cannot be sent, or that takes `force`, does
    not keep the others back: its result says `not_taken`. If none can be sent, the first reason is
    the answer.
    """
    ref = known_charge_point_ref(charge_point_id)
    requests = {
        key: request_for(ref, "ChangeConfiguration", {"key": key, "value": value}, body)
        for key, value in body["values"].items()
    }
    for request in requests.values():  # before any of them is sent
        check_may_send(request)
    taken = [(key, _send(request)) for key, request in requests.items()]
    refusals = [refusal for _, refusal in taken if not isinstance(refusal, Command)]
    if len(refusals) == len(taken):
        raise refusals[0]
    ends_at = time.monotonic() + query["wait"]
    results = [(key, _wait_for(sent, ends_at) if isinstance(sent, Command) else sent) for key, sent in taken]
    open_ones = [sent for _, sent in results if isinstance(sent, Command) and not sent.status.is_final]
    return {"results": [_result(key, sent) for key, sent in results]}, 202 if open_ones else 200


def _send(request: CommandRequest) -> Command | InvalidInput | NeedsForce:
    try:
        return services().commands.submit(current_tenant(), request)
    except (InvalidInput, NeedsForce) as refusal:
        return refusal


def _result(key: str, sent: Command | InvalidInput | NeedsForce) -> dict[str, Any]:
    if not isinstance(sent, Command):
        error = {"code": sent.code, "message": sent.message, "errors": dict(sent.problems)}
        return {"key": key, "command_id": None, "status": "not_taken", "result": None, "error": error}
    known = {name: getattr(sent, name) for name in ("status", "result", "error", "warnings")}
    return {"key": key, "command_id": sent.id, **known}


def _wait_for(command: Command, ends_at: float) -> Command:
    left_s = ends_at - time.monotonic()
    return equipment().waiting.until_final(
        command, left_s, lambda: services().commands.get(command.tenant_id, command.id)
    )


def _follow_to_the_end(command: Command, ends_at: float) -> Command:
    """The last of the commands that the first one made; each is there when the one before has ended."""
    while command.follow_ups:
        command = _wait_for(services().commands.get(command.tenant_id, command.follow_ups[0]), ends_at)
    return command


def _shown(charge_point_id: str, command_id: str | None = None) -> dict[str, Any]:
    """Raises NotFound."""
    ref = charge_point_ref(charge_point_id)
    charge_point, mirror = services().charge_points.get(ref), services().keepers.configuration.mirror(ref)
    keys = [
        asdict(key) | {"reset_needed": key.waits_for_reset(charge_point.last_boot)}
        for key in mirror.keys.values()
    ]
    return {
        "charge_point_id": charge_point.id,
        "read_at": mirror.read_at,
        "reported_at": max((key.reported_at for key in mirror.keys.values()), default=None),
        "reset_needed": any(key["reset_needed"] for key in keys),
        "keys": sorted(keys, key=lambda key: str(key["key"]).casefold()),
        "unknown_keys": sorted(mirror.unknown),
        "refused": _refused(mirror),
        "command_id": command_id,
    }


def _refused(mirror: ConfigurationMirror) -> list[dict[str, Any]]:
    return [asdict(refusal) | {"key": key} for key, refusal in sorted(mirror.refused.items())]
