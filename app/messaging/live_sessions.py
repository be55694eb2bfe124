"""Which login sessions live, in Redis, so that a request need not ask MongoDB (port `LiveSessions`)."""

from app.messaging.redis_client import KEY_PREFIX, RedisGuard

_LIVE, _ENDED = "1", "0"
LIVE_FOR_S = 10
"""A revocation that could not be told to Redis counts after so long at the latest."""


class RedisLiveSessions:
    """Port `LiveSessions`."""

    def __init__(self, guard: RedisGuard, access_token_s: int) -> None:
        self._guard = guard
        self._ended_for_s = access_token_s + LIVE_FOR_S

    def recall(self, session_id: str) -> bool | None:
        """None: not known. Raises Retryable."""
        with self._guard.calling() as client:
            known = client.get(_key(session_id))
        return None if known is None else known == _LIVE

    def remember(self, session_id: str, *, live: bool) -> None:
        """That it has ended is never overwritten by somebody who looked before. Raises Retryable."""
        with self._guard.calling() as client:
            if live:
                client.set(_key(session_id), _LIVE, ex=LIVE_FOR_S, nx=True)
            else:
                client.set(_key(session_id), _ENDED, ex=self._ended_for_s)


def _key(session_id: str) -> str:
    return f"{KEY_PREFIX}login:{session_id}"
