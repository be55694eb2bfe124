"""Lanes: batches that grow while the credits are used up."""

from app.ocpp.envelope import CommandReport, ReportKind
from gateway.lanes import Lane, Speakers, Waiting
from tests.builders import REF


def a_lane(waiting: int, window: int = 2, max_calls: int = 3) -> Lane:
    lane = Lane("acme", window, max_calls)
    lane.waiting.extend(item(number) for number in range(waiting))
    return lane


def item(number: int) -> Waiting:
    return Waiting(CommandReport(REF.charge_point_id, f"cmd-{number}", ReportKind.SENT, 0, "Reset"))


def names(items: list[Waiting]) -> list[str]:
    return [waiting.item.command_id for waiting in items if isinstance(waiting.item, CommandReport)]


def test_a_batch_takes_what_waits_in_order() -> None:
    assert names(a_lane(2).take_batch()) == ["cmd-0", "cmd-1"]


def test_a_batch_has_a_largest_size() -> None:
    lane = a_lane(5)
    assert [names(lane.take_batch()), names(lane.take_batch())] == [
        ["cmd-0", "cmd-1", "cmd-2"],
        ["cmd-3", "cmd-4"],
    ]


def test_without_a_credit_nothing_leaves() -> None:
    lane = a_lane(9)
    lane.take_batch()
    lane.take_batch()
    assert lane.take_batch() == []
    assert len(lane.waiting) == 3
    lane.give_back()
    assert len(lane.take_batch()) == 3


def test_an_empty_lane_uses_no_credit() -> None:
    lane = a_lane(0, window=1)
    assert lane.take_batch() == []
    assert lane.credits == 1


def test_what_waits_can_be_moved_behind_what_waits_elsewhere() -> None:
    from_here, to_there = a_lane(2), a_lane(1)
    from_here.empty_into(to_there)
    assert not from_here.waiting
    assert names(list(to_there.waiting)) == ["cmd-0", "cmd-0", "cmd-1"]


def test_a_batch_may_be_asked_to_be_smaller() -> None:
    assert names(a_lane(5).take_batch(2)) == ["cmd-0", "cmd-1"]
    assert len(a_lane(5).take_batch(9)) == 3


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
