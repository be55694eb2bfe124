"""Dead letters: what could not be handled is kept, looked at, and handled again or given up.

A charge point that is answered with a CallError may forget what it said. Of a start, a stop or a meter value
the dead letter is then all that is left.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from app.domain.dead_letter import DeadLetter, DeadLetterStatus
from app.domain.errors import Conflict, NotFound
from app.services.ports import Clock, Page, PageRequest


class DeadLetterRepository(Protocol):
    """The dead letters of each tenant."""

    def park(self, tenant_id: str, letters: Sequence[DeadLetter]) -> None:
        """Keep new ones. Of one that is there only count, last time and reason change."""
        ...

    def find(self, tenant_id: str, dead_letter_id: str) -> DeadLetter | None: ...

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[DeadLetter]:
        """Newest first. Filters: `charge_point_id`, `action`, `status`."""
        ...

    def settle(
        self, tenant_id: str, dead_letter_id: str, status: DeadLetterStatus, answer: str | None, at: datetime
    ) -> bool:
        """Note what came of it; False if it is not there, or was replayed before."""
        ...

    def count_parked(self, tenant_id: str) -> int: ...

    def prune(self, tenant_id: str, before: datetime) -> int:
        """Forget those that were last seen before this instant; answers how many."""
        ...


class DeadLetterService:
    """Use cases of dead letters."""

    def __init__(self, letters: DeadLetterRepository, clock: Clock) -> None:
        self._letters = letters
        self._clock = clock

    def park(self, tenant_id: str, letters: Sequence[DeadLetter]) -> None:
        """Keep them; what is known already is counted. Raises Retryable."""
        self._letters.park(tenant_id, letters)

    def get(self, tenant_id: str, dead_letter_id: str) -> DeadLetter:
        """Raises NotFound."""
        letter = self._letters.find(tenant_id, dead_letter_id)
        if letter is None:
            raise NotFound(f"There is no dead letter '{dead_letter_id}'.")
        return letter

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[DeadLetter]:
        """Newest first."""
        return self._letters.list_page(tenant_id, page)

    def discard(self, tenant_id: str, dead_letter_id: str) -> DeadLetter:
        """It needs no attention any more; the same again changes nothing.

        Raises NotFound, or Conflict if it was replayed.
        """
        letter = self.get(tenant_id, dead_letter_id)
        if letter.status is DeadLetterStatus.DISCARDED:
            return letter
        return self._settle(letter, DeadLetterStatus.DISCARDED, letter.answer)

    def note_replay(self, letter: DeadLetter, answer: str, *, handled: bool) -> DeadLetter:
        """It was handled once more and would have been answered so; if that failed it stays what it was."""
        status = DeadLetterStatus.REPLAYED if handled else letter.status
        return self._settle(letter, status, answer)

    def count_parked(self, tenant_id: str) -> int:
        """Those that wait for somebody. Raises Retryable."""
        return self._letters.count_parked(tenant_id)

    def prune(self, tenant_id: str, before: datetime) -> int:
        """Forget the old ones; answers how many."""
        return self._letters.prune(tenant_id, before)

    def _settle(self, letter: DeadLetter, status: DeadLetterStatus, answer: str | None) -> DeadLetter:
        at = self._clock.now()
        settled = self._letters.settle(letter.tenant_id, letter.id, status, answer, at)
        known = self.get(letter.tenant_id, letter.id)
        if not settled and status is DeadLetterStatus.DISCARDED:
            raise Conflict(f"The dead letter '{known.id}' was replayed; there is nothing to discard.")
        return known
