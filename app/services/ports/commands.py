"""Where commands are kept, and what the protocol knows of each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from app.domain.charge_point import ChargePoint
from app.domain.command import Command, CommandStatus, FollowUp, Outcome
from app.domain.context import ChargePointRef
from app.domain.events import Event
from app.services.ports.pages import Page, PageRequest

if TYPE_CHECKING:
    from app.services.keepers import Keepers


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

    def waiting(self, tenant_id: str, charge_point_ids: Iterable[str]) -> list[Command]:
        """Queued commands of these charge points, oldest first."""
        ...

    def list_open(self, tenant_id: str) -> list[Command]:
        """Queued and sent ones, in no order."""
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

    def changes_security(self, parameters: Mapping[str, Any]) -> bool:
        """Whether it changes a key, a security profile or certificates."""
        ...

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
