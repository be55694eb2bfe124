"""Local lists: any list reaches a charge point in parts of any length (C21-C25)."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.id_tag import AuthorizationStatus, IdTag
from app.domain.local_list import (
    Differences,
    ListEntry,
    ListPlan,
    ListState,
    ListUpdate,
    LocalList,
    UpdateMode,
    by_key,
    differences,
    differential_updates,
    entry_of,
    full_updates,
)
from tests.builders import NOON, REF, at

ACCEPTED, BLOCKED = AuthorizationStatus.ACCEPTED, AuthorizationStatus.BLOCKED


def an_entry(id_tag: str, status: AuthorizationStatus = ACCEPTED) -> ListEntry:
    return ListEntry(id_tag, status)


def a_list(*id_tags: str) -> dict[str, ListEntry]:
    return by_key(an_entry(id_tag) for id_tag in id_tags)


# --- how a charge point takes updates, as the standard says (OCPP 1.6 5.15, 6.41) ---------------------


@dataclass
class ModelChargePoint:
    """Knows nothing of ours: id tags without case, and the rules of SendLocalList."""

    longest_message: int
    longest_list: int
    version: int = 0
    listed: dict[str, tuple[str, str]] = field(default_factory=dict)

    def take(self, update: ListUpdate) -> None:
        tags = [entry.id_tag.casefold() for entry in update.entries] + [r.casefold() for r in update.removed]
        assert len(tags) == len(set(tags)) <= self.longest_message
        assert update.version not in (0, -1)
        if update.full:
            assert not update.removed
            self.listed = {}
        else:
            assert update.version > self.version
        for removed in update.removed:
            del self.listed[removed.casefold()]
        for entry in update.entries:
            assert entry.status is not AuthorizationStatus.CONCURRENT_TX
            self.listed[entry.id_tag.casefold()] = (entry.id_tag, entry.status.value)
        assert len(self.listed) <= self.longest_list
        self.version = update.version


def as_listed(entries: dict[str, ListEntry]) -> dict[str, tuple[str, str]]:
    return {entry.id_tag.casefold(): (entry.id_tag, entry.status.value) for entry in entries.values()}


entries = st.builds(
    ListEntry, st.text("aAbB0:-", min_size=1, max_size=3), st.sampled_from([ACCEPTED, BLOCKED])
)
lists = st.lists(entries, max_size=40).map(by_key)


@given(wanted=lists, before=lists, version=st.integers(0, 10**6), longest=st.integers(1, 50))
def test_a_full_update_in_parts_gives_the_wanted_list(
    wanted: dict[str, ListEntry], before: dict[str, ListEntry], version: int, longest: int
) -> None:
    model = ModelChargePoint(longest, len(wanted), version, as_listed(before))
    for update in full_updates(wanted, version + 1, longest):
        model.take(update)
    assert model.listed == as_listed(wanted)


@given(wanted=lists, before=lists, version=st.integers(0, 10**6), longest=st.integers(1, 50))
def test_the_differences_in_parts_give_the_wanted_list(
    wanted: dict[str, ListEntry], before: dict[str, ListEntry], version: int, longest: int
) -> None:
    """And on the way the list is never longer than before or after."""
    model = ModelChargePoint(longest, max(len(wanted), len(before)), version, as_listed(before))
    for update in differential_updates(before, wanted, version + 1, longest):
        model.take(update)
    assert model.listed == as_listed(wanted)


@given(wanted=lists, before=lists, longest=st.integers(1, 50))
def test_what_is_kept_of_each_update_is_what_the_charge_point_has(
    wanted: dict[str, ListEntry], before: dict[str, ListEntry], longest: int
) -> None:
    for updates in (full_updates(wanted, 1, longest), differential_updates(before, wanted, 1, longest)):
        known = LocalList(REF, version=0, entries=before)
        for update in updates:
            known = known.with_update(update)
            assert known.with_update(update) == known
        assert known.entries == wanted
        assert known.version == len(updates)


# --- the parts ---------------------------------------------------------------------------------------


def test_a_full_update_begins_in_full_and_goes_on_with_rising_versions() -> None:
    updates = full_updates(a_list("A", "B", "C"), 5, 2)
    assert [(update.version, update.full, update.size) for update in updates] == [(5, True, 2), (6, False, 1)]


def test_a_full_update_to_nothing_clears_the_list() -> None:
    assert full_updates({}, 3, 10) == (ListUpdate(3, full=True),)


def test_without_differences_nothing_is_sent() -> None:
    assert differential_updates(a_list("A"), a_list("A"), 3, 10) == ()


def test_differences() -> None:
    known = a_list("A", "B", "C")
    wanted = a_list("B", "c", "D") | {"b": an_entry("B", BLOCKED)}
    assert differences(known, wanted) == Differences(missing=("d",), outdated=("b", "c"), superfluous=("a",))


@pytest.mark.parametrize(
    ("tag", "status"),
    [
        (IdTag("t", "T"), ACCEPTED),
        (IdTag("t", "T", blocked=True), BLOCKED),
        (IdTag("t", "T", expires_at=at(-1)), AuthorizationStatus.EXPIRED),
        (IdTag("t", "T", expires_at=at(1), parent_id_tag="G", max_active_transactions=1), ACCEPTED),
    ],
)
def test_a_tag_stands_in_a_list_as_it_would_be_judged_now(tag: IdTag, status: AuthorizationStatus) -> None:
    assert entry_of(tag, NOON) == ListEntry("T", status, tag.expires_at, tag.parent_id_tag)


# --- what is known -----------------------------------------------------------------------------------

KNOWN = LocalList(REF, ListState.IN_SYNC, version=4, entries=a_list("A"))


@pytest.mark.parametrize(
    ("known", "version", "state", "version_after", "entries_after"),
    [
        (LocalList(REF), 0, ListState.IN_SYNC, 0, {}),
        (LocalList(REF), 7, ListState.UNKNOWN, 7, None),
        (LocalList(REF), -1, ListState.UNSUPPORTED, None, None),
        (KNOWN, 4, ListState.IN_SYNC, 4, a_list("A")),
        (KNOWN, 5, ListState.UNKNOWN, 5, None),
        (KNOWN, 3, ListState.UNKNOWN, 3, None),
        (KNOWN, 0, ListState.IN_SYNC, 0, {}),
        (KNOWN, -1, ListState.UNSUPPORTED, None, None),
        (replace(KNOWN, state=ListState.UNKNOWN), 4, ListState.IN_SYNC, 4, a_list("A")),
        (replace(KNOWN, state=ListState.FAILED), 4, ListState.IN_SYNC, 4, a_list("A")),
        (replace(KNOWN, state=ListState.CONFLICT), 4, ListState.CONFLICT, 4, a_list("A")),
        (replace(KNOWN, state=ListState.CONFLICT), 0, ListState.IN_SYNC, 0, {}),
    ],
)
def test_what_a_version_tells(
    known: LocalList,
    version: int,
    state: ListState,
    version_after: int | None,
    entries_after: dict[str, ListEntry] | None,
) -> None:
    """C20, C24, B41."""
    after = known.with_version(version)
    assert (after.state, after.version, after.entries) == (state, version_after, entries_after)


def test_differences_on_top_of_something_unknown_stay_unknown() -> None:
    after = LocalList(REF, version=4).with_update(ListUpdate(5, full=False, entries=(an_entry("A"),)))
    assert (after.state, after.version, after.entries) == (ListState.UNKNOWN, 5, None)


@pytest.mark.parametrize(("version", "next_version"), [(None, 1), (0, 1), (4, 5)])
def test_the_next_version_is_never_zero_or_less(version: int | None, next_version: int) -> None:
    assert LocalList(REF, version=version).next_version == next_version


def test_a_plan_knows_its_commands_and_what_comes_next() -> None:
    updates = full_updates(a_list("A", "B"), 5, 1)
    plan = ListPlan("cmd-1", UpdateMode.FULL, (), updates=updates)
    assert [plan.has(name) for name in ("cmd-1", "cmd-1.send", "cmd-1.send.next", "cmd-10", "cmd-2")] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert [plan.after(version) for version in (4, 5, 6)] == [updates[0], updates[1], None]
