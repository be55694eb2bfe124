"""Id tags and what a charge point is told about them (OCPP 1.6 7.2; B1-B8)."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.domain.errors import InvalidInput

MAX_ID_TOKEN = 20
"""Characters of an id token on the wire (OCPP 1.6 7.28)."""
MAX_PRESENTED = 255
"""There are charge points that read longer ones (G22): they may be known, and cannot be sent."""
MAX_NOTE = 500
MAX_TRANSACTIONS = 1000
_RULES = {
    "id_tag": f"Give 1 to {MAX_PRESENTED} printable characters, without blanks around them.",
    "parent_id_tag": f"Give 1 to {MAX_ID_TOKEN} printable characters without blanks around, or nothing.",
    "max_active_transactions": f"Give 1 to {MAX_TRANSACTIONS}, or nothing.",
    "note": f"Give at most {MAX_NOTE} printable characters.",
}


class AuthorizationStatus(StrEnum):
    """Answer about an id tag."""

    ACCEPTED = "Accepted"
    BLOCKED = "Blocked"
    EXPIRED = "Expired"
    INVALID = "Invalid"
    CONCURRENT_TX = "ConcurrentTx"


@dataclass(frozen=True, slots=True)
class IdTag:
    """A known id tag. `key` is its look-up form: identifiers are case-insensitive (B1).

    `max_active_transactions` None: as the tenant's `allow_concurrent_transactions` says. `revision` rises
    with every change.
    """

    key: str
    id_tag: str
    blocked: bool = False
    expires_at: datetime | None = None
    parent_id_tag: str | None = None
    max_active_transactions: int | None = None
    note: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    revision: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Authorization:
    """Verdict on a presented id tag."""

    status: AuthorizationStatus
    expires_at: datetime | None = None
    parent_id_tag: str | None = None


def id_tag_key(presented: str) -> str:
    """Look-up form: without surrounding blanks and control bytes, case-folded (B1, G22)."""
    return "".join(ch for ch in presented if ch.isprintable()).strip().casefold()


def is_clean(presented: str) -> bool:
    """It has nothing about it that `id_tag_key` leaves out (G22)."""
    return presented.isprintable() and presented == presented.strip()


def judge(tag: IdTag | None, at: datetime) -> Authorization:
    """Verdict on `tag` as of `at`; None is a tag nobody registered."""
    if tag is None:
        return Authorization(AuthorizationStatus.INVALID)
    if tag.blocked:
        status = AuthorizationStatus.BLOCKED
    elif tag.expires_at is not None and tag.expires_at <= at:
        status = AuthorizationStatus.EXPIRED
    else:
        status = AuthorizationStatus.ACCEPTED
    return Authorization(status, tag.expires_at, tag.parent_id_tag)


def check_id_tag(tag: IdTag) -> None:
    """Raises InvalidInput that names each field that cannot be kept or sent."""
    parent, most, note = tag.parent_id_tag, tag.max_active_transactions, tag.note
    is_good = {
        "id_tag": _is_token(tag.id_tag, MAX_PRESENTED),
        "parent_id_tag": parent is None or _is_token(parent, MAX_ID_TOKEN),
        "max_active_transactions": most is None or 1 <= most <= MAX_TRANSACTIONS,
        "note": note is None or (len(note) <= MAX_NOTE and note.isprintable()),
    }
    problems = {name: [_RULES[name]] for name, good in is_good.items() if not good}
    if problems:
        raise InvalidInput(f"The id tag is not valid: {', '.join(problems)}.", problems=problems)


def _is_token(text: str, longest: int) -> bool:
    return 0 < len(text) <= longest and text.isprintable() and text == text.strip()
