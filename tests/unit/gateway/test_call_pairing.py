"""Outgoing calls of one connection: one on the wire, each paired with its answer (A22, A25)."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

from gateway.call_pairing import MAX_WAITING, OutgoingCalls, SentCall
from tests.unit.gateway.conftest import a_delivery


def offered(*names: str) -> OutgoingCalls:
    calls = OutgoingCalls()
    for name in names:
        assert calls.offer(a_delivery(name))
    return calls


def send(calls: OutgoingCalls) -> SentCall:
    sent = calls.next_call()
    assert sent is not None
    return sent


def test_the_next_call_goes_out_after_the_answer_to_the_one_before() -> None:
    """A22, vector H11."""
    calls = offered("a", "b")
    first = send(calls)
    assert calls.next_call() is None
    assert calls.take_answered(first.unique_id) is first
    assert send(calls).delivery.command_id == "b"


def test_the_frame_is_a_call_under_a_uuid() -> None:
    """A18."""
    sent = send(offered("a"))
    assert json.loads(sent.text) == [2, sent.unique_id, "Reset", {"type": "Soft"}]
    assert UUID(sent.unique_id).version == 4


def test_commands_keep_their_order() -> None:
    calls = offered("a", "b", "c")
    names = []
    while (sent := calls.next_call()) is not None:
        names.append(sent.delivery.command_id)
        calls.take_answered(sent.unique_id)
    assert names == ["a", "b", "c"]


def test_the_same_command_delivered_twice_is_sent_once() -> None:
    """From the stream and from the store, at a reconnect."""
    calls = offered("a", "a")
    sent = send(calls)
    calls.take_answered(sent.unique_id)
    assert calls.offer(a_delivery("a"))
    assert calls.next_call() is None


def test_the_line_is_bounded() -> None:
    calls = offered(*(f"c-{number}" for number in range(MAX_WAITING)))
    assert not calls.offer(a_delivery("one too many"))
    calls.take_answered(send(calls).unique_id)
    assert calls.offer(a_delivery("now there is room"))


def test_a_command_that_found_no_room_may_come_again() -> None:
    calls = offered(*(f"c-{number}" for number in range(MAX_WAITING)))
    calls.offer(a_delivery("late"))
    calls.take_answered(send(calls).unique_id)
    calls.offer(a_delivery("late"))
    names = []
    while (sent := calls.next_call()) is not None:
        names.append(sent.delivery.command_id)
        calls.take_answered(sent.unique_id)
    assert names[-1] == "late"


def test_what_may_not_go_out_yet_is_passed_over_and_kept_in_its_place() -> None:
    calls = offered("a", "b", "c")
    sent = calls.next_call(lambda delivery: delivery.command_id != "a")
    assert sent is not None
    assert sent.delivery.command_id == "b"
    calls.take_answered(sent.unique_id)
    assert send(calls).delivery.command_id == "a"


def test_what_is_in_line_is_in_it_once_however_much_passes_it_by() -> None:
    """The sweep offers again and again what has not gone out yet."""
    calls = offered("held")
    for number in range(300):
        calls.offer(a_delivery(f"c-{number}"))
        sent = calls.next_call(lambda delivery: delivery.command_id != "held")
        assert sent is not None
        calls.take_answered(sent.unique_id)
    assert calls.offer(a_delivery("held"))
    calls.take_answered(send(calls).unique_id)
    assert calls.next_call() is None


def test_an_answer_to_nothing_is_nobodys() -> None:
    calls = offered("a")
    assert calls.take_answered("unknown") is None
    sent = send(calls)
    assert calls.take_answered("unknown") is None
    assert calls.open is sent


def test_an_answer_is_taken_once() -> None:
    calls = offered("a")
    sent = send(calls)
    calls.take_answered(sent.unique_id)
    assert calls.take_answered(sent.unique_id) is None


def test_after_a_time_out_the_next_goes_out_and_the_late_answer_still_finds_its_call() -> None:
    """A25."""
    calls = offered("a", "b")
    first = send(calls)
    assert calls.time_out(first)
    second = send(calls)
    assert calls.take_answered(first.unique_id) is first
    assert calls.open is second


def test_what_was_answered_cannot_time_out() -> None:
    calls = offered("a", "b")
    first = send(calls)
    calls.take_answered(first.unique_id)
    second = send(calls)
    assert not calls.time_out(first)
    assert calls.open is second


def test_only_the_last_time_outs_are_remembered() -> None:
    calls = offered(*(f"c-{number}" for number in range(20)))
    sent = []
    while (call := calls.next_call()) is not None:
        sent.append(call)
        calls.time_out(call)
    assert calls.take_answered(sent[0].unique_id) is None
    assert calls.take_answered(sent[-1].unique_id) is sent[-1]


def test_what_has_waited_too_long_is_taken_out_and_never_sent() -> None:
    now = datetime.now(UTC)
    calls = OutgoingCalls()
    for name, seconds in (("old", -1), ("now", 0), ("new", 60)):
        calls.offer(a_delivery(name, expires_at=now + timedelta(seconds=seconds)))
    assert [delivery.command_id for delivery in calls.take_expired(now)] == ["old", "now"]
    assert send(calls).delivery.command_id == "new"
    assert calls.next_call() is None
