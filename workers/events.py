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
from app.metrics import EVENT_SECONDS, EVENTS
from app.process import Process, on_stop_signal, start_process
from app.services.ports import OutboxEntry
from app.tracing import span, start_tracing
from workers.standby import Standby
from workers.turns import tenants_of_turn

log = structlog.stdlib.get_logger(__name__)
_LOOK_EVERY_S = 2.0
_WAKE_TIMEOUT_S = 0.5
_NO_TIME_S = 0.001
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
        self._look_at, self._look_at_all, self._looks = 0.0, True, 0
        self._to_visit: dict[str, None] = {}  # in order
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
        """One tenant that has news, and one that is looked at without: neither starves the other."""
        if not self._standby.is_active():
            self._pulse.beat(Role.STANDBY)
            self._stop.wait(1.0)
            return
        self._publisher.keep_alive()
        self._look_around()
        failure: Retryable | None = None
        for tenant_id in self._next():
            try:
                self._drain(tenant_id)
            except Retryable as failed:
                log.warning("outbox_not_drained", tenant_id=tenant_id, reason=failed.message)
                failure = failed
        if failure is not None:
            self._look_at, self._look_at_all = 0.0, True
            raise failure
        self._pulse.beat(Role.ACTIVE)

    def _next(self) -> list[str]:
        woken = self._wait()
        tenant_ids = [woken] if woken is not None else []
        if woken in self._to_visit:
            del self._to_visit[woken]
        if self._to_visit:
            tenant_ids.append(next(iter(self._to_visit)))
            del self._to_visit[tenant_ids[-1]]
        return tenant_ids

    def _look_around(self) -> None:
        """What woke nobody is found by visiting: all tenants when wakes may be lost, else some in turn."""
        if time.monotonic() < self._look_at:
            return
        tenants: Sequence[Tenant] = self._services.tenants.directory.all()
        if not self._look_at_all:
            self._looks += 1
            tenants = tenants_of_turn(tenants, _LOOK_EVERY_S, self._looks)
        self._look_at, self._look_at_all = time.monotonic() + _LOOK_EVERY_S, False
        self._to_visit.update(dict.fromkeys(tenant.id for tenant in tenants))

    def _wait(self) -> str | None:
        """A tenant with news. Without Redis there is none: then all outboxes are looked at."""
        try:
            return self._link.wait_for_wake(_NO_TIME_S if self._to_visit else _WAKE_TIMEOUT_S)
        except Retryable:
            if not self._to_visit:
                self._stop.wait(0.1)
                self._look_at, self._look_at_all = 0.0, True
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
        """So far as goes at once; who has more than that gets in line again."""
        entries = self._services.outbox.head(tenant_id, _ENTRIES_AT_ONCE)
        tenant = self._services.tenants.directory.find(tenant_id)
        if not entries or tenant is None:
            return  # too new to be known here, and looked at soon; or gone with all that is its own
        with span("publish", (entry.trace for entry in entries), tenant=tenant_id, entries=len(entries)):
            self._publish(tenant, entries)
        self._services.outbox.remove(tenant_id, [entry.id for entry in entries])
        if len(entries) == _ENTRIES_AT_ONCE:  # whatever came meanwhile has sent its own wake
            self._to_visit[tenant_id] = None

    def _publish(self, tenant: Tenant, entries: Sequence[OutboxEntry]) -> None:
        wanted = tenant.configuration
        events = [event for entry in entries for event in entry.events]
        self._publisher.publish(events, qos=wanted.mqtt_qos, retain_status=wanted.mqtt_retain_status)
        EVENTS.inc(len(events))
        now = time.time()
        for entry in entries:
            EVENT_SECONDS.observe(max(0.0, now - entry.order_key / 1_000_000))
        self._services.webhooks.take(tenant.id, entries)
        try:
            self._services.live_feed.publish(tenant.id, events)
        except Exception:  # the edge of a side path: nobody waits for live events
            log.exception("live_events_lost", tenant_id=tenant.id)


def main() -> None:
    """Run until SIGTERM."""
    process = start_process(needs=["mqtt"])
    start_tracing(process.settings.tracing, "events")
    relay = Relay(process)
    on_stop_signal(relay.stop)
    log.info("relay_ready")
    relay.run()


if __name__ == "__main__":
    main()
