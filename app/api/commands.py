"""Commands over HTTP: taken at once, followed by their id or by waiting."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask import url_for

from app.api.blueprint import Blueprint, also_answers, problems
from app.api.caller import current_caller
from app.api.current import equipment, services
from app.api.paging import page_request
from app.api.permissions import check, requires
from app.api.schemas.command import (
    CommandPageSchema,
    CommandQuery,
    CommandSchema,
    EffectSchema,
    NewCommandSchema,
    WaitQuery,
)
from app.api.tenancy import charge_point_ref, current_tenant
from app.domain.command import Command, CommandRequest
from app.domain.context import ChargePointRef
from app.domain.permissions import Permission
from app.ocpp.effects import find_effect
from app.services.ports import Page
from app.tracing import note

commands = Blueprint("commands", __name__, url_prefix="/api/v1", description="Commands to charge points.")


@commands.post("/chargepoints/<charge_point_id>/commands")
@requires(Permission.COMMANDS_SEND)
@commands.query(WaitQuery)
@commands.body(NewCommandSchema)
@commands.answers(202, CommandSchema, "The command is taken; its address is in Location.")
@also_answers(200, CommandSchema, "The command has ended.")
@problems(400, 409, 415)
def send_command(
    query: dict[str, float], body: dict[str, Any], charge_point_id: str
) -> tuple[Command, int, dict[str, str]]:
    """Send a command

    The command goes to the charge point as soon as it is connected and has answered the one before, and
    expires if that takes too long. With `wait` the answer is held until the command has ended (200) or
    the time is up (202). How it ended is in `status`: accepted, rejected, failed, timed_out,
    unknown_outcome or expired. While the way to its gateway is broken, it stays queued, and `warnings`
    says so.
    """
    ref = charge_point_ref(charge_point_id)
    return submit(request_for(ref, body["command_type"], body["parameters"], body), query["wait"])


@commands.get("/commands")
@requires(Permission.COMMANDS_READ)
@commands.query(CommandQuery)
@commands.answers(200, CommandPageSchema, "A page of commands.")
def list_commands(query: dict[str, Any]) -> Page[Command]:
    """List commands

    Newest first.
    """
    return services().commands.list_page(current_tenant().id, page_request(query))


@commands.get("/commands/<command_id>")
@requires(Permission.COMMANDS_READ)
@commands.answers(200, CommandSchema, "The command.")
def get_command(command_id: str) -> Command:
    """Show a command

    And what became of it.
    """
    return services().commands.get(current_tenant().id, command_id)


@commands.get("/commands/<command_id>/effect")
@requires(Permission.COMMANDS_READ)
@commands.answers(200, EffectSchema, "What was seen of it.")
def get_effect(command_id: str) -> dict[str, Any]:
    """Show what came of a command

    `accepted` says that the charge point will try. This looks into the message log for the proof: the
    StartTransaction of a remote start, the StopTransaction of a remote stop, the boot after a reset, the
    status after a change of availability, the message that was triggered. It must have come within ten
    minutes; `seen_at` is null where it did not, and for commands whose answer is all there is.
    """
    command = services().commands.get(current_tenant().id, command_id)
    effect = find_effect(command, services().messages)
    unseen = {"seen_at": None, "what": None, "message_id": None}
    return {"command_id": command.id} | (asdict(effect) if effect else unseen)


def request_for(
    ref: ChargePointRef, command_type: str, parameters: Mapping[str, Any], options: Mapping[str, Any] = {}
) -> CommandRequest:
    """A command that the caller asks for. Of `options`, which may be a whole body or query, count
    `command_id`, `expires_in` and `force`."""
    return CommandRequest(
        charge_point=ref,
        command_type=command_type,
        parameters=parameters,
        requested_by=current_caller().user_id,
        command_id=options.get("command_id"),
        expires_in_s=options.get("expires_in"),
        force=options.get("force", False),
    )


def check_may_send(request: CommandRequest) -> None:
    """What changes keys, profiles or certificates takes its own permission, whichever way it is sent.

    Raises NotPermitted, InvalidInput (no such command).
    """
    permission = services().commands.permission_for(request)
    if permission is not Permission.COMMANDS_SEND:  # that, or its noun's own, was asked for at the door
        check(current_caller(), permission)


def submit(request: CommandRequest, wait_s: float) -> tuple[Command, int, dict[str, str]]:
    """Take a command, wait for its end if asked to, and answer it: 200 if it has ended, else 202."""
    check_may_send(request)
    tenant = current_tenant()
    command = services().commands.submit(tenant, request)
    ref = request.charge_point
    note("command_submitted", command=command.id, type=command.command_type, to=ref.charge_point_id)
    command = equipment().waiting.until_final(
        command, wait_s, lambda: services().commands.get(tenant.id, command.id)
    )
    status = 200 if command.status.is_final else 202
    return command, status, {"Location": url_for("commands.get_command", command_id=command.id)}
