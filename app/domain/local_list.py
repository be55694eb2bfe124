"""Local authorization lists: who may charge while a charge point is offline (OCPP 1.6 3.5.2; C20-C25)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from app.domain.context import ChargePointRef
from app.domain.id_tag import AuthorizationStatus, IdTag, id_tag_key, judge

T = TypeVar("T")
EMPTY = 0
"""The version of a list without entries; -1 is that of a charge point without lists (OCPP 1.6 5.10)."""


class ListState(StrEnum):
    """What is known of a charge point's list."""

    UNKNOWN = "unknown"
    IN_SYNC = "in_sync"
    FAILED = "failed"
    CONFLICT = "conflict"
    UNSUPPORTED = "unsupported"


class UpdateMode(StrEnum):
    """How a list is brought up to date; `auto` sends only the differences where it can."""

    FULL = "full"
    DIFFERENTIAL = "differential"
    AUTO = "auto"


@dataclass(frozen=True, slots=True)
class ListEntry:
    """An id tag in a list. The statuses are those of `judge`: never ConcurrentTx (C25)."""

    id_tag: str
    status: AuthorizationStatus
    expires_at: datetime | None = None
    parent_id_tag: str | None = None

    @property
    def key(self) -> str:
        """Its look-up form: entries are unique by it (C22)."""
        return id_tag_key(self.id_tag)


Entries = Mapping[str, ListEntry]


@dataclass(frozen=True, slots=True)
class ListUpdate:
    """One SendLocalList. A full one has nothing in `removed`."""

    version: int
    full: bool
    entries: tuple[ListEntry, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Entries on the wire."""
        return len(self.entries) + len(self.removed)

    def applied_to(self, known: Entries | None) -> dict[str, ListEntry] | None:
        """What the list is after it; None if nobody knows what it was before."""
        if known is None and not self.full:
            return None
        base = {} if self.full else dict(known or {})
        for id_tag in self.removed:
            base.pop(id_tag_key(id_tag), None)
        return base | {entry.key: entry for entry in self.entries}


@dataclass(frozen=True, slots=True)
class Selection:
    """Which of a tenant's id tags a list shall hold: those named, those of a group, or all."""

    id_tags: tuple[str, ...] = ()
    parent_id_tag: str | None = None
    all: bool = False


@dataclass(frozen=True, slots=True)
class ListPlan:
    """A list on its way, in as many updates as it takes. It began with the command `command_id`.

    `updates` are made once the charge point's version is known. `recovered_from` is the command whose refusal
    made it send the whole list instead (C24).
    """

    command_id: str
    mode: UpdateMode
    entries: tuple[ListEntry, ...]
    selection: Selection | None = None
    updates: tuple[ListUpdate, ...] | None = None
    recovered_from: str | None = None

    def has(self, command_id: str) -> bool:
        """Is this one of its commands? They are the first, and those that follow from it."""
        return command_id == self.command_id or command_id.startswith(f"{self.command_id}.")

    def after(self, version: int) -> ListUpdate | None:
        """The update to send once `version` has been taken."""
        return next((update for update in self.updates or () if update.version > version), None)


@dataclass(frozen=True, slots=True)
class LocalList:
    """What a charge point is believed to have. `entries` by their key; None: nobody knows.

    `pending` is the command under way, `answer` what became of the last one, `decided_at` when that one was
    taken: news of older commands change nothing any more.
    """

    charge_point: ChargePointRef
    state: ListState = ListState.UNKNOWN
    version: int | None = None
    entries: Entries | None = None
    wanted: Selection | None = None
    plan: ListPlan | None = None
    pending: str | None = None
    answer: str | None = None
    answered_at: datetime | None = None
    decided_at: datetime | None = None

    @property
    def next_version(self) -> int:
        """Above what the charge point has (C23), and neither 0 nor -1 (C21)."""
        return (self.version or EMPTY) + 1

    def plan_of(self, command_id: str) -> ListPlan | None:
        """The plan, if this command belongs to it."""
        return self.plan if self.plan is not None and self.plan.has(command_id) else None

    def wanted_by(self, command_id: str) -> Selection | None:
        """What is wanted from this command on."""
        plan = self.plan_of(command_id)
        return plan.selection if plan is not None and plan.selection is not None else self.wanted

    def with_version(self, version: int) -> "LocalList":
        """After the charge point told its version (C20). A conflict is not over because it is the same."""
        if version < EMPTY:
            return replace(self, state=ListState.UNSUPPORTED, version=None, entries=None)
        if version == EMPTY:
            return replace(self, state=ListState.IN_SYNC, version=EMPTY, entries={})
        if version != self.version or self.entries is None:
            return replace(self, state=ListState.UNKNOWN, version=version, entries=None)
        return self if self.state is ListState.CONFLICT else replace(self, state=ListState.IN_SYNC)

    def with_update(self, update: ListUpdate) -> "LocalList":
        """After the charge point accepted it."""
        entries = update.applied_to(self.entries)
        state = ListState.UNKNOWN if entries is None else ListState.IN_SYNC
        return replace(self, state=state, version=update.version, entries=entries)


@dataclass(frozen=True, slots=True)
class Differences:
    """Keys by which a list differs from what is wanted."""

    missing: tuple[str, ...]
    outdated: tuple[str, ...]
    superfluous: tuple[str, ...]


def entry_of(tag: IdTag, at: datetime) -> ListEntry:
    """How a tag stands in a list that is sent at `at`."""
    verdict = judge(tag, at)
    return ListEntry(tag.id_tag, verdict.status, verdict.expires_at, verdict.parent_id_tag)


def differences(known: Entries, wanted: Entries) -> Differences:
    """What would have to change in `known` to make it `wanted`."""
    return Differences(
        tuple(key for key in wanted if key not in known),
        tuple(key for key, entry in wanted.items() if key in known and known[key] != entry),
        tuple(key for key in known if key not in wanted),
    )


def full_updates(wanted: Entries, version: int, longest: int) -> tuple[ListUpdate, ...]:
    """The whole list from `version` on: a first part, and the rest as additions to it (C23)."""
    first, *rest = _parts(tuple(wanted.values()), longest) if wanted else [()]
    additions = (ListUpdate(version + number, False, part) for number, part in enumerate(rest, 1))
    return (ListUpdate(version, True, first), *additions)


def differential_updates(
    known: Entries, wanted: Entries, version: int, longest: int
) -> tuple[ListUpdate, ...]:
    """The differences alone, from `version` on. What goes goes first, so that no list grows beyond both."""
    found = differences(known, wanted)
    removed = [known[key].id_tag for key in found.superfluous]
    changed = [wanted[key] for key in (*found.outdated, *found.missing)]
    changes: list[ListEntry | str] = [*removed, *changed]
    return tuple(
        ListUpdate(
            version + number,
            full=False,
            entries=tuple(one for one in part if isinstance(one, ListEntry)),
            removed=tuple(one for one in part if isinstance(one, str)),
        )
        for number, part in enumerate(_parts(changes, longest))
    )


def _parts(whole: Sequence[T], longest: int) -> Iterator[tuple[T, ...]]:
    for start in range(0, len(whole), longest):
        yield tuple(whole[start : start + longest])


def by_key(entries: Iterable[ListEntry]) -> dict[str, ListEntry]:
    """In order of their keys."""
    return {entry.key: entry for entry in sorted(entries, key=lambda entry: entry.key)}
