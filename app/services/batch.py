"""A batch of calls of one tenant while it is worked on: what was read for it, what it will write.

State transitions are written at once by their services. Appends and last values are collected here and
written together before any reply leaves (design section 3). Each write remembers the call it belongs to,
so that one failing write fails one call.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.domain.charge_point import ChargePoint, Connector, Registration
from app.domain.context import CallContext, ChargePointRef
from app.domain.events import Event
from app.domain.id_tag import IdTag
from app.domain.meter import Attribution, MeterReading
from app.domain.session import EnergyValue, Session
from app.domain.tenant import Tenant


@dataclass(frozen=True, slots=True)
class ReadingsNeed:
    """Readings of a charge point that name this transaction, or none.

    Where that is no transaction of the charge point, its sessions since `oldest` are read as well.
    """

    charge_point_id: str
    transaction_id: int | None
    oldest: datetime


@dataclass(slots=True)
class BatchNeeds:
    """What the calls of a batch want to read, gathered before the first is handled.

    `ending`: transactions that are to stop; their readings are wanted as well.
    """

    charge_points: set[str] = field(default_factory=set)
    id_tags: set[str] = field(default_factory=set)
    transactions: set[int] = field(default_factory=set)
    ending: set[int] = field(default_factory=set)
    readings: list[ReadingsNeed] = field(default_factory=list)

    def add(self, other: "BatchNeeds") -> None:
        """Take in another call's needs."""
        self.charge_points |= other.charge_points
        self.id_tags |= other.id_tags
        self.transactions |= other.transactions
        self.ending |= other.ending
        self.readings += other.readings


@dataclass(frozen=True, slots=True)
class MeterRecord:
    """A reading to append. `owner` is a session's id, or the connector where no session is known.

    `attributed` says how the session was found; None where there is none.
    """

    call: int
    owner: str
    charge_point: ChargePointRef
    connector_id: int | None
    transaction_id: int | None
    reading: MeterReading
    digest: str
    received_at: datetime
    attributed: Attribution | None = None


@dataclass(frozen=True, slots=True)
class SessionChange:
    """A session that began, or was completed, and the events that tell of it: stored both or neither."""

    call: int
    session: Session
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class LateEnergy:
    """Register readings that reached a session after its end.

    Where that end is `estimated`, a later reading moves it.
    """

    call: int
    session_id: str
    values: tuple[EnergyValue, ...]
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class ConnectorChange:
    """A charge point's connectors as of the call with this fence."""

    call: int
    charge_point: ChargePointRef
    connectors: tuple[Connector, ...]
    fence: int


@dataclass(frozen=True, slots=True)
class BootRecord:
    """What a BootNotification told: see `ChargePointRepository.record_boot`."""

    call: int
    charge_point: ChargePointRef
    registration: Registration
    boot: Mapping[str, Any]
    received_at: datetime
    fence: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """A frame and its answer, for the message log. `direction` is seen from the central system."""

    charge_point: ChargePointRef
    direction: str
    action: str
    unique_id: str
    received_at: datetime
    request: str
    response: str


@dataclass(slots=True)
class Batch:
    """Reads and collected writes of one tenant's calls. Used by one thread.

    `repeated` is found when the batch is written: sessions that the starts of these calls had begun before.
    """

    tenant: Tenant
    order_key: int = 0
    charge_points: dict[str, ChargePoint] = field(default_factory=dict)
    id_tags: dict[str, IdTag] = field(default_factory=dict)
    sessions: dict[int, Session] = field(default_factory=dict)
    nearby_sessions: dict[str, list[Session]] = field(default_factory=dict)
    energy: dict[str, tuple[EnergyValue, ...]] = field(default_factory=dict)
    begun: list[SessionChange] = field(default_factory=list)
    completed: list[SessionChange] = field(default_factory=list)
    repeated: dict[int, Session] = field(default_factory=dict)
    meter_records: list[MeterRecord] = field(default_factory=list)
    late_energy: list[LateEnergy] = field(default_factory=list)
    connector_changes: list[ConnectorChange] = field(default_factory=list)
    boots: list[BootRecord] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    events: list[tuple[int, Event]] = field(default_factory=list)
    seen: dict[str, datetime] = field(default_factory=dict)
    deviations: dict[str, Counter[str]] = field(default_factory=dict)

    @property
    def session_changes(self) -> list[SessionChange]:
        """What began, then what was completed."""
        return [*self.begun, *self.completed]

    def session_of(self, charge_point_id: str, transaction_id: int | None) -> Session | None:
        """The charge point's own session of this number; another's is none (B46)."""
        session = self.sessions.get(transaction_id) if transaction_id is not None else None
        return session if session is not None and session.charge_point_id == charge_point_id else None

    def lost(self, needs: BatchNeeds) -> list[ReadingsNeed]:
        """Of the readings that calls bring, those whose transaction is none of their charge point's."""
        return [r for r in needs.readings if self.session_of(r.charge_point_id, r.transaction_id) is None]

    def saw(self, context: CallContext) -> None:
        """Note that the charge point was heard."""
        charge_point_id = context.charge_point.charge_point_id
        known = self.seen.get(charge_point_id)
        if known is None or context.received_at > known:
            self.seen[charge_point_id] = context.received_at

    def deviated(self, charge_point_id: str, deviations: Iterable[str]) -> None:
        """Count breaches of the standard that a charge point was forgiven."""
        for deviation in deviations:
            self.deviations.setdefault(charge_point_id, Counter())[deviation] += 1

    def publish(self, call: int, events: Iterable[Event]) -> None:
        """Let `events` leave with the batch, unless the call's other writes fail."""
        self.events.extend((call, event) for event in events)
