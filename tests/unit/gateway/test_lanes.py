"""Lanes: batches that grow while one is under way."""

from app.ocpp.envelope import CommandReport, ReportKind
from gateway.lanes import Lane, Speakers, Waiting
from tests.builders import REF

FULL, MOST, FULL_ONES = 3, 4, 2


def a_lane(waiting: int) -> Lane:
    lane = Lane("acme")
    lane.waiting.extend(item(number) for number in range(waiting))
    return lane


def take(lane: Lane) -> list[str]:
    return names(lane.take_batch(FULL, MOST, FULL_ONES))


def item(number: int) -> Waiting:
    return Waiting(CommandReport(REF.charge_point_id, f"cmd-{number}", ReportKind.SENT, 0, "Reset"))


def names(items: list[Waiting]) -> list[str]:
    return [waiting.item.command_id for waiting in items if isinstance(waiting.item, CommandReport)]


def test_a_batch_takes_what_waits_in_order() -> None:
    assert take(a_lane(2)) == ["cmd-0", "cmd-1"]


def test_a_batch_has_a_largest_size() -> None:
    assert take(a_lane(5)) == ["cmd-0", "cmd-1", "cmd-2", "cmd-3"]


def test_while_one_is_under_way_only_a_full_one_leaves_beside_it() -> None:
    lane = a_lane(6)
    take(lane)
    assert take(lane) == []
    lane.waiting.append(item(6))
    assert take(lane) == ["cmd-4", "cmd-5", "cmd-6"]


def test_no_more_than_so_many_are_under_way() -> None:
    lane = a_lane(12)
    assert [len(take(lane)) for _ in range(3)] == [4, 4, 0]
    lane.end_batch()
    assert len(take(lane)) == 4


def test_when_none_is_under_way_any_leaves() -> None:
    lane = a_lane(5)
    take(lane)
    lane.end_batch()
    assert take(lane) == ["cmd-4"]


def test_an_empty_lane_sends_nothing() -> None:
    lane = a_lane(0)
    assert take(lane) == []
    assert lane.under_way == 0


def test_what_waits_can_be_moved_behind_what_waits_elsewhere() -> None:
    from_here, to_there = a_lane(2), a_lane(1)
    from_here.empty_into(to_there)
    assert not from_here.waiting
    assert names(list(to_there.waiting)) == ["cmd-0", "cmd-0", "cmd-1"]


def test_who_speaks_beside_whom() -> None:
    speakers = Speakers()
    assert speakers.is_alone("loud", 0.0)
    for now in (0.0, 0.1, 0.2):
        speakers.heard("loud", now)
    assert speakers.is_alone("loud", 0.2)
    speakers.heard("calm", 0.3)
    speakers.heard("loud", 0.4)
    assert not speakers.is_alone("loud", 1.0)
    assert not speakers.is_alone("calm", 1.0)
    speakers.heard("loud", 5.0)
    assert speakers.is_alone("loud", 5.0)
    assert not speakers.is_alone("calm", 5.0)
