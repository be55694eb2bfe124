"""Contract of `CommandRepository`."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from app.domain.command import Command, CommandStatus
from app.domain.context import ChargePointRef
from app.services.ports import PageRequest
from app.storage import commands
from tests.builders import a_command, an_event, at
from tests.contract.stores import Stores

QUEUED, SENT, ACCEPTED = CommandStatus.QUEUED, CommandStatus.SENT, CommandStatus.ACCEPTED


def insert(stores: Stores, name: str = "cmd-1", charge_point_id: str = "CP-1", **fields: Any) -> Command:
    made = a_command(name, ChargePointRef(stores.id, charge_point_id), **fields)
    assert stores.commands.insert(made, [an_event(f"{name}:queued")], 1) is True
    return made


def published(stores: Stores) -> list[str]:
    return [e.body["event_id"] for entry in stores.outbox.head(stores.id, 100) for e in entry.events]


def test_what_was_inserted_is_found(stores: Stores) -> None:
    made = insert(
        stores,
        "any id / at all",
        parameters={"charging_profile": {"limit": 16.1, "periods": [1, 2]}},
        payload={"chargingProfile": {"limit": 16.1}},
        warnings=("odd",),
        follow_ups=("cmd-1.next",),
    )
    assert stores.commands.find(stores.id, made.id) == made
    assert stores.commands.find(stores.id, "another") is None
    assert stores.commands.find("t-without-any", made.id) is None


def test_an_id_is_taken_once_and_its_event_too(stores: Stores) -> None:
    made = insert(stores)
    other = replace(made, command_type="other")
    assert stores.commands.insert(other, [an_event("again")], 2) is False
    assert stores.commands.find(stores.id, made.id) == made
    assert published(stores) == ["cmd-1:queued"]


def test_a_command_moves_only_from_where_it_is_expected(stores: Stores) -> None:
    made = insert(stores)
    sent = replace(made, status=SENT, sent_at=at(1))
    assert stores.commands.move(sent, (ACCEPTED,), [an_event("no")], 2) is False
    assert stores.commands.find(stores.id, made.id) == made
    assert stores.commands.move(sent, (QUEUED,), [an_event("sent")], 3) is True
    assert stores.commands.move(sent, (QUEUED,), [an_event("again")], 4) is False
    done = replace(sent, status=ACCEPTED, result={"status": "Accepted"}, completed_at=at(2))
    assert stores.commands.move(done, (QUEUED, SENT), [an_event("accepted")], 5) is True
    assert stores.commands.find(stores.id, made.id) == done
    assert published(stores) == ["cmd-1:queued", "sent", "accepted"]


def test_what_is_not_there_does_not_move(stores: Stores) -> None:
    ghost = a_command("ghost", ChargePointRef(stores.id, "CP-1"))
    assert stores.commands.move(ghost, (QUEUED,), [an_event()], 1) is False
    assert stores.commands.find(stores.id, "ghost") is None


@pytest.mark.integration
def test_of_ends_that_come_together_one_counts(real: Stores) -> None:
    made = insert(real)

    def end(status: CommandStatus) -> bool:
        return real.commands.move(replace(made, status=status), (QUEUED, SENT), [an_event(status.value)], 2)

    finals = [status for status in CommandStatus if status.is_final]
    with ThreadPoolExecutor(5) as pool:
        assert sorted(pool.map(end, finals)) == [False] * (len(finals) - 1) + [True]
    assert len(published(real)) == 2


def test_a_late_answer_stands_beside_the_outcome(stores: Stores) -> None:
    made = insert(stores, status=CommandStatus.TIMED_OUT)
    stores.commands.note_late_answer(stores.id, made.id, {"status": "Accepted"})
    stores.commands.note_late_answer(stores.id, "nobody's", {})
    assert stores.commands.find(stores.id, made.id) == made
    assert stores.commands.find(stores.id, "nobody's") is None


def test_what_waits_for_a_charge_point_is_queued_and_oldest_first(stores: Stores) -> None:
    insert(stores, "b", created_at=at(2))
    insert(stores, "a", created_at=at(1))
    insert(stores, "elsewhere", "CP-2")
    insert(stores, "sent", status=SENT)
    insert(stores, "done", status=ACCEPTED)
    both = stores.commands.waiting(stores.id, ["CP-2", "CP-1"])
    assert [command.id for command in both if command.charge_point.charge_point_id == "CP-1"] == ["a", "b"]
    assert {command.id for command in both} == {"a", "b", "elsewhere"}
    waiting = stores.commands.waiting(stores.id, ["CP-1"])
    assert [command.id for command in waiting] == ["a", "b"]
    assert stores.commands.waiting("t-without-any", ["CP-1"]) == []


def test_what_waits_or_awaits_its_answer_is_open(stores: Stores) -> None:
    insert(stores, "waiting")
    insert(stores, "under way", "CP-2", status=SENT, sent_at=at(0))
    insert(stores, "ended", status=ACCEPTED)
    assert {command.id for command in stores.commands.list_open(stores.id)} == {"waiting", "under way"}
    assert stores.commands.list_open("t-without-any") == []


def test_the_newest_comes_first(stores: Stores) -> None:
    for number in range(5):
        insert(stores, f"cmd-{number}", created_at=at(number // 2))
    first = stores.commands.list_page(stores.id, PageRequest(limit=3))
    rest = stores.commands.list_page(stores.id, PageRequest(limit=3, cursor=first.next_cursor))
    assert [c.id for c in (*first.items, *rest.items)] == ["cmd-4", "cmd-3", "cmd-2", "cmd-1", "cmd-0"]
    assert rest.next_cursor is None


def test_filters_are_exact(stores: Stores) -> None:
    insert(stores, "a")
    insert(stores, "b", "CP-2")
    insert(stores, "c", status=ACCEPTED)
    for filters, names in (
        ({"charge_point_id": "CP-2"}, ["b"]),
        ({"status": "accepted"}, ["c"]),
        ({"action": "Reset", "status": "queued"}, ["b", "a"]),
    ):
        listed = stores.commands.list_page(stores.id, PageRequest(filters=filters)).items
        assert [command.id for command in listed] == names


def test_what_a_newer_version_writes_does_not_hinder(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    """While an installation is upgraded, two versions work on the same commands."""
    written = commands._document_of
    monkeypatch.setattr(commands, "_document_of", lambda command: written(command) | {"new": 1})
    made = a_command("cmd-1", ChargePointRef(stores.id, "CP-1"))
    assert stores.commands.insert(made, [], 1)
    assert stores.commands.find(stores.id, made.id) == made
