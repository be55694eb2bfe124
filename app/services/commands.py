"""Commands: taken from REST and MQTT alike, delivered one at a time, followed to their end."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

import structlog

from app.domain.charge_point import ChargePoint
from app.domain.command import (
    EXPIRED,
    GATEWAY_LOST,
    HELD_UP,
    Command,
    CommandRequest,
    CommandStatus,
    Outcome,
    is_overdue,
    without_secrets,
)
from app.domain.context import ChargePointRef
from app.domain.errors import AppError, Conflict, NotFound, Retryable
from app.domain.events import refused_command_event, response_event
from app.domain.features import check_feature
from app.domain.permissions import Permission
from app.domain.tenant import Tenant
from app.services.keepers import Keepers
from app.services.new_commands import check_concerns, check_registration, expiry_of, queued_command
from app.services.ports import (
    Asked,
    ChargePointRepository,
    Clock,
    CommandDelivery,
    CommandRepository,
    GatewayLink,
    Outbox,
    Page,
    PageRequest,
    ProtocolCatalog,
)

log = structlog.stdlib.get_logger(__name__)
_OPEN = (CommandStatus.QUEUED, CommandStatus.SENT)
_SENT_GRACE_S = 15.0  # a gateway that lives has told by then that no answer came


class CommandService:
    """Use cases of commands; the only way in, for REST and MQTT."""

    def __init__(
        self,
        commands: CommandRepository,
        charge_points: ChargePointRepository,
        outbox: Outbox,
        link: GatewayLink,
        catalog: ProtocolCatalog,
        keepers: Keepers,
        clock: Clock,
    ) -> None:
        self._keepers = keepers
        self._commands = commands
        self._charge_points = charge_points
        self._outbox = outbox
        self._link = link
        self._catalog = catalog
        self._clock = clock

    def get(self, tenant_id: str, command_id: str) -> Command:
        """Raises NotFound."""
        command = self._commands.find(tenant_id, command_id)
        if command is None:
            raise NotFound(f"There is no command '{command_id}'.")
        return command

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Command]:
        """Newest first."""
        return self._commands.list_page(tenant_id, page)

    def permission_for(self, request: CommandRequest) -> Permission:
        """What sending this takes, whichever door it comes through. Raises InvalidInput (no such command)."""
        kind = self._catalog.command_kind(request.command_type)
        changes_security = kind.changes_security(request.parameters)
        return Permission.SECURITY_MANAGE if changes_security else Permission.COMMANDS_SEND

    def submit(self, tenant: Tenant, request: CommandRequest) -> Command:
        """Take a command and send it on its way if the charge point is connected.

        The same `command_id` again gives the command that exists. Raises InvalidInput, NotFound (charge
        point), Conflict (registration does not allow it, C2; the id belongs to another command), NeedsForce,
        FeatureDisabled.
        """
        known = self._find_same(tenant.id, request)
        if known is not None:
            return known
        check_feature(tenant.configuration.features, self._catalog.command_kind(request.command_type).action)
        configuration = tenant.configuration
        lifetime_s = request.expires_in_s or configuration.command_expiry_s
        return self._take(request, lifetime_s, float(configuration.command_timeout_s))

    def _take(self, request: CommandRequest, lifetime_s: float, timeout_s: float) -> Command:
        kind = self._catalog.command_kind(request.command_type)
        charge_point = self._charge_points.find(request.charge_point)
        if charge_point is None:
            raise NotFound(f"There is no charge point '{request.charge_point.charge_point_id}'.")
        check_registration(charge_point, kind)
        command_id = request.command_id or f"cmd-{uuid4()}"
        asked = Asked(charge_point, command_id, request.parameters)
        asked = replace(asked, parameters=kind.complete(asked, self._keepers))
        payload = kind.build_payload(asked.parameters)
        concerns = kind.concerns(asked, payload, self._keepers)
        check_concerns(concerns, request)
        now = self._clock.now()
        command = queued_command(
            request,
            asked,
            kind.action,
            payload,
            now,
            expires_at=expiry_of(request, now, lifetime_s),
            timeout_s=timeout_s,
            warnings=concerns,
        )
        events = [response_event(command, command.created_at)]
        if not self._commands.insert(command, events, self._clock.order_key()):
            same = replace(request, command_id=command_id)
            return self._find_same(command.tenant_id, same) or self.get(command.tenant_id, command.id)
        kind.taken(command, self._keepers)
        self._link.wake_relay(command.tenant_id)
        newest = self._charge_points.find(request.charge_point)  # it may have connected meanwhile
        return self._deliver(newest or charge_point, command)

    def _find_same(self, tenant_id: str, request: CommandRequest) -> Command | None:
        """The command that this request has made already. A repeated id must mean a repeated command."""
        if request.command_id is None:
            return None
        known = self._commands.find(tenant_id, request.command_id)
        if known is None:
            return None
        asked = without_secrets(request.parameters)
        given = {name: known.parameters.get(name) for name in asked}
        if (known.charge_point, known.command_type, given) != (
            request.charge_point,
            request.command_type,
            asked,
        ):
            raise Conflict(f"Another command has the id '{known.id}'.")
        return known

    def deliver_waiting(self, tenant_id: str, charge_point_ids: Iterable[str]) -> int:
        """Send charge points that have just connected what waits for them; answers how many."""
        waiting = self._commands.waiting(tenant_id, charge_point_ids)
        owners = {command.charge_point.charge_point_id for command in waiting}
        known = self._charge_points.find_many(tenant_id, owners) if owners else {}
        delivered = [command for command in waiting if command.charge_point.charge_point_id in known]
        for command in delivered:
            self._deliver(known[command.charge_point.charge_point_id], command)
        return len(delivered)

    def _deliver(self, charge_point: ChargePoint, command: Command) -> Command:
        """Hand over to the gateway that holds the connection; without one the command waits for the next.

        Where the way to the gateway is broken, perhaps after it took the command, that is noted and the sweep
        tries again; the gateway sends none twice.
        """
        connection = charge_point.connection
        if connection is None:
            return command
        delivery = CommandDelivery(
            command.charge_point,
            connection.epoch,
            command.id,
            command.action,
            command.payload,
            command.expires_at,
            command.timeout_s,
        )
        try:
            self._link.deliver(connection.gateway_id, delivery)
        except Retryable as failure:
            log.warning("command_held_up", command_id=command.id, reason=failure.message)
            return self._note_held_up(command)
        return command

    def _note_held_up(self, command: Command) -> Command:
        if HELD_UP in command.warnings:
            return command
        held_up = replace(command, warnings=(*command.warnings, HELD_UP))
        self._commands.move(held_up, (CommandStatus.QUEUED,), [], self._clock.order_key())
        return held_up

    def mark_sent(self, ref: ChargePointRef, command_id: str, at: datetime) -> None:
        """The Call is on the wire."""
        command = self._commands.find(ref.tenant_id, command_id)
        if command is None or command.status is not CommandStatus.QUEUED:
            return
        sent = replace(
            command, status=CommandStatus.SENT, sent_at=at, payload=without_secrets(command.payload)
        )
        self._move(sent, (CommandStatus.QUEUED,))

    def complete(self, ref: ChargePointRef, command_id: str, answer: Mapping[str, Any]) -> None:
        """The charge point answered with a CallResult."""
        command = self._commands.find(ref.tenant_id, command_id)
        if command is None or command.charge_point_id != ref.charge_point_id:
            return
        outcome = self._catalog.command_kind(command.action).judge(answer)
        if command.status.is_final:
            self._commands.note_late_answer(ref.tenant_id, command_id, without_secrets(answer))
            if command.status.leaves_it_open:  # what it did, it did (A25)
                self._keep(command, outcome)
        else:
            self._end(command, outcome, _OPEN)

    def fail(self, ref: ChargePointRef, command_id: str, outcome: Outcome) -> None:
        """The command ended otherwise: CallError, no answer in time, connection lost, expired."""
        command = self._commands.find(ref.tenant_id, command_id)
        if command is None or command.charge_point_id != ref.charge_point_id or command.status.is_final:
            return
        self._end(command, outcome, _OPEN)

    def sweep(self, tenant_id: str) -> int:
        """End what waited too long, and what was sent and never heard of again; answers how many ended.

        What was held up on its way to the gateway is tried again.
        """
        return sum(self._sweep_one(command) for command in self._commands.list_open(tenant_id))

    def _sweep_one(self, command: Command) -> bool:
        waits = command.status is CommandStatus.QUEUED
        held_up = waits and HELD_UP in command.warnings
        try:
            if is_overdue(command, self._clock.now(), _SENT_GRACE_S):
                self._end(command, EXPIRED if waits else GATEWAY_LOST, (command.status,))
                return True
            if held_up and (known := self._charge_points.find(command.charge_point)):
                self._deliver(known, command)
        except Retryable:
            raise
        except Exception:  # the edge: a command that breaks must not keep the others open
            log.exception("command_not_swept", command_id=command.id)
        return False

    def _end(self, command: Command, outcome: Outcome, came_from: Sequence[CommandStatus]) -> None:
        ended = replace(
            command,
            payload=without_secrets(command.payload),
            status=outcome.status,
            result=outcome.result,
            error=outcome.error,
            completed_at=self._clock.now(),
        )
        self._move(replace(ended, follow_ups=self._keep(command, outcome)), came_from)

    def _keep(self, command: Command, outcome: Outcome) -> tuple[str, ...]:
        """Before the command moves: should we die in between, it is told again, and nothing is kept twice.

        Answers the ids of what follows.
        """
        kind = self._catalog.command_kind(command.action)
        lifetime_s = (command.expires_at - command.created_at).total_seconds()
        requests = [
            CommandRequest(
                command.charge_point,
                follow_up.command_type,
                follow_up.parameters,
                command.requested_by,
                command_id=follow_up.id_after(command.id),
                force=True,
            )
            for follow_up in kind.ended(command, outcome, self._keepers)
        ]
        taken = [self._follow(request, lifetime_s, command.timeout_s) for request in requests]
        return tuple(follower.id for follower in taken if follower is not None)

    def _follow(self, request: CommandRequest, lifetime_s: float, timeout_s: float) -> Command | None:
        """None if it cannot be taken, which must not keep its cause from ending."""
        try:
            known = self._find_same(request.charge_point.tenant_id, request)
            return known or self._take(request, lifetime_s, timeout_s)
        except Retryable:
            raise
        except AppError as refusal:
            log.warning("follow_up_not_taken", command_id=request.command_id, reason=refusal.message)
            return None

    def _move(self, command: Command, came_from: Sequence[CommandStatus]) -> None:
        events = [response_event(command, self._clock.now())]
        if self._commands.move(command, came_from, events, self._clock.order_key()):
            self._link.wake_relay(command.tenant_id)

    def refuse(self, ref: ChargePointRef, command_id: str | None, error: dict[str, Any]) -> None:
        """Tell the sender of an MQTT command why it was not taken."""
        key = self._clock.order_key()
        told = refused_command_event(ref, command_id, error, self._clock.now(), f"refused:{key}")
        self._outbox.append(ref.tenant_id, [told], key)
        self._link.wake_relay(ref.tenant_id)
