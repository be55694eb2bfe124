"""What the use cases need from the outside, as Protocols. `app.bootstrap` picks the adapters.

Every method of a tenant's store takes the tenant first (or a `ChargePointRef`, which carries it), so that
a query without a tenant cannot be written. Adapters raise `Retryable` when a server fails and nothing else.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from app.domain.charge_point import ChargePoint, Connection, Registration
from app.domain.command import Command, CommandStatus, FollowUp, Outcome
from app.domain.context import ChargePointRef
from app.domain.events import Event
from app.domain.id_tag import IdTag
from app.domain.session import EnergyValue, Session
from app.domain.tenant import Tenant
from app.domain.user import User
from app.services.batch import Batch, BatchNeeds

if TYPE_CHECKING:
    from app.services.keepers import Keepers

T = TypeVar("T")


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """Aware UTC, cut to milliseconds."""
        ...

    def order_key(self) -> int:
        """Microseconds since 1970, strictly rising in this process: the order of events."""
        ...


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list; `next_cursor` is None on the last."""

    items: tuple[T, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page: `cursor` as a former page gave it; `filters` are exact matches by field."""

    limit: int = 50
    cursor: str | None = None
    filters: Mapping[str, Any] | None = None


class TenantRepository(Protocol):
    """All tenants of the installation."""

    def version(self) -> int:
        """Rises with every change of any tenant; cheap, asked every second."""
        ...

    def all(self) -> list[Tenant]: ...

    def find(self, tenant_id: str) -> Tenant | None: ...

    def insert(self, tenant: Tenant) -> None:
        """Store a new tenant and prepare its database. Conflict if id or a prefix is taken."""
        ...

    def replace(self, tenant: Tenant) -> None:
        """Store a changed tenant."""
        ...

    def prepare(self) -> None:
        """Create all indexes, of the platform and of every tenant; safe to repeat."""
        ...


class UserRepository(Protocol):
    """People, of all tenants."""

    def find_by_email(self, email: str) -> User | None: ...

    def find(self, user_id: str) -> User | None: ...

    def insert(self, user: User) -> None:
        """Conflict if the email is taken."""
        ...

    def set_password_hash(self, user_id: str, password_hash: str) -> None: ...


@dataclass(frozen=True, slots=True)
class OpenedConnection:
    """A charge point's state with its new connection, and the connection it replaced."""

    charge_point: ChargePoint
    replaced: Connection | None


class ChargePointRepository(Protocol):
    """Charge points of a tenant."""

    def find(self, ref: ChargePointRef) -> ChargePoint | None: ...

    def find_many(self, tenant_id: str, charge_point_ids: Iterable[str]) -> dict[str, ChargePoint]:
        """By id, with one query; those that do not exist are missing."""
        ...

    def find_in_any_case(self, ref: ChargePointRef) -> ChargePoint | None:
        """The only one whose identity differs in the case of letters alone; None if several do (A4)."""
        ...

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[ChargePoint]:
        """In order of id. Filters: `registration`, `admission`, `model`, `vendor`, `connected`, and `prefix`
        of the id."""
        ...

    def count(self, tenant_id: str) -> int: ...

    def insert(self, charge_point: ChargePoint) -> bool:
        """False if it was there already."""
        ...

    def open_connection(
        self, ref: ChargePointRef, gateway_id: str, connection_id: str, at: datetime
    ) -> OpenedConnection | None:
        """Give the charge point a new connection with the next epoch; None if it is unknown."""
        ...

    def restore_connection(self, ref: ChargePointRef, connection: Connection) -> ChargePoint | None:
        """Note again a connection that was taken for closed; None if it is noted, or a newer one is."""
        ...

    def close_connection(self, ref: ChargePointRef, epoch: int, at: datetime) -> ChargePoint | None:
        """End the connection of `epoch`; None if another one has taken its place."""
        ...

    def record_boot(
        self,
        ref: ChargePointRef,
        registration: Registration,
        boot: Mapping[str, Any],
        at: datetime,
        fence: int,
    ) -> bool:
        """Keep what a BootNotification told: inventory, time, verdict and intervals.

        False if there is no such charge point, or if a newer boot (of a higher `fence`) is kept already.
        """
        ...

    def delete(self, ref: ChargePointRef) -> bool:
        """False if there was none."""
        ...

    def change(self, ref: ChargePointRef, changes: Mapping[str, Any]) -> ChargePoint | None:
        """Set fields of `ChargePoint`; None if there is none.

        Of `settings`, `security`, `wanted_availability` and `ratings` only the inner fields given are set.
        """
        ...

    def connected(self, tenant_id: str, gateway_id: str | None = None) -> Iterable[ChargePoint]:
        """All with an open connection, or only those on one gateway."""
        ...

    def mark_silent(self, ref: ChargePointRef, epoch: int, *, silent: bool) -> ChargePoint | None:
        """Note that the connection of `epoch` went silent, or spoke again; None if nothing changed."""
        ...

    def copy_last_seen(self, tenant_id: str, seen: Mapping[str, datetime]) -> None:
        """Keep the newest time each charge point was heard."""
        ...


class SessionRepository(Protocol):
    """Sessions of a tenant."""

    def next_transaction_id(self, tenant_id: str) -> int:
        """Unique in the tenant, 1 to 2147483647."""
        ...

    def find(self, tenant_id: str, session_id: str) -> Session | None:
        """With its energy values so far."""
        ...

    def find_by_start_key(self, tenant_id: str, start_key: str) -> Session | None: ...

    def find_by_stop_key(self, ref: ChargePointRef, stop_key: str) -> Session | None:
        """The session that this stop was matched to."""
        ...

    def active_with_tag(self, tenant_id: str, id_tag_key: str) -> list[Session]:
        """Without their energy values."""
        ...

    def active_on(self, ref: ChargePointRef) -> list[Session]:
        """A charge point's running sessions, without their energy values."""
        ...

    def active(self, tenant_id: str) -> Iterable[Session]:
        """All that run, in no order, without their energy values. Meant for sweeps."""
        ...

    def is_confirmed(self, session: Session) -> bool:
        """Has the charge point spoken of the session by its transaction id?"""
        ...

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Session]:
        """Newest start first. Filters besides fields: `from_at` and `to_at` (begun at this instant or later,
        before that one), and `needs_review` (has notes, or has none)."""
        ...

    def insert(self, session: Session, events: Sequence[Event], order_key: int) -> bool:
        """Session and events, both or neither; False if its start key is known already."""
        ...

    def complete(self, session: Session, events: Sequence[Event], order_key: int) -> bool:
        """Write the stop side and events, both or neither; False if it was completed before."""
        ...

    def mark_faulted(self, tenant_id: str, faulted: Sequence[tuple[Session, Event]], order_key: int) -> int:
        """Store these ends of sessions, each with its event, both or neither, unless the session has ended
        meanwhile. One write for all; answers how many it were."""
        ...

    def note_review(self, session: Session, note: str) -> None:
        """Add a note, once."""
        ...

    def energy_values(self, session: Session) -> tuple[EnergyValue, ...]:
        """The register's readings received so far, in order of time."""
        ...


class IdTagRepository(Protocol):
    """Id tags of a tenant, by their look-up form."""

    def find(self, tenant_id: str, key: str) -> IdTag | None: ...

    def find_many(self, tenant_id: str, keys: Iterable[str]) -> dict[str, IdTag]:
        """Those that are known, by key."""
        ...

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[IdTag]:
        """In order of key. Filters: `parent_key`, `blocked`, and `prefix` of the key."""
        ...

    def each(self, tenant_id: str, filters: Mapping[str, Any] | None = None) -> Iterator[IdTag]:
        """All of a list, one after the other, in order of key."""
        ...

    def insert(self, tenant_id: str, tag: IdTag) -> bool:
        """False if its key is known."""
        ...

    def put(self, tenant_id: str, tag: IdTag) -> None:
        """Insert or replace; one that is known keeps its `created_at`."""
        ...

    def insert_many(self, tenant_id: str, tags: Sequence[IdTag]) -> None:
        """Insert those whose key is not known; the others stay as they are."""
        ...

    def put_many(self, tenant_id: str, tags: Sequence[IdTag]) -> None:
        """As `put`, for many at once."""
        ...

    def change(self, tenant_id: str, key: str, changes: Mapping[str, Any]) -> IdTag | None:
        """Set fields of `IdTag`; None if there is none."""
        ...

    def remove(self, tenant_id: str, key: str) -> bool:
        """False if there was none."""
        ...


class CommandRepository(Protocol):
    """Commands of a tenant."""

    def insert(self, command: Command, events: Sequence[Event], order_key: int) -> bool:
        """False if a command of this id exists."""
        ...

    def find(self, tenant_id: str, command_id: str) -> Command | None: ...

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Command]: ...

    def move(
        self, command: Command, came_from: Sequence[CommandStatus], events: Sequence[Event], order_key: int
    ) -> bool:
        """Store `command`'s new state if the stored one is in `came_from`; False otherwise."""
        ...

    def note_late_answer(self, tenant_id: str, command_id: str, answer: dict[str, Any]) -> None: ...

    def waiting(self, ref: ChargePointRef) -> list[Command]:
        """Queued commands of a charge point, oldest first."""
        ...

    def overdue(self, tenant_id: str, now: datetime, grace_s: float) -> list[Command]:
        """Queued ones past their expiry; sent ones past their time-out and grace."""
        ...


class BatchStore(Protocol):
    """Reads before a batch of calls and writes after it, one query per collection."""

    def load(self, tenant: Tenant, needs: BatchNeeds) -> Batch: ...

    def flush(self, batch: Batch) -> dict[int, Exception]:
        """Write all that was collected; answers which calls of the batch failed, and why."""
        ...


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """Events that were written together; `id` sorts by age."""

    id: str
    events: tuple[Event, ...]


class Outbox(Protocol):
    """Events waiting to be published."""

    def append(self, tenant_id: str, events: Sequence[Event], order_key: int) -> None: ...

    def head(self, tenant_id: str, limit: int) -> list[OutboxEntry]:
        """The oldest entries, in order."""
        ...

    def remove(self, tenant_id: str, entry_ids: Sequence[str]) -> None: ...

    def depth(self, tenant_id: str) -> int: ...


@dataclass(frozen=True, slots=True)
class CommandDelivery:
    """A command on its way to the gateway that holds the connection of `epoch`."""

    charge_point: ChargePointRef
    epoch: int
    command_id: str
    action: str
    payload: dict[str, Any]
    expires_at: datetime
    timeout_s: float


class GatewayLink(Protocol):
    """To the gateways. Raises Retryable when it cannot be reached."""

    def deliver(self, gateway_id: str, delivery: CommandDelivery) -> None: ...

    def close_replaced(self, gateway_id: str, ref: ChargePointRef, epoch: int) -> None:
        """Ask for the end of this charge point's connections older than `epoch`."""
        ...

    def live_gateways(self) -> frozenset[str]:
        """Gateway processes that gave a sign of life lately."""
        ...

    def dead_gateways(self) -> frozenset[str]:
        """Those that stopped giving signs of life and are not forgotten yet."""
        ...

    def forget_gateway(self, gateway_id: str) -> None:
        """Its connections are all closed in the store."""
        ...

    def wake_relay(self, tenant_id: str) -> None:
        """Tell the event relay that the outbox has something; never raises, the relay also polls."""
        ...


class LastSeen(Protocol):
    """When charge points were last heard. Cheap to write; losing it loses nothing but freshness."""

    def touch(self, tenant_id: str, seen: Mapping[str, datetime]) -> frozenset[str]:
        """Note when each was heard; answers which of them had been marked silent. Never raises."""
        ...

    def heard_before(self, tenant_id: str, before: datetime) -> dict[str, datetime]:
        """Those last heard before this instant, without the ones marked silent or forgotten."""
        ...

    def heard_since(self, tenant_id: str, since: datetime) -> dict[str, datetime]: ...

    def mark_silent(self, tenant_id: str, charge_point_id: str) -> None: ...

    def forget(self, tenant_id: str, charge_point_id: str) -> None:
        """It is not connected any more: neither heard nor silent."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """A command that somebody asks for, before it is taken. `parameters` are in snake_case."""

    charge_point: ChargePoint
    command_id: str
    parameters: Mapping[str, Any]

    @property
    def ref(self) -> ChargePointRef:
        """Whom it is for."""
        return ChargePointRef(self.charge_point.tenant_id, self.charge_point.id)


class CommandKind(Protocol):
    """One outgoing action, as the protocol knows it. `Keepers` hold what commands change."""

    @property
    def action(self) -> str: ...

    @property
    def allowed_while_pending(self) -> bool: ...

    def complete(self, asked: Asked, keepers: "Keepers") -> dict[str, Any]:
        """The parameters with what the caller may leave out: ids, versions, links."""
        ...

    def build_payload(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Wire payload; InvalidInput names each wrong or unknown parameter."""
        ...

    def concerns(self, asked: Asked, payload: Mapping[str, Any], keepers: "Keepers") -> list[str]:
        """Why this may be a mistake, in sentences: an unknown connector, a read-only key (C1, C10)."""
        ...

    def taken(self, command: Command, keepers: "Keepers") -> None:
        """Keep what is so from the moment the command is taken. May run twice."""
        ...

    def judge(self, answer: Mapping[str, Any]) -> Outcome:
        """What a CallResult's payload means for the command."""
        ...

    def ended(self, command: Command, outcome: Outcome, keepers: "Keepers") -> Sequence[FollowUp]:
        """Keep what the outcome, good or bad, changes; answers what to send next. May run twice."""
        ...


class ProtocolCatalog(Protocol):
    """The outgoing actions."""

    def command_kind(self, command_type: str) -> CommandKind:
        """By alias (`remote_start`), action name or its snake_case; InvalidInput lists the known ones."""
        ...
