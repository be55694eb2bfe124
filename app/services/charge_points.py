"""Charge points: being known, connected, booted, and what their connectors do."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from app.domain.charge_point import (
    ChargePoint,
    ChargePointSecurity,
    Connection,
    Connector,
    Registration,
    with_connector,
)
from app.domain.context import CallContext, ChargePointRef
from app.domain.errors import AppError, Conflict, NotFound, Retryable
from app.domain.events import Event, EventChannel, event, status_event
from app.domain.tenant import Tenant
from app.services.batch import Batch, ConnectorChange
from app.services.ports import (
    ChargePointRepository,
    Clock,
    GatewayLink,
    LastSeen,
    OpenedConnection,
    Outbox,
    Page,
    PageRequest,
)

NO_FAULT = "NoError"
_ADMISSION_OF_UNKNOWN = {"pending": Registration.PENDING, "accept": Registration.ACCEPTED}


class ChargePointService:
    """Use cases of charge points."""

    def __init__(
        self,
        charge_points: ChargePointRepository,
        last_seen: LastSeen,
        outbox: Outbox,
        link: GatewayLink,
        clock: Clock,
    ) -> None:
        self._last_seen = last_seen
        self._charge_points = charge_points
        self._outbox = outbox
        self._link = link
        self._clock = clock

    def get(self, ref: ChargePointRef) -> ChargePoint:
        """Raises NotFound."""
        found = self._charge_points.find(ref)
        if found is None:
            raise NotFound(f"There is no charge point '{ref.charge_point_id}'.")
        return found

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[ChargePoint]:
        """A tenant's charge points in order of id."""
        return self._charge_points.list_page(tenant_id, page)

    def find_known(self, ref: ChargePointRef) -> ChargePoint | None:
        """Of exactly this identity, else the only one that differs in the case of letters alone (A4)."""
        return self.find_all_known(ref.tenant_id, [ref.charge_point_id])[ref.charge_point_id]

    def find_all_known(
        self, tenant_id: str, charge_point_ids: Iterable[str]
    ) -> dict[str, ChargePoint | None]:
        """The same of many, with one query as long as they are named to the letter."""
        exact = self._charge_points.find_many(tenant_id, charge_point_ids)
        in_any_case = self._charge_points.find_in_any_case
        return {
            asked: exact.get(asked) or in_any_case(ChargePointRef(tenant_id, asked))
            for asked in charge_point_ids
        }

    def newcomer(self, tenant: Tenant, charge_point_id: str) -> ChargePoint:
        """An unknown charge point as it will be once it is admitted; nothing is stored.

        Raises NotFound where the tenant refuses those (A5), and for an identity that REST could not name.
        """
        policy = tenant.configuration.unknown_charge_points
        if policy == "refuse" or "/" in charge_point_id:
            raise NotFound(f"There is no charge point '{charge_point_id}'.")
        security = ChargePointSecurity(tenant.configuration.security_profile)
        admission = _ADMISSION_OF_UNKNOWN[policy]
        return ChargePoint(tenant.id, charge_point_id, None, admission=admission, security=security)

    def admit(self, tenant: Tenant, charge_point_id: str) -> ChargePoint:
        """Let a charge point in that wants to connect, making it known where the tenant allows that.

        Raises NotFound (unknown and not accepted, A5) or QuotaExceeded.
        """
        known = self.find_known(ChargePointRef(tenant.id, charge_point_id))
        if known is not None:
            return known
        newcomer = self.newcomer(tenant, charge_point_id)
        self.register(tenant, charge_point_id, newcomer.admission)
        return newcomer

    def register(
        self, tenant: Tenant, charge_point_id: str, admission: Registration = Registration.ACCEPTED
    ) -> bool:
        """Make a charge point known; False if it was. Raises QuotaExceeded."""
        if self._charge_points.find(ChargePointRef(tenant.id, charge_point_id)) is not None:
            return False
        now = self._clock.now()
        security = ChargePointSecurity(tenant.configuration.security_profile)
        newcomer = ChargePoint(
            tenant.id, charge_point_id, None, created_at=now, admission=admission, security=security
        )
        return self._charge_points.insert(newcomer, tenant.configuration.max_charge_points)

    def open_connection(self, ref: ChargePointRef, gateway_id: str, connection_id: str) -> OpenedConnection:
        """Make this the charge point's only valid connection. Raises NotFound, Conflict (not the newest)."""
        ids = {ref.charge_point_id: connection_id}
        opened = self.open_connections(ref.tenant_id, gateway_id, ids)[ref.charge_point_id]
        if isinstance(opened, AppError):
            raise opened
        return opened

    def open_connections(
        self, tenant_id: str, gateway_id: str, connection_ids: Mapping[str, str]
    ) -> dict[str, OpenedConnection | NotFound | Conflict]:
        """Make these connections their charge points' only valid ones; for each what came of it.

        A connection that one replaces on another gateway is asked to close.
        """
        now = self._clock.now()
        found = self._charge_points.open_connections(tenant_id, gateway_id, connection_ids, now)
        result = {
            cp_id: _verdict(cp_id, wanted, found.get(cp_id)) for cp_id, wanted in connection_ids.items()
        }
        opened = {cp_id: one for cp_id, one in result.items() if isinstance(one, OpenedConnection)}
        if not opened:
            return result
        self._last_seen.forget(tenant_id, *opened)
        self._last_seen.touch(tenant_id, dict.fromkeys(opened, now))
        for cp_id, one in opened.items():
            if one.replaced is not None and one.replaced.gateway_id != gateway_id:
                self._link.close_replaced(
                    one.replaced.gateway_id, ChargePointRef(tenant_id, cp_id), one.epoch
                )
        self._publish_statuses([(one.charge_point, f"opened:{one.epoch}") for one in opened.values()])
        return result

    def disconnect(self, ref: ChargePointRef) -> ChargePoint:
        """Ask the gateway to close the connection, so that the charge point comes back. Answers its state
        before. Raises NotFound, Conflict (not connected)."""
        known = self.get(ref)
        if known.connection is None:
            raise Conflict(f"The charge point '{known.id}' is not connected.")
        self._link.close_replaced(known.connection.gateway_id, ref, known.connection.epoch + 1)
        return known

    def resume_connection(self, ref: ChargePointRef, connection: Connection) -> bool:
        """A gateway that was taken for dead still holds this connection; True if that was news."""
        restored = self._charge_points.restore_connection(ref, connection)
        if restored is None:
            return False
        self._last_seen.touch(ref.tenant_id, {ref.charge_point_id: self._clock.now()})
        self._publish_status(restored, f"resumed:{self._clock.order_key()}")
        return True

    def close_connection(self, ref: ChargePointRef, epoch: int) -> bool:
        """End a connection; False if a newer one has replaced it, which then is not touched."""
        closed = self._charge_points.close_connection(ref, epoch, self._clock.now())
        if closed is None:
            return False
        self._last_seen.forget(ref.tenant_id, ref.charge_point_id)
        self._publish_status(closed, f"closed:{epoch}")
        return True

    def record_status(self, batch: Batch, index: int, call: CallContext, changed: Connector) -> None:
        """Keep a connector's newest status and tell the world (B36-B38).

        A copy of the call that comes late finds a newer fence in the store and changes nothing.
        """
        charge_point = batch.charge_points.get(call.charge_point.charge_point_id)
        if charge_point is None or charge_point.status_fence > call.fence:
            return
        connectors = with_connector(charge_point.connectors, changed)
        charge_point = replace(charge_point, connectors=connectors, status_fence=call.fence)
        batch.charge_points[charge_point.id] = charge_point
        batch.connector_changes.append(ConnectorChange(index, call.charge_point, connectors, call.fence))
        batch.publish(
            index, [status_event(charge_point, call.received_at, f"status:{charge_point.id}:{call.fence}")]
        )
        if changed.error_code != NO_FAULT or changed.status == "Faulted":
            batch.publish(index, [_fault_event(call, changed)])

    def _publish_status(self, charge_point: ChargePoint, cause: str) -> None:
        self._publish_statuses([(charge_point, cause)])

    def _publish_statuses(self, changes: Sequence[tuple[ChargePoint, str]]) -> None:
        """Of one tenant, each with what caused it."""
        at, tenant_id = self._clock.now(), changes[0][0].tenant_id
        events = [status_event(one, at, f"status:{one.id}:{cause}") for one, cause in changes]
        self._outbox.append(tenant_id, events, self._clock.order_key())
        self._link.wake_relay(tenant_id)

    def mark_silent(self, ref: ChargePointRef, epoch: int) -> bool:
        """A charge point said nothing for too long: Offline, connectors stale; its socket stays."""
        changed = self._charge_points.mark_silent(ref, epoch, silent=True)
        if changed is None:
            return False
        self._last_seen.mark_silent(ref.tenant_id, ref.charge_point_id)
        self._publish_status(changed, f"silent:{self._clock.order_key()}")
        return True

    def hear(self, tenant_id: str, seen: Mapping[str, datetime]) -> None:
        """Note that these charge points spoke; one that was silent is online again at once.

        Raises Retryable; a charge point that is not marked now is marked when it speaks again.
        """
        waiting = sorted(self._last_seen.touch(tenant_id, seen))
        try:
            while waiting:
                self._mark_heard(ChargePointRef(tenant_id, waiting[-1]))
                waiting.pop()
        except Retryable:
            for charge_point_id in waiting:
                self._last_seen.mark_silent(tenant_id, charge_point_id)
            raise

    def _mark_heard(self, ref: ChargePointRef) -> None:
        known = self._charge_points.find(ref)
        if known is None or known.connection is None:
            return
        changed = self._charge_points.mark_silent(ref, known.connection.epoch, silent=False)
        if changed is not None:
            self._publish_status(changed, f"heard:{self._clock.order_key()}")


def _verdict(
    charge_point_id: str, connection_id: str, opened: OpenedConnection | None
) -> OpenedConnection | NotFound | Conflict:
    """What came of a connection that was to be opened."""
    if opened is None:
        return NotFound(f"There is no charge point '{charge_point_id}'.")
    connection = opened.charge_point.connection
    if connection is None or connection.connection_id != connection_id:
        return Conflict("A newer connection of this charge point came meanwhile.")
    return opened


def _fault_event(call: CallContext, connector: Connector) -> Event:
    data = {
        "connector_id": connector.id,
        "status": connector.status,
        "error_code": connector.error_code,
        "info": connector.info,
        "vendor_id": connector.vendor_id,
        "vendor_error_code": connector.vendor_error_code,
    }
    return event(
        EventChannel.FAULT,
        call.charge_point,
        event_type="fault",
        event_id=f"fault:{call.charge_point.charge_point_id}:{call.fence}",
        at=connector.last_update,
        data=data,
    )
