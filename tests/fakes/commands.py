"""Commands in memory."""

from collections.abc import Iterable, Sequence
from typing import Any

from app.domain.command import Command, CommandStatus
from app.domain.events import Event
from app.services.ports import Page, PageRequest
from tests.fakes.outbox import FakeOutbox
from tests.fakes.paging import page_of


class FakeCommandRepository:
    """`CommandRepository` in memory; events go to the outbox together with the state."""

    def __init__(self, outbox: FakeOutbox) -> None:
        self._outbox = outbox
        self._commands: dict[tuple[str, str], Command] = {}
        self.late_answers: dict[tuple[str, str], dict[str, Any]] = {}

    def insert(self, command: Command, events: Sequence[Event], order_key: int) -> bool:
        """False if a command of this id exists."""
        key = (command.tenant_id, command.id)
        if key in self._commands:
            return False
        self._commands[key] = command
        self._outbox.append(command.tenant_id, events, order_key)
        return True

    def find(self, tenant_id: str, command_id: str) -> Command | None:
        """By id."""
        return self._commands.get((tenant_id, command_id))

    def move(
        self, command: Command, came_from: Sequence[CommandStatus], events: Sequence[Event], order_key: int
    ) -> bool:
        """Only if the stored state is in `came_from`."""
        key = (command.tenant_id, command.id)
        known = self._commands.get(key)
        if known is None or known.status not in came_from:
            return False
        self._commands[key] = command
        self._outbox.append(command.tenant_id, events, order_key)
        return True

    def note_late_answer(self, tenant_id: str, command_id: str, answer: dict[str, Any]) -> None:
        """Kept beside the command."""
        self.late_answers[(tenant_id, command_id)] = answer

    def waiting(self, tenant_id: str, charge_point_ids: Iterable[str]) -> list[Command]:
        """Queued ones, oldest first."""
        wanted = frozenset(charge_point_ids)
        queued = [
            known
            for known in self._of(tenant_id)
            if known.charge_point.charge_point_id in wanted and known.status is CommandStatus.QUEUED
        ]
        return sorted(queued, key=lambda known: known.created_at)

    def list_open(self, tenant_id: str) -> list[Command]:
        """Queued and sent ones."""
        return [known for known in self._of(tenant_id) if not known.status.is_final]

    def _of(self, tenant_id: str) -> list[Command]:
        return [known for (owner, _), known in self._commands.items() if owner == tenant_id]

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Command]:
        """Newest first."""
        newest = sorted(self._of(tenant_id), key=lambda known: (known.created_at, known.id), reverse=True)
        return page_of(newest, page)
