"""`python -m workers.events`: carries events from the outbox to MQTT, in order, at least once.

One relay works at a time, by lease; others stand by. An entry is removed after the broker has acknowledged
all its events and what webhooks want of them is stored, so a crash in between repeats events and never loses
one. Whoever looks at live events gets them too; there one may be lost.
"""

import threading
import time
from collections.abc import Sequence

import structlog

from app.domain.errors import Retryable
from app.domain.tenant import Tenant
from app.health import Role
from app.messaging.mqtt import MqttPublisher
from app.process import Process, on_stop_signal, start_process
from app.services.ports import OutboxEntry
from workers.standby import Standby

log = structlog.stdlib.get_logger(__name__)
_LOOK_EVERY_S = 2.0
_WAKE_TIMEOUT_S = 0.5
_ENTRIES_AT_ONCE = 100
_PAUSE_AFTER_FAILURE_S = 0.5


class Relay:
    """Empties every tenant's outbox for as long as it holds the lease."""

    def __init__(self, process: Process) -> None:
        self._services = process.services
        self._pulse = process.pulse
        self._link = process.adapters.link
        self._standby = Standby("outbox-relay", process)
        self._publisher = MqttPublisher(process.settings.mqtt.url, f"ocpp-events-{self._standby.holder}")
        self._stop = threading.Event()
        self._look_at = 0.0
        self._is_down = False

    def stop(self) -> None:
        """End after the present entries."""
        self._stop.set()

    def run(self) -> None:
        """Until stopped. Whatever fails is tried again."""
        while not self._stop.is_set():
            try:
                self._turn()
                self._is_down = False
            except Retryable as failure:
                if not self._is_down:
                    log.warning("relay_waits", reason=failure.message)
                self._is_down = True
                self._pulse.beat(Role.WAITING)
                self._standby.doubt()
                self._stop.wait(_PAUSE_AFTER_FAILURE_S)
        self._publisher.close()
        try:
            self._standby.release()
        except Retryable as failure:
            log.warning("lease_not_released", reason=failure.message)

    def _turn(self) -> None:
        if not self._standby.is_active():
            self._pulse.beat(Role.STANDBY)
            self._stop.wait(1.0)
            return
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + _LOOK_EVERY_S
            self._drain_all()
        woken = self._wait()
        if woken is not None:
            self._drain(woken)
        self._pulse.beat(Role.ACTIVE)

    def _drain_all(self) -> None:
        """Every tenant in turn; one whose events do not get through must not keep the others waiting."""
        failure: Retryable | None = None
        for tenant_id in self._services.tenants.directory.ids():
            try:
                self._drain(tenant_id)
            except Retryable as failed:
                log.warning("outbox_not_drained", tenant_id=tenant_id, reason=failed.message)
                failure = failed
        if failure is not None:
            self._look_at = 0.0
            raise failure

    def _wait(self) -> str | None:
        """A tenant with news. Without Redis there is none: then the outboxes are looked at in turn."""
        try:
            return self._link.wait_for_wake(_WAKE_TIMEOUT_S)
        except Retryable:
            self._stop.wait(0.1)
            self._look_at = 0.0
            return None

    def _drain(self, tenant_id: str) -> None:
        """Raises Retryable. What nobody can read keeps its own tenant's events waiting, and no other's."""
        try:
            self._empty(tenant_id)
        except Retryable:
            raise
        except Exception:  # the edge: it is looked at again every few seconds
            log.exception("outbox_broke", tenant_id=tenant_id)

    def _empty(self, tenant_id: str) -> None:
        while not self._stop.is_set() and self._standby.is_active():
            entries = self._services.outbox.head(tenant_id, _ENTRIES_AT_ONCE)
            self._pulse.beat(self._pulse.role)  # a backlog takes its time
            if not entries:
                return
            tenant = self._services.tenants.directory.find(tenant_id)
            if tenant is None:
                return  # too new to be known here, and looked at soon; or gone with all that is its own
            self._publish(tenant, entries)
            self._services.outbox.remove(tenant_id, [entry.id for entry in entries])
            if len(entries) < _ENTRIES_AT_ONCE:
                return  # whatever came meanwhile has sent its own wake

    def _publish(self, tenant: Tenant, entries: Sequence[OutboxEntry]) -> None:
        wanted = tenant.configuration
        events = [event for entry in entries for event in entry.events]
        self._publisher.publish(events, qos=wanted.mqtt_qos, retain_status=wanted.mqtt_retain_status)
        self._services.webhooks.take(tenant.id, entries)
        try:
            self._services.live_feed.publish(tenant.id, events)
        except Exception:  # the edge of a side path: nobody waits for live events
            log.exception("live_events_lost", tenant_id=tenant.id)


def main() -> None:
    """Run until SIGTERM."""
    process = start_process(needs=["mqtt"])
    relay = Relay(process)
    on_stop_signal(relay.stop)
    log.info("relay_ready")
    relay.run()


if __name__ == "__main__":
    main()
