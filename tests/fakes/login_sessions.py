"""Login sessions in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from app.domain.errors import Retryable
from app.domain.login_session import LoginSession


class FakeLoginSessionRepository:
    """`LoginSessionRepository` in memory."""

    def __init__(self) -> None:
        self.sessions: dict[str, LoginSession] = {}

    def insert(self, session: LoginSession) -> None:
        """A new one."""
        self.sessions[session.id] = session

    def find(self, session_id: str) -> LoginSession | None:
        """By id."""
        return self.sessions.get(session_id)

    def rotate(self, known: LoginSession, changed: LoginSession) -> bool:
        """Of two at a time one succeeds."""
        stored = self.sessions.get(known.id)
        if stored is None or stored.refresh_id != known.refresh_id or stored.ended_at is not None:
            return False
        self.sessions[known.id] = changed
        return True

    def of_user(self, user_id: str) -> Sequence[LoginSession]:
        """Newest first."""
        own = [s for s in self.sessions.values() if s.user_id == user_id and s.ended_at is None]
        return sorted(own, key=lambda session: session.created_at, reverse=True)

    def live_of_tenant(self, tenant_id: str) -> Sequence[LoginSession]:
        """Of all its people."""
        return [s for s in self.sessions.values() if s.tenant_id == tenant_id and s.ended_at is None]

    def end(self, session_ids: Sequence[str], at: datetime) -> None:
        """An end stays as it was first noted."""
        for session_id in session_ids:
            if session_id in self.sessions and self.sessions[session_id].ended_at is None:
                self.sessions[session_id] = replace(self.sessions[session_id], ended_at=at)

    def remove_all(self, tenant_id: str) -> None:
        """All of a tenant's people."""
        self.sessions = {s.id: s for s in self.sessions.values() if s.tenant_id != tenant_id}

    def prune(self, before: datetime) -> int:
        """Those that ended, or expired."""
        over = [
            s.id
            for s in self.sessions.values()
            if s.expires_at < before or (s.ended_at is not None and s.ended_at < before)
        ]
        for session_id in over:
            del self.sessions[session_id]
        return len(over)


class FakeLiveSessions:
    """`LiveSessions` in memory; `is_away`: as if Redis were."""

    def __init__(self) -> None:
        self.known: dict[str, bool] = {}
        self.is_away = False

    def recall(self, session_id: str) -> bool | None:
        """What was remembered."""
        self._check()
        return self.known.get(session_id)

    def remember(self, session_id: str, *, live: bool) -> None:
        """An end is never overwritten."""
        self._check()
        if live:
            self.known.setdefault(session_id, True)
        else:
            self.known[session_id] = False

    def _check(self) -> None:
        if self.is_away:
            raise Retryable("Redis: away")
