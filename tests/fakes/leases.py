"""Leases in memory."""

from datetime import datetime, timedelta

from app.domain.errors import Retryable


class FakeLeases:
    """At most one holder of a name at a time; set `reachable` to False to lose the server."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[str, datetime]] = {}
        self.reachable = True

    def hold(self, name: str, holder: str, now: datetime, seconds: float) -> bool:
        """Take or renew; False while somebody else holds it."""
        self._check()
        other, until = self._held.get(name, (holder, now))
        if other != holder and until >= now:
            return False
        self._held[name] = (holder, now + timedelta(seconds=seconds))
        return True

    def release(self, name: str, holder: str) -> None:
        """Only its own."""
        self._check()
        if self._held.get(name, ("", None))[0] == holder:
            del self._held[name]

    def installation_id(self) -> str:
        """Always the same."""
        self._check()
        return "installation"

    def holder(self, name: str) -> str | None:
        """For tests: who holds it, whether its time is up or not."""
        return self._held[name][0] if name in self._held else None

    def _check(self) -> None:
        if not self.reachable:
            raise Retryable("The database cannot be reached.")
