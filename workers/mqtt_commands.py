"""`python -m workers.mqtt_commands`: takes commands from MQTT.

A command is acknowledged to the broker after it was stored, so that a crash in between brings it again;
its `command_id` makes that harmless. What cannot be taken is answered on the responses topic.
"""

import queue
import threading
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import Any

import paho.mqtt.client as paho
import structlog

from app.domain.audit import ActorKind, AuditEntry, AuditResult
from app.domain.command import CommandRequest
from app.domain.context import ChargePointRef
from app.domain.errors import AppError, NotPermitted, Retryable
from app.domain.permissions import MQTT_PERMISSIONS
from app.domain.tenant import Tenant
from app.health import Role
from app.messaging import mqtt, topics
from app.metrics import MQTT_COMMANDS
from app.process import Process, on_stop_signal, start_process
from app.services.tenants import check_served
from workers.command_message import check_issued, command_id_in, read_command
from workers.command_shares import Claims, Share, shares_of
from workers.standby import Standby

log = structlog.stdlib.get_logger(__name__)
_RETRY_S = 1.0
_EMPTY_AFTER_TURNS = 12  # three seconds in which nothing came


class CommandListener:
    """Subscribes to all tenants' command topics and takes one message after the other, in order.

    The broker keeps the subscription under the installation's name, so that what is sent while no listener
    runs, or while one hands over to the next, is not lost. It may hold one of several shares of the commands.
    """

    def __init__(self, process: Process, share: Share | None = None) -> None:
        self._url = process.settings.mqtt.url
        self._services = process.services
        self._pulse = process.pulse
        self._share = share or Share(1, 1, Claims())
        self._standby = Standby(self._share.name("mqtt-commands"), process)
        self._inbox: queue.Queue[paho.MQTTMessage] = queue.Queue(maxsize=1000)
        self._stop = threading.Event()
        self._is_leaving = False
        self._group = f"ocpp-commands-{process.adapters.leases.installation_id()}"
        self._client = mqtt.build_client(
            self._url, self._share.name(self._group), persistent=True, manual_ack=True
        )
        self._client.on_connect = self._subscribe
        self._client.on_subscribe = self._subscribed
        self._client.on_message = self._receive

    def stop(self) -> None:
        """End after the present command."""
        self._stop.set()

    def run(self) -> None:
        """Until stopped. Without the lease: stand by, unconnected."""
        while not self._stop.is_set():
            if self._is_active():
                self._listen()
            else:
                self._stop.wait(_RETRY_S)
        try:
            self._standby.release()
        except Retryable as failure:
            log.warning("lease_not_released", reason=failure.message)

    def _is_active(self) -> bool:
        try:
            is_active = self._share.hold(self._standby)
        except Retryable as failure:
            log.warning("lease_unknown", reason=failure.message)
            self._pulse.beat(Role.WAITING)
            return False
        hears = Role.ACTIVE if self._client.is_connected() else Role.WAITING
        if self._share.speaks(is_active):
            self._pulse.beat(hears if is_active else Role.STANDBY)
        return is_active

    def _listen(self) -> None:
        """Take messages while the lease holds; paho makes the connection again whenever it breaks."""
        self._connect()
        self._is_leaving = False
        self._client.loop_start()
        quiet_turns = 0
        while not self._stop.is_set() and self._is_active():
            try:
                message = self._inbox.get(timeout=0.25)
            except queue.Empty:
                quiet_turns += self._client.is_connected()
                if self._share.is_left_over and quiet_turns > _EMPTY_AFTER_TURNS:
                    self._stop.set()
                continue
            quiet_turns = 0
            self._take(message)
        self._is_leaving = True
        self._client.disconnect()
        self._client.loop_stop()
        self._inbox = queue.Queue(maxsize=1000)  # not acknowledged: the broker sends these again

    def _connect(self) -> None:
        told = False
        while not self._stop.is_set():
            try:
                mqtt.connect(self._client, self._url)
            except OSError as failure:
                if not told:
                    log.warning("waiting_for_broker", reason=str(failure))
                    told = True
                self._pulse.beat(Role.WAITING)
                self._stop.wait(_RETRY_S)
            else:
                return

    def _subscribe(self, client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        """First the new way, then not the old one: what comes both ways is one command all the same."""
        if reason.is_failure:
            log.error("broker_refuses", reason=str(reason))
            return
        shared = topics.shared(topics.COMMANDS, self._group)
        if self._share.is_left_over:
            client.unsubscribe(shared)
            return
        topic, other = (shared, topics.COMMANDS) if self._share.of > 1 else (topics.COMMANDS, shared)
        client.subscribe(topic, qos=1)
        client.unsubscribe(other)

    def _subscribed(self, _client: Any, _data: Any, _mid: int, reasons: list[Any], _properties: Any) -> None:
        if any(reason.is_failure for reason in reasons):
            log.error("broker_refuses", reason="It does not let us subscribe to commands.")
        else:
            log.info("commands_subscribed", share=self._share.number)

    def _receive(self, _client: paho.Client, _userdata: Any, message: paho.MQTTMessage) -> None:
        while not self._is_leaving:  # else paho's thread would wait for room, and we for its end, for ever
            with suppress(queue.Full):
                self._inbox.put(message, timeout=0.25)
                return

    def _take(self, message: paho.MQTTMessage) -> None:
        """Work on a message until its outcome is stored; only then does the broker forget it."""
        while not self._stop.is_set():
            try:
                self._handle(message)
            except Retryable as failure:
                log.warning("command_waits", topic=message.topic, reason=failure.message)
                self._pulse.beat(Role.WAITING)
                self._stop.wait(_RETRY_S)
                continue
            except Exception:  # the edge: a message that breaks us must not come back for ever
                log.exception("command_broke", topic=message.topic)
                self._refuse_broken(message)
            self._client.ack(message.mid, message.qos)
            return

    def _refuse_broken(self, message: paho.MQTTMessage) -> None:
        ref = topics.charge_point_of_command(message.topic)
        if ref is None:
            return
        error = {"code": "invalid_input", "message": "The command cannot be read; is it nested too deeply?"}
        try:
            self._services.commands.refuse(ref, command_id_in(bytes(message.payload)), error)
        except Retryable as failure:
            log.error("refusal_not_stored", topic=message.topic, reason=failure.message)

    def _handle(self, message: paho.MQTTMessage) -> None:
        ref = topics.charge_point_of_command(message.topic)
        tenant = self._tenant_of(ref.tenant_id) if ref else None
        if ref is None or tenant is None:
            log.warning("command_for_unknown_tenant", topic=message.topic)
            return
        self._submit(tenant, ref, bytes(message.payload))

    def _tenant_of(self, tenant_id: str) -> Tenant | None:
        """One that was made a moment ago may not be known here yet: look once more. Raises Retryable."""
        directory = self._services.tenants.directory
        if directory.find(tenant_id) is None:
            directory.refresh()
        return directory.find(tenant_id)

    def _submit(self, tenant: Tenant, ref: ChargePointRef, payload: bytes) -> None:
        where = {"tenant_id": tenant.id, "charge_point_id": ref.charge_point_id}
        try:
            check_served(tenant)
            request = read_command(ref, payload)
            check_issued(request, self._services.clock.now())
            self._check_may_send(request)
            command = self._services.commands.submit(tenant, request)
        except Retryable:
            raise
        except AppError as refusal:
            error = {"code": refusal.code, "message": refusal.message, **refusal.context}
            self._services.commands.refuse(ref, command_id_in(payload), error)
            log.info("command_refused", reason=refusal.message, **where)
            self._record(ref, command_id_in(payload), refusal.code)
        else:
            log.info("command_taken", command_id=command.id, **where)
            self._record(ref, command.id, None)

    def _check_may_send(self, request: CommandRequest) -> None:
        """Raises NotPermitted, InvalidInput (no such command)."""
        permission = self._services.commands.permission_for(request)
        if permission not in MQTT_PERMISSIONS:
            raise NotPermitted(f"This cannot be sent over MQTT; over REST it takes {permission.value}.")

    def _record(self, ref: ChargePointRef, command_id: str | None, refused_with: str | None) -> None:
        """The broker does not say who published, only that they may write to this topic."""
        MQTT_COMMANDS.labels("taken" if refused_with is None else "refused").inc()
        self._services.audit.record(
            AuditEntry(
                self._services.clock.now(),
                ActorKind.MQTT,
                "mqtt",
                "mqtt",
                ref.tenant_id,
                "commands.send",
                AuditResult.DONE if refused_with is None else AuditResult.REFUSED,
                {"charge_point_id": ref.charge_point_id, "command_id": command_id or ""},
                code=refused_with,
            )
        )


def main() -> None:
    """Run until SIGTERM; what breaks one listener ends all."""
    process = start_process(needs=["mqtt"])
    listeners = [CommandListener(process, share) for share in shares_of(process.settings)]

    def stop() -> None:
        for listener in listeners:
            listener.stop()

    on_stop_signal(stop)
    with ThreadPoolExecutor(len(listeners)) as threads:
        runs = [threads.submit(listener.run) for listener in listeners]
        wait(runs, return_when=FIRST_EXCEPTION)
        stop()
    for run in runs:
        run.result()


if __name__ == "__main__":
    main()
