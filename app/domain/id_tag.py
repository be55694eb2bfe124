"""Id tags and what a charge point is told about them (OCPP 1.6 7.2; B1-B8)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AuthorizationStatus(StrEnum):
    """Answer about an id tag."""

    ACCEPTED = "Accepted"
    BLOCKED = "Blocked"
    EXPIRED = "Expired"
    INVALID = "Invalid"
    CONCURRENT_TX = "ConcurrentTx"


@dataclass(frozen=True, slots=True)
class IdTag:
    """A known id tag. `key` is its look-up form: identifiers are case-insensitive (B1)."""

    key: str
    id_tag: str
    blocked: bool = False
    expires_at: datetime | None = None
    parent_id_tag: str | None = None


@dataclass(frozen=True, slots=True)
class Authorization:
    """Verdict on a presented id tag."""

    status: AuthorizationStatus
    expires_at: datetime | None = None
    parent_id_tag: str | None = None


def id_tag_key(presented: str) -> str:
    """Look-up form: without surrounding blanks and control bytes, case-folded (B1, G22)."""
    return "".join(ch for ch in presented if ch.isprintable()).strip().casefold()


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
