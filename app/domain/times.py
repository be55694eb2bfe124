"""Times on the wire: ISO 8601 in any offset comes in, UTC with milliseconds goes out (A21)."""

from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.domain.errors import InvalidInput

CLOCKS_STARTED = datetime(2010, 1, 1, tzinfo=UTC)
"""No charge point of OCPP 1.6 is older: what it dates earlier, it dated before its clock was set (G15)."""


def format_time(at: datetime) -> str:
    """`at` (aware) as `YYYY-MM-DDThh:mm:ss.sssZ`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@lru_cache(maxsize=1000)
def time_zone(name: str) -> ZoneInfo:
    """A zone by its IANA name. Raises InvalidInput."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        sentence = "Give a zone of the IANA database, such as Europe/Berlin."
        raise InvalidInput(
            f"There is no time zone '{name}'.", problems={"time_zone": [sentence]}
        ) from unknown


def parse_time(text: str, zone: tzinfo = UTC) -> datetime | None:
    """The instant that `text` names, or None if it names none. Without an offset it is in `zone` (G14).

    Cut to milliseconds, which is what MongoDB keeps: a value read back equals the one stored.
    """
    try:
        at = datetime.fromisoformat(text.strip())
        at = at.replace(tzinfo=zone).astimezone(UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def to_epoch_ms(at: datetime) -> int:
    """Milliseconds since 1970: how times cross the broker."""
    return round(at.timestamp() * 1000)


def from_epoch_ms(milliseconds: int) -> datetime:
    """Aware UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
