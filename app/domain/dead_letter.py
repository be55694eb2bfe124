"""What broke us, put aside: a call or a command's report that no code could handle, and what came of it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MAX_REASON = 500


class DeadLetterKind(StrEnum):
    """A charge point's call, or a gateway's report of a command; names are part of the REST interface."""

    CALL = "call"
    REPORT = "report"


class DeadLetterStatus(StrEnum):
    """Names are part of the REST interface."""

    PARKED = "parked"
    REPLAYED = "replayed"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A frame as it first came, with all that is needed to handle it as if it came again.

    `count` is how often it broke since `first_at`, `error` and `reason` are why it last did. `answer` is what
    the last replay would have told the charge point, at `settled_at`. A report has no place on a connection.
    """

    id: str
    tenant_id: str
    charge_point_id: str
    kind: DeadLetterKind
    action: str
    frame: str
    error: str
    reason: str
    received_at: datetime
    first_at: datetime
    last_at: datetime
    connection_id: str | None = None
    epoch: int | None = None
    sequence: int | None = None
    registration: str | None = None
    strict: bool = False
    time_zone: str | None = None
    count: int = 1
    status: DeadLetterStatus = DeadLetterStatus.PARKED
    answer: str | None = None
    settled_at: datetime | None = None


def dead_letter_id(charge_point_id: str, kind: DeadLetterKind, action: str, content: str) -> str:
    """The same for what a charge point says again under another message id: known by what it says."""
    named = f"{charge_point_id}\0{kind}\0{action}\0{content}"
    return f"dead-{hashlib.sha256(named.encode()).hexdigest()[:32]}"
