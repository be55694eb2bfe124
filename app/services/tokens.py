"""What makes tokens end before their time: login sessions, rotation of refresh tokens, revocation.

MongoDB has the truth. What was looked up is remembered elsewhere for seconds, by `LiveSessions`: each request
asks whether its session still lives.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from app.domain.errors import NotAuthenticated, NotFound, Retryable
from app.domain.login_session import LoginSession
from app.domain.user import User
from app.services.ports import Clock

log = structlog.stdlib.get_logger(__name__)
_ENDED = "This login session has ended. Log in again."
MAX_TEXT = 200
MAX_SESSIONS = 100
"""Of one user; the oldest end. A program that logs in for each request would have thousands."""


class LoginSessionRepository(Protocol):
    """Login sessions of everybody; a session's id is in the token of whom it belongs to."""

    def insert(self, session: LoginSession) -> None: ...

    def find(self, session_id: str) -> LoginSession | None: ...

    def rotate(self, known: LoginSession, changed: LoginSession) -> bool:
        """Store `changed`; False if its refresh token is no longer that of `known`, or it has ended."""
        ...

    def of_user(self, user_id: str) -> Sequence[LoginSession]:
        """Those that have not ended, newest first."""
        ...

    def end(self, session_ids: Sequence[str], at: datetime) -> None: ...

    def live_of_tenant(self, tenant_id: str) -> Sequence[LoginSession]:
        """Those of a tenant's people that have not ended."""
        ...

    def remove_all(self, tenant_id: str) -> None:
        """All of a tenant's people."""
        ...

    def prune(self, before: datetime) -> int:
        """Forget those that ended or expired before; how many."""
        ...


class LiveSessions(Protocol):
    """A memory of which sessions live, shared by all processes. Raises Retryable."""

    def recall(self, session_id: str) -> bool | None:
        """None: not known."""
        ...

    def remember(self, session_id: str, *, live: bool) -> None:
        """For some seconds; that one has ended, for longer than a token lives."""
        ...


class TokenService:
    """Use cases of login sessions."""

    def __init__(
        self, sessions: LoginSessionRepository, live: LiveSessions, clock: Clock, lifetime: timedelta
    ) -> None:
        self._sessions = sessions
        self._live = live
        self._clock = clock
        self._lifetime = lifetime

    def open(self, user: User, *, user_agent: str = "", address: str = "") -> LoginSession:
        """A new session of somebody who has just proven who they are."""
        now = self._clock.now()
        session = LoginSession(
            secrets.token_hex(12),
            user.id,
            user.tenant_id,
            now,
            now,
            now + self._lifetime,
            secrets.token_hex(12),
            user_agent[:MAX_TEXT],
            address,
        )
        self._sessions.insert(session)
        self._end(self._sessions.of_user(user.id)[MAX_SESSIONS:])
        return session

    def rotate(self, session_id: str, refresh_id: str) -> LoginSession:
        """The session with its next refresh token. Raises NotAuthenticated.

        A refresh token that was used before means that somebody else has it: the session ends. Within seconds
        it is a repetition, from another tab or after a lost answer: it gets the token that the first one got.
        """
        session, now = self._sessions.find(session_id), self._clock.now()
        if session is None or not session.is_live(now):
            raise NotAuthenticated(_ENDED)
        if not session.accepts(refresh_id, now):
            log.warning("refresh_token_used_twice", user_id=session.user_id, login_session=session.id)
            self._end([session])
            raise NotAuthenticated(_ENDED)
        if refresh_id != session.refresh_id:
            return session
        next_one = replace(
            session,
            refresh_id=secrets.token_hex(12),
            former_refresh_id=session.refresh_id,
            rotated_at=now,
            last_used_at=now,
        )
        if not self._sessions.rotate(session, next_one):
            return self.rotate(session_id, refresh_id)  # somebody was quicker; look again
        return next_one

    def check_live(self, claims: Mapping[str, Any]) -> None:
        """Of an access token: does its session still live? Raises NotAuthenticated, Retryable."""
        session_id = str(claims.get("sid", ""))
        if not self._is_live(session_id):
            raise NotAuthenticated(_ENDED)

    def _is_live(self, session_id: str) -> bool:
        try:
            known = self._live.recall(session_id)
        except Retryable as failure:
            log.debug("live_sessions_unknown", reason=failure.message)
            known = None
        if known is not None:
            return known
        session = self._sessions.find(session_id)
        live = session is not None and session.is_live(self._clock.now())
        self._remember(session_id, live=live)
        return live

    def of_user(self, user_id: str) -> list[LoginSession]:
        """Those that live, newest first."""
        now = self._clock.now()
        return [session for session in self._sessions.of_user(user_id) if session.is_live(now)]

    def end(self, user_id: str, session_id: str) -> None:
        """End one of a user's sessions, at once and everywhere. Raises NotFound."""
        session = self._sessions.find(session_id)
        if session is None or session.user_id != user_id or not session.is_live(self._clock.now()):
            raise NotFound(f"There is no login session '{session_id}'.")
        self._end([session])

    def end_all(self, user_id: str, *, but: str | None = None) -> int:
        """End all of a user's sessions, maybe but one; how many."""
        ending = [session for session in self._sessions.of_user(user_id) if session.id != but]
        self._end(ending)
        return len(ending)

    def end_all_of_tenant(self, tenant_id: str) -> None:
        """End all sessions of a tenant's people."""
        self._end(self._sessions.live_of_tenant(tenant_id))

    def remove_all(self, tenant_id: str) -> None:
        """Those of a tenant that is deleted."""
        self._sessions.remove_all(tenant_id)

    def prune(self) -> int:
        """Forget sessions that have been over for a day; how many."""
        return self._sessions.prune(self._clock.now() - timedelta(days=1))

    def _end(self, sessions: Sequence[LoginSession]) -> None:
        if not sessions:
            return
        self._sessions.end([session.id for session in sessions], self._clock.now())
        for session in sessions:
            self._remember(session.id, live=False)

    def _remember(self, session_id: str, *, live: bool) -> None:
        try:
            self._live.remember(session_id, live=live)
        except Retryable as failure:
            log.debug("live_session_not_remembered", reason=failure.message)
