"""Passwords cannot be tried for ever: after some failures an email is locked, each time for longer.

Two counts: of an email from one address, where few failures lock, and of an email from anywhere, where many
do. So somebody far away who tries passwords does not soon lock out the person whose email it is.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from app.services.ports import Clock

FREE_FAILURES_FROM_ONE_ADDRESS = 5
FREE_FAILURES_FROM_ANYWHERE = 50
_FIRST_LOCK = timedelta(minutes=1)
_LONGEST_LOCK = timedelta(hours=1)
FORGOTTEN_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Failures:
    """How often somebody failed in a row, and when last."""

    count: int
    last_at: datetime


class FailureRepository(Protocol):
    """Counts of failed logins by a key that tells nobody whose it is."""

    def find(self, keys: list[str]) -> dict[str, Failures]: ...

    def add(self, keys: list[str], whose: str, at: datetime, forgotten_before: datetime) -> None:
        """One more for each; what is older than `forgotten_before` counts no more."""
        ...

    def forget(self, keys: list[str]) -> None: ...

    def forget_all(self, whose: str) -> None:
        """All keys that were added with this `whose`."""
        ...

    def prune(self, before: datetime) -> int:
        """Forget those whose last failure was before; how many."""
        ...


class Lockout:
    """Who may try a password now."""

    def __init__(self, failures: FailureRepository, clock: Clock) -> None:
        self._failures = failures
        self._clock = clock

    def is_locked(self, who: str, address: str) -> bool:
        """Whether even the right password is refused now. `who` is an email with its tenant."""
        now, allowances = self._clock.now(), _allowances(who, address)
        known = self._failures.find(list(allowances))
        return any(
            now < failures.last_at + _lock(failures.count, allowances[key]) for key, failures in known.items()
        )

    def note_failure(self, who: str, address: str) -> None:
        """A wrong password."""
        now = self._clock.now()
        self._failures.add(list(_allowances(who, address)), _key(who, ""), now, now - FORGOTTEN_AFTER)

    def note_success(self, who: str, address: str) -> None:
        """The right one: what was tried from here is forgiven."""
        self._failures.forget([_key(who, address)])

    def unlock(self, who: str) -> None:
        """An admin says it is all right: from wherever it was tried."""
        self._failures.forget_all(_key(who, ""))

    def prune(self) -> int:
        """Forget old failures; how many."""
        return self._failures.prune(self._clock.now() - FORGOTTEN_AFTER)


def _allowances(who: str, address: str) -> dict[str, int]:
    return {_key(who, address): FREE_FAILURES_FROM_ONE_ADDRESS, _key(who, ""): FREE_FAILURES_FROM_ANYWHERE}


def _key(who: str, address: str) -> str:
    return hashlib.sha256(f"{who}\n{address}".encode()).hexdigest()


def _lock(count: int, free: int) -> timedelta:
    """None at first; then a minute, doubled with each failure."""
    beyond = count - free
    if beyond < 0:
        return timedelta()
    doublings: int = 2 ** min(beyond, 10)
    return min(_FIRST_LOCK * doublings, _LONGEST_LOCK)
