"""Contract of `SessionRepository`."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from app.domain.charge_point import ChargePoint
from app.domain.context import ChargePointRef
from app.domain.errors import InvalidInput
from app.domain.session import MAX_TRANSACTION_ID, EnergyValue, Session, SessionStatus
from app.services.batch import Batch, MeterRecord, SessionChange
from app.services.ports import PageRequest
from tests.builders import NOON, a_reading, a_session, an_event, at
from tests.contract.stores import Stores


def ref(stores: Stores) -> ChargePointRef:
    return ChargePointRef(stores.id, "CP-1")


def session(stores: Stores, number: int = 1, **fields: Any) -> Session:
    return a_session(number, ref(stores), **fields)


def insert(stores: Stores, number: int = 1, **fields: Any) -> Session:
    made = session(stores, number, **fields)
    assert stores.sessions.insert(made, [an_event(f"{made.id}:started", ref(stores))], number) is True
    return made


def read_meter(stores: Stores, owner: str, *seconds_and_wh: tuple[float, str]) -> None:
    """Readings as a batch brings them."""
    batch = Batch(stores.tenant)
    for number, (seconds, value) in enumerate(seconds_and_wh):
        reading = a_reading(seconds, {"value": value})
        batch.meter_records.append(
            MeterRecord(number, owner, ref(stores), 1, 1, reading, f"digest-{seconds}-{value}", NOON)
        )
    assert stores.batches.flush(batch) == {}


def published(stores: Stores) -> list[str]:
    return [e.body["event_id"] for entry in stores.outbox.head(stores.id, 100) for e in entry.events]


def test_what_was_inserted_is_found_by_id_and_start_key(stores: Stores) -> None:
    made = insert(
        stores,
        7,
        reservation_id=3,
        review=("odd",),
        meter_values=(),
        authorization_status="Invalid",
    )
    assert stores.sessions.find(stores.id, "session-7") == made
    assert stores.sessions.find_by_start_key(stores.id, "key-7") == made


def test_what_is_not_there_is_not_found(stores: Stores) -> None:
    insert(stores)
    assert stores.sessions.find(stores.id, "session-2") is None
    assert stores.sessions.find_by_start_key(stores.id, "key-2") is None
    assert stores.sessions.find("t-without-any", "session-1") is None


def test_a_start_key_is_kept_once_and_its_event_too(stores: Stores) -> None:
    insert(stores, 1)
    again = session(stores, 2, start_key="key-1")
    assert stores.sessions.insert(again, [an_event("again")], 2) is False
    assert stores.sessions.find(stores.id, "session-2") is None
    assert published(stores) == ["session-1:started"]


def test_transaction_ids_are_unique_and_positive(stores: Stores) -> None:
    ids = [stores.sessions.next_transaction_id(stores.id) for _ in range(50)]
    assert len(set(ids)) == 50
    assert all(0 < number <= MAX_TRANSACTION_ID for number in ids)


@pytest.mark.integration
def test_transaction_ids_are_unique_across_processes_and_threads(real: Stores) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda _: real.sessions.next_transaction_id(real.id), range(200)))
    assert len(set(ids)) == 200


def complete_with(stores: Stores, completed: Session, event: str, order_key: int) -> None:
    """As a batch does it."""
    batch = Batch(stores.tenant, order_key)
    batch.completed.append(SessionChange(0, completed, (an_event(event),)))
    assert stores.batches.flush(batch) == {}


def test_a_stop_is_written_once_with_its_events(stores: Stores) -> None:
    made = insert(stores)
    values = (EnergyValue(at(1), 1100), EnergyValue(at(2), 1200.5))
    completed = replace(
        made,
        status=SessionStatus.COMPLETED,
        stop_time=at(60),
        stop_meter_value=2000,
        stop_reason="Local",
        stop_id_tag="TAG-2",
        review=("odd",),
        meter_values=values,
    )
    complete_with(stores, completed, "stopped", 2)
    assert stores.sessions.find(stores.id, made.id) == completed
    complete_with(stores, replace(completed, stop_meter_value=9), "again", 3)
    assert stores.sessions.find(stores.id, made.id) == completed
    assert published(stores) == ["session-1:started", "stopped"]


def test_nothing_is_completed_that_was_never_started(stores: Stores) -> None:
    complete_with(stores, session(stores, 9), "stopped", 1)
    assert stores.sessions.find(stores.id, "session-9") is None
    assert published(stores) == []


@pytest.mark.integration
def test_of_stops_that_come_together_one_completes(real: Stores) -> None:
    made = insert(real)

    def complete(meter: int) -> None:
        done = replace(made, status=SessionStatus.COMPLETED, stop_time=at(60), stop_meter_value=meter)
        complete_with(real, done, f"stopped-{meter}", meter + 10)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(complete, range(6)))
    kept = real.sessions.find(real.id, made.id)
    assert kept is not None
    assert published(real) == ["session-1:started", f"stopped-{kept.stop_meter_value}"]


@pytest.mark.integration
def test_of_starts_that_come_together_one_is_kept(real: Stores) -> None:
    def start(number: int) -> bool:
        return real.sessions.insert(session(real, number, start_key="same"), [an_event(str(number))], 1)

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(start, range(1, 7))) == [False] * 5 + [True]
    assert len(published(real)) == 1


def numbers(sessions: Iterable[Session]) -> list[int]:
    return sorted(found.transaction_id for found in sessions)


def complete(stores: Stores, made: Session, seconds: float = 1) -> Session:
    done = replace(made, status=SessionStatus.COMPLETED, stop_time=at(seconds), stop_meter_value=1)
    complete_with(stores, done, f"{made.id}:stopped", 20)
    return done


def test_a_tag_is_active_while_its_session_runs_in_any_case_of_letters(stores: Stores) -> None:
    made = insert(stores, 1, id_tag=" Tag-1\x00")
    insert(stores, 2, id_tag="other", status=SessionStatus.COMPLETED)
    assert stores.sessions.active_with_tag(stores.id, "tag-1") == [made]
    assert stores.sessions.active_with_tag(stores.id, "other") == []
    assert stores.sessions.active_with_tag("t-without-any", "tag-1") == []
    complete(stores, made)
    assert stores.sessions.active_with_tag(stores.id, "tag-1") == []


def test_what_runs_is_found_by_charge_point_and_altogether(stores: Stores) -> None:
    first, _ = insert(stores, 1), insert(stores, 2)
    elsewhere = a_session(3, ChargePointRef(stores.id, "CP-2"), id_tag="")
    stores.sessions.insert(elsewhere, [an_event()], 1)
    insert(stores, 4, status=SessionStatus.FAULTED)
    complete(stores, first)
    assert numbers(stores.sessions.active_on(ref(stores))) == [2]
    assert sorted(running.id for running in stores.sessions.active(stores.id)) == ["session-2", "session-3"]
    assert numbers(stores.sessions.find_many(stores.id, ["session-1", "session-3", "nobody"])) == [1, 3]
    assert list(stores.sessions.active("t-without-any")) == []


def test_a_session_is_found_by_the_stop_that_was_matched_to_it(stores: Stores) -> None:
    made = insert(
        stores, 1, stop_key="stop-1", parent_id_tag="GROUP", raw_start_time="1970", raw_stop_time="x"
    )
    insert(stores, 2)
    assert stores.sessions.find_by_stop_key(ref(stores), "stop-1") == made
    assert stores.sessions.find_by_stop_key(ref(stores), "stop-2") is None
    assert stores.sessions.find_by_stop_key(ChargePointRef(stores.id, "CP-2"), "stop-1") is None


def test_a_session_is_confirmed_by_a_reading_that_names_its_transaction(stores: Stores) -> None:
    first, second = insert(stores, 1), insert(stores, 2)
    read_meter(stores, first.id, (30, "1200"))
    read_meter(stores, second.id, (30, "1200"))
    assert stores.sessions.is_confirmed(first)
    assert not stores.sessions.is_confirmed(second), "its reading carries another number"


def an_end(made: Session, **fields: Any) -> Session:
    known: dict[str, Any] = {
        "status": SessionStatus.FAULTED,
        "fault_reason": "silence",
        "estimated": True,
        "stop_time": at(60),
        "stop_meter_value": 1500,
        "review": ("stop_missing",),
        "meter_values": (EnergyValue(at(60), 1500),),
    }
    return replace(made, **(known | fields))


def test_sessions_are_faulted_together_each_with_its_event(stores: Stores) -> None:
    made = [insert(stores, number) for number in (1, 2, 3)]
    complete(stores, made[1])
    ends = [an_end(session) for session in made]
    told = [(end, an_event(f"{end.id}:estimated", ref(stores))) for end in ends]
    assert stores.sessions.mark_faulted(stores.id, told, 9) == 2
    assert stores.sessions.find(stores.id, "session-1") == ends[0]
    assert stores.sessions.find(stores.id, "session-3") == ends[2]
    stopped = stores.sessions.find(stores.id, "session-2")
    assert stopped is not None
    assert stopped.status is SessionStatus.COMPLETED
    assert sorted(e for e in published(stores) if "estimated" in e) == [
        "session-1:estimated",
        "session-3:estimated",
    ]
    assert stores.sessions.mark_faulted(stores.id, told, 10) == 0
    assert stores.sessions.mark_faulted(stores.id, [], 11) == 0
    assert len([e for e in published(stores) if "estimated" in e]) == 2


def test_a_late_stop_completes_a_session_that_was_faulted(stores: Stores) -> None:
    made = insert(stores)
    stores.sessions.mark_faulted(stores.id, [(an_end(made), an_event("estimated"))], 2)
    done = complete(stores, made, 120)
    assert stores.sessions.find(stores.id, made.id) == done
    assert published(stores) == ["session-1:started", "estimated", "session-1:stopped"]


def test_a_note_is_added_once(stores: Stores) -> None:
    made = insert(stores, review=("odd",))
    for _ in range(2):
        stores.sessions.note_review(made, "second_stop_differs")
    found = stores.sessions.find(stores.id, made.id)
    assert found is not None
    assert found.review == ("odd", "second_stop_differs")


def test_a_running_session_shows_the_readings_received_so_far_in_order_of_time(stores: Stores) -> None:
    made = insert(stores)
    read_meter(stores, made.id, (60, "1500"), (30, "1200"), (90, "not a number"))
    expected = (EnergyValue(at(30), 1200), EnergyValue(at(60), 1500))
    assert stores.sessions.energy_values(made) == expected
    found = stores.sessions.find(stores.id, made.id)
    assert found is not None
    assert found.meter_values == expected


def test_the_same_reading_twice_is_kept_once(stores: Stores) -> None:
    made = insert(stores)
    for _ in range(2):
        read_meter(stores, made.id, (30, "1200"))
    assert len(stores.sessions.energy_values(made)) == 1


@pytest.mark.parametrize("owner", ["session-1|x#1", "session-10", "session-1#1", "session-1}", "session-"])
def test_readings_of_others_with_similar_names_do_not_get_in(stores: Stores, owner: str) -> None:
    """A charge point may be called anything, also `session-1|x`."""
    made = insert(stores, 1)
    read_meter(stores, owner, (30, "9999"))
    assert stores.sessions.energy_values(made) == ()


# --- lists -------------------------------------------------------------------------------------------


def test_the_newest_start_comes_first_a_stop_without_start_by_its_stop(stores: Stores) -> None:
    insert(stores, 1, start_time=at(10))
    insert(stores, 2, start_time=at(30))
    insert(stores, 3, start_time=None, stop_time=at(20), status=SessionStatus.FAULTED)
    listed = stores.sessions.list_page(stores.id, PageRequest()).items
    assert [found.transaction_id for found in listed] == [2, 3, 1]


def test_pages_follow_each_other_also_among_equal_times(stores: Stores) -> None:
    for number in range(1, 8):
        insert(stores, number, start_time=at(number // 3))
    seen: list[tuple[datetime | None, str]] = []
    cursor: str | None = None
    for _ in range(4):
        page = stores.sessions.list_page(stores.id, PageRequest(limit=2, cursor=cursor))
        seen += [(found.start_time, found.id) for found in page.items]
        cursor = page.next_cursor
    assert len(set(seen)) == 7
    assert seen == sorted(seen, reverse=True, key=lambda shown: (shown[0] or NOON, shown[1]))
    assert cursor is None


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        ({"charge_point_id": "CP-2"}, [2]),
        ({"status": "active"}, [2, 1]),
        ({"status": "completed", "charge_point_id": "CP-1"}, [3]),
        ({"id_tag": "TAG-1"}, [3, 2, 1]),
        ({"charge_point_id": "nobody"}, []),
        ({"connector_id": 1, "from_at": at(2)}, [3, 2]),
        ({"from_at": at(1), "to_at": at(3)}, [2, 1]),
        ({"to_at": at(1)}, []),
        ({"needs_review": True}, [3]),
        ({"needs_review": False, "charge_point_id": "CP-1"}, [1]),
    ],
)
def test_filters_are_exact(stores: Stores, filters: dict[str, Any], numbers: list[int]) -> None:
    insert(stores, 1, start_time=at(1))
    other = a_session(2, ChargePointRef(stores.id, "CP-2"), start_time=at(2))
    stores.sessions.insert(other, [an_event()], 1)
    insert(stores, 3, start_time=at(3), status=SessionStatus.COMPLETED, review=("odd",))
    listed = stores.sessions.list_page(stores.id, PageRequest(filters=filters)).items
    assert [found.transaction_id for found in listed] == numbers


def test_a_list_shows_the_newest_reading_of_a_running_session(stores: Stores) -> None:
    made = insert(stores)
    read_meter(stores, made.id, (60, "1500"), (30, "1200"))
    (listed,) = stores.sessions.list_page(stores.id, PageRequest()).items
    assert listed.meter_values == (EnergyValue(at(60), 1500),)
    assert listed.energy_wh == 500


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "WyJhIl0",
        "WyJhIiwiYiJd",
        "WyJhIiwxZTQwMF0",
        "WyJhIiw5OTk5OTk5OTk5OTk5OTk5OTk5XQ",
        "WyJhIix0cnVlXQ",
    ],
)
def test_a_cursor_that_no_page_gave_is_refused(stores: Stores, cursor: str) -> None:
    with pytest.raises(InvalidInput):
        stores.sessions.list_page(stores.id, PageRequest(cursor=cursor))


def test_another_lists_cursor_is_refused(stores: Stores) -> None:
    for number in range(2):
        stores.charge_points.insert(ChargePoint(stores.id, f"CP-{number}", None))
    foreign = stores.charge_points.list_page(stores.id, PageRequest(limit=1)).next_cursor
    assert foreign is not None
    with pytest.raises(InvalidInput):
        stores.sessions.list_page(stores.id, PageRequest(cursor=foreign))
