"""Times on the wire: ISO 8601 in any offset comes in, UTC with milliseconds goes out (A21)."""

from datetime import UTC, datetime


def format_time(at: datetime) -> str:
    """`at` (aware) as `YYYY-MM-DDThh:mm:ss.sssZ`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time(text: str) -> datetime | None:
    """The instant that `text` names, or None if it names none. No zone is read as UTC (G14).

    Cut to milliseconds, which is what MongoDB keeps: a value read back equals the one stored.
    """
    try:
        at = datetime.fromisoformat(text.strip())
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def to_epoch_ms(at: datetime) -> int:
    """Milliseconds since 1970: how times cross the broker."""
    return round(at.timestamp() * 1000)


def from_epoch_ms(milliseconds: int) -> datetime:
    """Aware UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
