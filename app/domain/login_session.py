"""Login sessions: one for each time somebody logged in, until it ends.

Refresh tokens of a session are used once: each use gives the next one (RFC 9700 4.14.2).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

REPEAT_WITHIN = timedelta(seconds=10)
"""A refresh token may be used once more for so long: an answer was lost, or two pages asked at once."""


@dataclass(frozen=True, slots=True)
class LoginSession:
    """Somebody's stay on one device. `refresh_id` is that of the only refresh token that is good now."""

    id: str
    user_id: str
    tenant_id: str | None
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    refresh_id: str
    user_agent: str = ""
    address: str = ""
    former_refresh_id: str | None = None
    rotated_at: datetime | None = None
    ended_at: datetime | None = None

    def is_live(self, now: datetime) -> bool:
        """Whether its tokens are good."""
        return self.ended_at is None and now < self.expires_at

    def accepts(self, refresh_id: str, now: datetime) -> bool:
        """Whether this refresh token may be used, rather than be one that somebody kept or stole."""
        if refresh_id == self.refresh_id:
            return True
        is_former = refresh_id == self.former_refresh_id and self.rotated_at is not None
        return is_former and self.rotated_at is not None and now - self.rotated_at <= REPEAT_WITHIN
