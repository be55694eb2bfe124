"""Running a command."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command left: its status and what it said."""

    status: object
    out: str
    err: str


Run = Callable[..., Outcome]
