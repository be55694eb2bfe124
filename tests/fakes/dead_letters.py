"""Dead letters in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from app.domain.dead_letter import DeadLetter, DeadLetterStatus
from app.domain.errors import Retryable
from app.services.ports import Page, PageRequest
from tests.fakes.paging import page_of


class FakeDeadLetterRepository:
    """`DeadLetterRepository` in memory. Set `reachable` to False to lose the server."""

    def __init__(self) -> None:
        self._letters: dict[tuple[str, str], DeadLetter] = {}
        self.reachable = True

    def park(self, tenant_id: str, letters: Sequence[DeadLetter]) -> None:
        """New ones, or once more the same."""
        if not self.reachable:
            raise Retryable("The database cannot be reached.")
        for letter in letters:
            known = self.find(tenant_id, letter.id)
            if known is not None:
                letter = replace(
                    known,
                    count=known.count + letter.count,
                    last_at=letter.last_at,
                    error=letter.error,
                    reason=letter.reason,
                )
            self._letters[tenant_id, letter.id] = letter

    def find(self, tenant_id: str, dead_letter_id: str) -> DeadLetter | None:
        """By id."""
        return self._letters.get((tenant_id, dead_letter_id))

    def all(self, tenant_id: str) -> list[DeadLetter]:
        """For a test to look at, newest first."""
        found = [letter for (owner, _), letter in self._letters.items() if owner == tenant_id]
        return sorted(found, key=lambda letter: (letter.first_at, letter.id), reverse=True)

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[DeadLetter]:
        """Newest first."""
        return page_of(self.all(tenant_id), page)

    def settle(
        self, tenant_id: str, dead_letter_id: str, status: DeadLetterStatus, answer: str | None, at: datetime
    ) -> bool:
        """False if it is not there, or was replayed before."""
        known = self.find(tenant_id, dead_letter_id)
        if known is None or known.status is DeadLetterStatus.REPLAYED:
            return False
        self._letters[tenant_id, dead_letter_id] = replace(known, status=status, answer=answer, settled_at=at)
        return True

    def count_parked(self, tenant_id: str) -> int:
        """Those that wait for somebody."""
        return sum(letter.status is DeadLetterStatus.PARKED for letter in self.all(tenant_id))

    def prune(self, tenant_id: str, before: datetime) -> int:
        """By when they last came."""
        old = [letter for letter in self.all(tenant_id) if letter.last_at < before]
        for letter in old:
            del self._letters[tenant_id, letter.id]
        return len(old)
