"""Security events: kept, listed, and told to the world where they are critical (B54, E3, E28)."""

import threading
from datetime import datetime
from typing import Protocol

import structlog

from app.domain.context import CallContext, ChargePointRef
from app.domain.errors import Retryable
from app.domain.events import Event, EventChannel, event
from app.domain.security_event import CRITICAL, EventSource, SecurityEvent
from app.domain.times import format_time
from app.services.batch import Batch
from app.services.ports import Clock, GatewayLink, Outbox, Page, PageRequest

log = structlog.stdlib.get_logger(__name__)
_MAX_TYPE, _MAX_INFO = 50, 255
_REMEMBERED = 10_000


class SecurityEventRepository(Protocol):
    """Security events of a tenant."""

    def insert(self, noticed: SecurityEvent) -> bool:
        """False if it is known already."""
        ...

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[SecurityEvent]:
        """Newest first, by `received_at`."""
        ...


class SecurityEventService:
    """Use cases of security events."""

    def __init__(
        self, events: SecurityEventRepository, outbox: Outbox, link: GatewayLink, clock: Clock
    ) -> None:
        self._events = events
        self._outbox = outbox
        self._link = link
        self._clock = clock
        self._lock = threading.Lock()
        self._noted: dict[tuple[ChargePointRef, str], int] = {}

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[SecurityEvent]:
        """Newest first."""
        return self._events.list_page(tenant_id, page)

    def record(
        self, batch: Batch, index: int, call: CallContext, kind: str, at: datetime, tech_info: str | None
    ) -> None:
        """A charge point notified an event. Any type is kept; a critical one is also published (B54)."""
        ref = call.charge_point
        noticed = SecurityEvent(
            id=f"security:{ref.charge_point_id}:{call.fence}",
            tenant_id=ref.tenant_id,
            charge_point_id=ref.charge_point_id,
            type=kind[:_MAX_TYPE],
            source=EventSource.CHARGE_POINT,
            critical=kind in CRITICAL,
            timestamp=at,
            received_at=call.received_at,
            tech_info=tech_info[:_MAX_INFO] if tech_info else None,
        )
        self._events.insert(noticed)
        if noticed.critical:
            batch.publish(index, [_published(noticed)])

    def note_own(self, ref: ChargePointRef, kind: str, detail: str, *, critical: bool = False) -> bool:
        """This system noticed something (E3, E23); True if it was kept.

        Of one charge point and type, one a minute is kept: who is refused comes again and again. Never
        raises: what was noticed has been dealt with.
        """
        now = self._clock.now()
        minute = int(now.timestamp() // 60)
        if not self._is_news(ref, kind, minute):
            return False
        noticed = SecurityEvent(
            id=f"noticed:{ref.charge_point_id}:{kind}:{minute}",
            tenant_id=ref.tenant_id,
            charge_point_id=ref.charge_point_id,
            type=kind,
            source=EventSource.CENTRAL_SYSTEM,
            critical=critical,
            timestamp=now,
            received_at=now,
            tech_info=detail[:_MAX_INFO],
        )
        try:
            return self._keep(noticed)
        except Retryable as failure:
            log.warning("security_event_not_kept", type=kind, detail=detail, reason=failure.message)
            return False

    def _keep(self, noticed: SecurityEvent) -> bool:
        if not self._events.insert(noticed):
            return False
        if noticed.critical:
            self._outbox.append(noticed.tenant_id, [_published(noticed)], self._clock.order_key())
            self._link.wake_relay(noticed.tenant_id)
        return True

    def _is_news(self, ref: ChargePointRef, kind: str, minute: int) -> bool:
        """A process remembers what it noted, so that a flood of refusals does not reach the store."""
        with self._lock:
            if self._noted.get((ref, kind)) == minute:
                return False
            if len(self._noted) >= _REMEMBERED:
                self._noted.clear()
            self._noted[(ref, kind)] = minute
            return True


def _published(noticed: SecurityEvent) -> Event:
    ref = ChargePointRef(noticed.tenant_id, noticed.charge_point_id)
    data = {
        "type": noticed.type,
        "source": noticed.source.value,
        "tech_info": noticed.tech_info,
        "received_at": format_time(noticed.received_at),
    }
    return event(
        EventChannel.FAULT,
        ref,
        event_type="security_event",
        event_id=noticed.id,
        at=noticed.timestamp,
        data=data,
    )
