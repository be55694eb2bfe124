"""Failed logins in memory."""

from datetime import datetime

from app.services.lockout import Failures


class FakeFailureRepository:
    """`FailureRepository` in memory."""

    def __init__(self) -> None:
        self._known: dict[str, Failures] = {}
        self._whose: dict[str, str] = {}

    def find(self, keys: list[str]) -> dict[str, Failures]:
        """Those that are known."""
        return {key: self._known[key] for key in keys if key in self._known}

    def add(self, keys: list[str], whose: str, at: datetime, forgotten_before: datetime) -> None:
        """One more for each."""
        for key in keys:
            before = self._known.get(key)
            count = before.count if before is not None and before.last_at >= forgotten_before else 0
            self._known[key] = Failures(count + 1, at)
            self._whose[key] = whose

    def forget(self, keys: list[str]) -> None:
        """As if there had been none."""
        for key in keys:
            self._known.pop(key, None)

    def forget_all(self, whose: str) -> None:
        """From wherever it was tried."""
        self.forget([key for key in self._known if self._whose[key] == whose])

    def prune(self, before: datetime) -> int:
        """The old ones."""
        old = [key for key, failures in self._known.items() if failures.last_at < before]
        self.forget(old)
        return len(old)
