"""The batch store in memory."""

from app.domain.context import ChargePointRef
from app.domain.errors import Retryable
from app.domain.meter import energy_wh
from app.domain.session import EnergyValue
from app.domain.tenant import Tenant
from app.services.batch import Batch, BatchNeeds, Exchange
from tests.fakes.charge_points import FakeChargePointRepository
from tests.fakes.deviations import FakeDeviationRepository
from tests.fakes.id_tags import FakeIdTagRepository
from tests.fakes.meter_values import FakeMeterValueRepository
from tests.fakes.outbox import FakeOutbox
from tests.fakes.sessions import FakeSessionRepository


class FakeBatchStore:
    """`BatchStore` over the other fakes.

    Put an exception into `failing` under a call's number to let that call's writes fail, or set
    `reachable` to False to lose the server.
    """

    def __init__(
        self,
        charge_points: FakeChargePointRepository,
        sessions: FakeSessionRepository,
        id_tags: FakeIdTagRepository,
        outbox: FakeOutbox,
        deviations: FakeDeviationRepository,
        meter_values: FakeMeterValueRepository,
    ) -> None:
        self._meter_values = meter_values
        self._deviations = deviations
        self._charge_points = charge_points
        self._sessions = sessions
        self._id_tags = id_tags
        self._outbox = outbox
        self.meter_records = meter_values.records
        self.exchanges: list[Exchange] = []
        self.failing: dict[int, Exception] = {}
        self.reachable = True

    def load(self, tenant: Tenant, needs: BatchNeeds) -> Batch:
        """Everything the calls need that exists."""
        self._check()
        batch = Batch(tenant)
        for charge_point_id in needs.charge_points:
            charge_point = self._charge_points.find(ChargePointRef(tenant.id, charge_point_id))
            if charge_point is not None:
                batch.charge_points[charge_point_id] = charge_point
        for key in needs.id_tags:
            tag = self._id_tags.find(tenant.id, key)
            if tag is not None:
                batch.id_tags[key] = tag
        for transaction_id in needs.transactions:
            session = self._sessions.find_by_transaction(tenant.id, transaction_id)
            if session is not None:
                batch.sessions[transaction_id] = session
        for transaction_id in needs.ending & batch.sessions.keys():
            ending = batch.sessions[transaction_id]
            batch.energy[ending.id] = self._sessions.energy_values(ending)
        for need in batch.lost(needs):
            ref = ChargePointRef(tenant.id, need.charge_point_id)
            batch.nearby_sessions[need.charge_point_id] = self._sessions.around(ref, need.oldest)
        return batch

    def flush(self, batch: Batch) -> dict[int, Exception]:
        """Write all but what belongs to the calls in `failing`; like the real one it never raises."""
        if not self.reachable:
            return dict.fromkeys(_calls_that_write(batch), Retryable("The database cannot be reached."))
        self._write_readings(batch)
        self._write_sessions(batch)
        for change in batch.connector_changes:
            if change.call not in self.failing:
                self._charge_points.set_connectors(change.charge_point, change.connectors, change.fence)
        for boot in batch.boots:
            if boot.call not in self.failing:
                told = (boot.registration, boot.boot, boot.received_at, boot.fence)
                self._charge_points.record_boot(boot.charge_point, *told)
        self.exchanges.extend(batch.exchanges)
        self._deviations.add(batch)
        events = [event for call, event in batch.events if call not in self.failing]
        self._outbox.append(batch.tenant.id, events, batch.order_key)
        return dict(self.failing)

    def _write_sessions(self, batch: Batch) -> None:
        for change in batch.begun:
            if change.call in self.failing:
                continue
            if not self._sessions.insert(change.session, change.events, batch.order_key):
                known = self._sessions.find_by_start_key(batch.tenant.id, change.session.start_key or "")
                if known is not None:
                    batch.repeated[change.call] = known
        for change in batch.completed:
            if change.call not in self.failing:
                self._sessions.complete(change.session, change.events, batch.order_key)

    def _write_readings(self, batch: Batch) -> None:
        for record in batch.meter_records:
            if record.call in self.failing:
                continue
            self._meter_values.append(batch.tenant.id, record)
            register = energy_wh(record.reading.sampled_values)
            if register is not None:
                value = EnergyValue(record.reading.timestamp, register)
                self._sessions.add_energy(batch.tenant.id, record.owner, [value])
        for late in batch.late_energy:
            if late.call not in self.failing:
                self._sessions.add_late_energy(batch.tenant.id, late)

    def _check(self) -> None:
        if not self.reachable:
            raise Retryable("The database cannot be reached.")


def _calls_that_write(batch: Batch) -> list[int]:
    calls = {record.call for record in batch.meter_records} | {late.call for late in batch.late_energy}
    calls |= {change.call for change in batch.connector_changes} | {call for call, _ in batch.events}
    calls |= {boot.call for boot in batch.boots}
    calls |= {change.call for change in (*batch.begun, *batch.completed)}
    return sorted(calls)
