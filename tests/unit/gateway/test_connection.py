"""One charge point on one WebSocket: calls in order, each answered once; commands on a lane of their own."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.charge_point import ChargePointSettings
from app.ocpp.envelope import ReportKind
from app.ocpp.quirks import Quirk
from tests.unit.gateway.conftest import Line, a_delivery

pytestmark = pytest.mark.asyncio

HEARTBEAT = [2, "1", "Heartbeat", {}]


def call(unique_id: str, number: int = 0) -> list[object]:
    return [2, unique_id, "DataTransfer", {"vendorId": "v", "data": str(number)}]


# --- calls of the charge point -----------------------------------------------------------------------


async def test_a_call_goes_up_with_its_circumstances_and_its_answer_comes_down() -> None:
    async with Line(epoch=7) as line:
        line.websocket.says(HEARTBEAT)
        sent = await line.uplink.call()
        assert (sent.charge_point_id, sent.connection_id) == ("CP-1", line.connection.connection_id)
        assert (sent.epoch, sent.sequence, sent.registration) == (7, 1, "Accepted")
        assert json.loads(sent.text) == HEARTBEAT
        assert abs(sent.received_ms / 1000 - datetime.now(UTC).timestamp()) < 10
        assert await line.answer(sent, {"currentTime": "now"}) == [3, "1", {"currentTime": "now"}]


async def test_one_call_at_a_time_goes_up_the_next_ones_wait_in_order() -> None:
    """Design section 3: a batch never holds two calls of one charge point."""
    async with Line() as line:
        line.websocket.says(*[call(str(number)) for number in range(4)])
        for number in range(4):
            sent = await line.uplink.call()
            await line.settle()
            assert line.uplink.idle
            assert (sent.sequence, json.loads(sent.text)[1]) == (number + 1, str(number))
            assert (await line.answer(sent))[1] == str(number)
        assert not line.connection.is_busy


async def test_bytes_are_taken_as_text() -> None:
    async with Line() as line:
        line.websocket.says(json.dumps(HEARTBEAT).encode())
        assert json.loads((await line.uplink.call()).text) == HEARTBEAT


async def test_an_answer_that_nobody_awaits_is_ignored() -> None:
    """The queue's late answer, after the fallback has answered."""
    async with Line() as line:
        line.websocket.says(call("1"), call("2"))
        first = await line.uplink.call()
        line.connection.answer(99, '[3,"1",{}]', None)
        await line.answer(first)
        second = await line.uplink.call()
        line.connection.answer(first.sequence, '[3,"1",{"again":true}]', "Rejected")
        await line.settle()
        assert line.websocket.silent
        assert line.connection.registration == "Accepted"
        assert (await line.answer(second))[1] == "2"


async def test_a_call_that_nobody_answers_is_an_internal_error_and_the_next_goes_up() -> None:
    """Else the charge point's line would stand still for ever."""
    async with Line() as line:
        line.websocket.says(call("1"), call("2"))
        first = await line.uplink.call()
        line.connection.fail(first.sequence)
        assert (await line.websocket.heard())[:3] == [4, "1", "InternalError"]
        second = await line.uplink.call()
        line.connection.fail(first.sequence)
        await line.settle()
        assert line.websocket.silent
        assert (await line.answer(second))[1] == "2"


async def test_a_boots_verdict_counts_for_the_calls_behind_it() -> None:
    """A33."""
    async with Line(registration=None) as line:
        line.websocket.says([2, "1", "BootNotification", {}], [2, "2", "Heartbeat", {}])
        boot = await line.uplink.call()
        assert boot.registration is None
        line.connection.answer(boot.sequence, '[3,"1",{}]', "Pending")
        assert (await line.uplink.call()).registration == "Pending"


# --- repeated calls (A32) ----------------------------------------------------------------------------


async def test_a_repeated_call_gets_the_stored_answer() -> None:
    async with Line() as line:
        line.websocket.says(call("1"))
        await line.answer(await line.uplink.call(), {"status": "Accepted"})
        line.websocket.says(call("1"))
        assert await line.websocket.heard() == [3, "1", {"status": "Accepted"}]
        assert line.uplink.idle


async def test_a_call_repeated_while_it_is_worked_on_is_answered_once() -> None:
    async with Line() as line:
        line.websocket.says(call("1"), call("1"), call("2"), call("2"), call("3"))
        for unique_id in ("1", "2", "3"):
            sent = await line.uplink.call()
            assert json.loads(sent.text)[1] == unique_id
            await line.answer(sent)
        await line.settle()
        assert line.uplink.idle
        assert line.websocket.silent


async def test_the_same_id_with_another_payload_is_a_new_call() -> None:
    """Charge points start their counters anew."""
    async with Line() as line:
        line.websocket.says(call("1", 1))
        await line.answer(await line.uplink.call())
        line.websocket.says(call("1", 2))
        assert json.loads((await line.uplink.call()).text) == call("1", 2)


async def test_a_call_that_failed_may_be_tried_again_under_the_same_id() -> None:
    """A27: the retry of a transaction message must reach the store, not the memory of a failure."""
    async with Line() as line:
        line.websocket.says(call("1"))
        first = await line.uplink.call()
        line.connection.answer(first.sequence, '[4,"1","InternalError","try again later",{}]', None)
        assert (await line.websocket.heard())[0] == 4
        line.websocket.says(call("1"))
        assert (await line.answer(await line.uplink.call()))[0] == 3


async def test_only_the_last_answers_are_remembered() -> None:
    async with Line() as line:
        for number in range(9):
            line.websocket.says(call(str(number)))
            await line.answer(await line.uplink.call())
        line.websocket.says(call("0"))
        assert json.loads((await line.uplink.call()).text) == call("0")


async def test_a_retry_on_a_new_socket_gets_the_answer_of_the_old_one() -> None:
    async with Line(epoch=1) as old, Line(epoch=2) as new:
        old.websocket.says(call("1"))
        await old.answer(await old.uplink.call(), {"status": "Accepted"})
        new.connection.remember_answers_of(old.connection)
        new.websocket.says(call("1"))
        assert await new.websocket.heard() == [3, "1", {"status": "Accepted"}]


# --- what it is forgiven, and how it is treated -------------------------------------------------------


async def test_what_was_forgiven_is_counted_with_the_next_call_and_once() -> None:
    async with Line(deviations=(Quirk.MISSING_SUBPROTOCOL,)) as line:
        line.websocket.says([2, "1", "Heartbeat", None], call("2"))
        first = await line.uplink.call()
        assert first.deviations == (Quirk.MISSING_SUBPROTOCOL, Quirk.NULL_PAYLOAD)
        await line.answer(first)
        assert (await line.uplink.call()).deviations == ()


async def test_a_repeated_call_is_counted() -> None:
    async with Line() as line:
        line.websocket.says(call("1"))
        await line.answer(await line.uplink.call())
        line.websocket.says(call("1"), call("2"))
        assert (await line.uplink.call()).deviations == (Quirk.REPEATED_CALL,)


async def test_calls_carry_the_charge_points_settings() -> None:
    settings = ChargePointSettings(strict=True, time_zone="Europe/Berlin")
    async with Line(settings=settings) as line:
        line.websocket.says(HEARTBEAT)
        sent = await line.uplink.call()
        assert (sent.strict, sent.time_zone) == (True, "Europe/Berlin")


# --- a bounded line ----------------------------------------------------------------------------------


async def test_who_sends_faster_than_is_worked_is_slowed_down_and_loses_nothing() -> None:
    async with Line(max_waiting_calls=3) as line:
        line.websocket.says(*[call(str(number)) for number in range(10)])
        first = await line.uplink.call()
        await line.settle()
        assert line.websocket.read == 4  # one under way, three in line, the rest unread
        await line.answer(first)
        await line.settle()
        assert line.websocket.read == 5
        for _ in range(9):
            await line.answer(await line.uplink.call())
        await line.settle()
        assert line.websocket.read == 10


# --- frames that are none ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ['[9,"1","x"]', "hello", "{}", "[]", '[3,"nope",{}]', '[4,"nope","X","",{}]', ""]
)
async def test_what_cannot_be_answered_is_not_and_the_line_stays_usable(text: str) -> None:
    """A19, A25, A31, vector H6."""
    async with Line() as line:
        line.websocket.says(text, HEARTBEAT)
        sent = await line.uplink.call()
        assert line.websocket.silent
        assert await line.answer(sent) == [3, "1", {}]


async def test_an_empty_frame_is_ignored_and_counted() -> None:
    """G23: and it is not malformed."""
    async with Line() as line:
        line.websocket.says(*[""] * 60, " \n", HEARTBEAT)
        sent = await line.uplink.call()
        assert set(sent.deviations) == {Quirk.EMPTY_FRAME}
        assert (line.uplink.strays, line.websocket.closed_with) == ([], None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("hello", "not JSON"),
        ("[]", "not a non-empty array"),
        ('[9,"1","x"]', "message type 9"),
        ('[3,"nope",{}]', "an answer to no call"),
        ('[2,"1","Heartbeat"]', "a Call has 4 elements, not 3"),
    ],
)
async def test_a_stray_frame_goes_to_the_message_log_with_the_reason(text: str, reason: str) -> None:
    async with Line() as line:
        line.websocket.says(text, HEARTBEAT)
        assert (await line.uplink.call()).deviations == (Quirk.STRAY_FRAME,)
        (stray,) = line.uplink.strays
        assert (stray.charge_point_id, stray.text) == ("CP-1", text)
        assert reason in stray.reason


async def test_of_a_flood_of_strays_only_some_are_kept_until_a_call_comes() -> None:
    async with Line() as line:
        line.websocket.says(*['[9,"x"]'] * 100, "x" * 10_000, HEARTBEAT, "y" * 10_000, call("2"))
        await line.answer(await line.uplink.call())
        assert len(line.uplink.strays) == 21
        assert line.uplink.strays[-1].text == "y" * 4096
        await line.answer(await line.uplink.call())
        assert line.websocket.closed_with is None


@pytest.mark.parametrize("unique_id", ["1", "x" * 37])
async def test_a_malformed_call_is_answered_under_its_id(unique_id: str) -> None:
    """Vector H7; an id that is too long is cut to what a CallError may carry."""
    async with Line() as line:
        line.websocket.says(
            [2, unique_id, "Heartbeat"] if unique_id == "1" else [2, unique_id, "Heartbeat", {}]
        )
        frame = await line.websocket.heard()
        assert (frame[:3], frame[4]) == ([4, unique_id[:36], "FormationViolation"], {})


async def test_after_too_many_malformed_frames_in_a_row_the_connection_is_closed() -> None:
    """A31."""
    async with Line() as line:
        line.websocket.says(*["garbage"] * 50)
        await asyncio.wait_for(line.websocket.ended.wait(), 5)
        assert line.websocket.closed_with == (1002, "too many malformed frames")


async def test_a_call_in_between_starts_the_count_anew() -> None:
    async with Line() as line:
        line.websocket.says(*["garbage"] * 49, HEARTBEAT, *["garbage"] * 49, call("2"))
        await line.answer(await line.uplink.call())
        await line.answer(await line.uplink.call())
        assert line.websocket.closed_with is None


# --- commands ----------------------------------------------------------------------------------------


async def test_a_command_is_sent_and_its_answer_reported() -> None:
    async with Line() as line:
        line.connection.deliver(a_delivery("cmd-1"))
        frame = await line.websocket.heard()
        assert (frame[0], frame[2:]) == (2, ["Reset", {"type": "Soft"}])
        sent = await line.uplink.reported()
        assert (sent.command_id, sent.kind, sent.action) == ("cmd-1", ReportKind.SENT, "Reset")
        line.websocket.says([3, frame[1], {"status": "Accepted"}])
        answered = await line.uplink.reported()
        assert (answered.command_id, answered.kind) == ("cmd-1", ReportKind.ANSWERED)
        assert json.loads(answered.request or "") == frame
        assert json.loads(answered.answer or "") == [3, frame[1], {"status": "Accepted"}]


async def test_a_call_error_is_an_answer_too() -> None:
    async with Line() as line:
        line.connection.deliver(a_delivery())
        frame = await line.websocket.heard()
        await line.uplink.reported()
        line.websocket.says([4, frame[1], "NotSupported", "", {}])
        assert (await line.uplink.reported()).kind is ReportKind.ANSWERED


async def test_commands_go_out_one_at_a_time() -> None:
    """A22, vector H11."""
    async with Line() as line:
        for name in ("a", "b"):
            line.connection.deliver(a_delivery(name))
        first = await line.websocket.heard()
        await line.settle()
        assert line.websocket.silent
        line.websocket.says([3, first[1], {}])
        second = await line.websocket.heard()
        assert second[1] != first[1]
        kinds = [(r.command_id, r.kind.value) for r in [await line.uplink.reported() for _ in range(3)]]
        assert kinds == [("a", "sent"), ("a", "answered"), ("b", "sent")]


async def test_calls_are_answered_while_a_command_is_open_and_the_other_way_round() -> None:
    """A23, vector H11: the two lanes never wait for each other."""
    async with Line() as line:
        line.connection.deliver(a_delivery())
        command = await line.websocket.heard()
        line.websocket.says(HEARTBEAT)
        assert (await line.answer(await line.uplink.call()))[0] == 3
        line.websocket.says(call("2"), [3, command[1], {}])
        open_call = await line.uplink.call()
        assert [(await line.uplink.reported()).kind.value for _ in range(2)] == ["sent", "answered"]
        line.connection.deliver(a_delivery("cmd-2"))
        assert (await line.websocket.heard())[0] == 2
        await line.answer(open_call)


async def test_a_command_without_an_answer_is_given_up_and_the_next_goes_out() -> None:
    async with Line() as line:
        line.connection.deliver(a_delivery("a", timeout_s=0.01))
        line.connection.deliver(a_delivery("b"))
        first, second = await line.websocket.heard(), await line.websocket.heard()
        reports = [await line.uplink.reported() for _ in range(3)]
        assert [(r.command_id, r.kind.value) for r in reports] == [
            ("a", "sent"),
            ("a", "unanswered"),
            ("b", "sent"),
        ]
        assert json.loads(reports[1].request or "") == first
        line.websocket.says([3, first[1], {"status": "Accepted"}], [3, second[1], {}])
        late, answered = await line.uplink.reported(), await line.uplink.reported()
        assert (late.command_id, late.kind) == ("a", ReportKind.ANSWERED)
        assert (answered.command_id, answered.kind) == ("b", ReportKind.ANSWERED)


async def test_a_late_answer_does_not_stop_the_clock_of_the_open_command() -> None:
    async with Line() as line:
        line.connection.deliver(a_delivery("a", timeout_s=0.01))
        line.connection.deliver(a_delivery("b", timeout_s=0.05))
        first = await line.websocket.heard()
        await line.websocket.heard()
        line.websocket.says([3, first[1], {}])
        kinds = [(r.command_id, r.kind.value) for r in [await line.uplink.reported() for _ in range(5)]]
        assert kinds[-1] == ("b", "unanswered")


async def test_an_answer_is_reported_once() -> None:
    async with Line() as line:
        line.connection.deliver(a_delivery())
        frame = await line.websocket.heard()
        line.websocket.says([3, frame[1], {}], [3, frame[1], {}], HEARTBEAT)
        await line.uplink.call()
        assert [(await line.uplink.reported()).kind.value for _ in range(2)] == ["sent", "answered"]
        assert line.uplink.nothing_reported


@pytest.mark.parametrize("registration", [None, "Rejected"])
async def test_commands_wait_until_the_first_boot_was_answered(registration: str | None) -> None:
    """A35, G8: a call before that sends some charge points into a boot loop."""
    async with Line(registration=registration) as line:
        line.connection.deliver(a_delivery())
        line.websocket.says([2, "1", "BootNotification", {}])
        boot = await line.uplink.call()
        assert line.websocket.silent
        line.connection.answer(boot.sequence, '[3,"1",{}]', "Accepted")
        assert (await line.websocket.heard())[0] == 3
        assert (await line.websocket.heard())[0] == 2


async def test_no_command_comes_before_the_first_answer_and_a_moment() -> None:
    """G8: although the charge point is known and accepted (A38)."""
    async with Line(first_command_delay_s=0.05, silent_wait_s=60) as line:
        line.connection.deliver(a_delivery())
        line.websocket.says(HEARTBEAT, call("2"))
        first = await line.uplink.call()
        await line.settle()
        assert line.websocket.silent
        assert (await line.answer(first))[0] == 3
        second = await line.uplink.call()
        await line.settle()
        assert line.websocket.silent
        assert (await line.answer(second))[0] == 3
        assert (await line.websocket.heard())[0] == 2


async def test_with_its_first_answer_it_is_settled() -> None:
    """Its place among the handshakes is for the next one."""
    async with Line() as line:
        line.websocket.says(HEARTBEAT)
        sent = await line.uplink.call()
        assert not line.websocket.is_settled
        await line.answer(sent)
        assert line.websocket.is_settled


async def test_who_stays_silent_gets_its_commands_after_a_while() -> None:
    """A38: it has nothing to tell, and may not send a boot."""
    async with Line(silent_wait_s=0.05) as line:
        line.connection.deliver(a_delivery())
        await line.settle()
        assert line.websocket.silent
        assert (await line.websocket.heard())[0] == 2


async def test_after_each_boot_commands_wait_for_a_moment() -> None:
    async with Line(first_command_delay_s=0.05, silent_wait_s=0) as line:
        line.websocket.says([2, "1", "BootNotification", {}])
        boot = await line.uplink.call()
        line.connection.answer(boot.sequence, '[3,"1",{}]', "Accepted")
        await line.websocket.heard()
        line.connection.deliver(a_delivery())
        await line.settle()
        assert line.websocket.silent
        assert (await line.websocket.heard())[0] == 2


async def test_no_command_overtakes_the_answer_to_a_boot() -> None:
    """G8: what the boot itself calls for reaches the gateway before the boot's answer does."""
    async with Line() as line:
        line.websocket.says(HEARTBEAT)
        await line.answer(await line.uplink.call())
        await line.settle()
        line.websocket.says(call("2"), [2, "3", "BootNotification", {}])
        before = await line.uplink.call()
        await line.settle()
        line.connection.deliver(a_delivery())
        assert (await line.answer(before))[0] == 3
        boot = await line.uplink.call()
        await line.settle()
        assert line.websocket.silent
        line.connection.answer(boot.sequence, '[3,"3",{}]', "Accepted")
        assert [(await line.websocket.heard())[0] for _ in range(2)] == [3, 2]


async def test_a_boot_that_could_not_be_handled_holds_commands_no_longer_than_its_answer() -> None:
    async with Line() as line:
        line.websocket.says([2, "1", "BootNotification", {}])
        boot = await line.uplink.call()
        await line.settle()
        line.connection.deliver(a_delivery())
        line.connection.fail(boot.sequence)
        assert [(await line.websocket.heard())[0] for _ in range(2)] == [4, 2]


async def test_what_is_not_for_a_pending_charge_point_waits_until_it_is_accepted() -> None:
    """A34: taken while it was accepted and offline; what may go out does not wait behind it."""
    start = {"action": "RemoteStartTransaction", "payload": {"idTag": "TAG"}}
    async with Line(registration="Pending") as line:
        line.connection.deliver(a_delivery("start", **start))
        line.connection.deliver(a_delivery("reset"))
        sent = await line.websocket.heard()
        assert sent[2] == "Reset"
        line.websocket.says([3, sent[1], {}])
        await line.settle()
        assert line.websocket.silent
        line.websocket.says([2, "1", "BootNotification", {}])
        line.connection.answer((await line.uplink.call()).sequence, '[3,"1",{}]', "Accepted")
        await line.websocket.heard()
        assert (await line.websocket.heard())[2] == "RemoteStartTransaction"


async def test_a_rejected_boot_releases_nothing() -> None:
    async with Line(registration=None) as line:
        line.connection.deliver(a_delivery())
        line.websocket.says([2, "1", "BootNotification", {}])
        line.connection.answer((await line.uplink.call()).sequence, '[3,"1",{}]', "Rejected")
        await line.websocket.heard()
        await line.settle()
        assert line.websocket.silent


async def test_what_waited_too_long_is_reported_and_not_sent() -> None:
    async with Line() as line:
        line.connection.deliver(a_delivery("old", expires_at=datetime.now(UTC) - timedelta(seconds=1)))
        assert (await line.uplink.reported()).kind is ReportKind.EXPIRED
        await line.settle()
        assert line.websocket.silent


async def test_more_commands_than_the_line_holds_are_left_in_the_store() -> None:
    async with Line(registration=None) as line:
        for number in range(70):
            line.connection.deliver(a_delivery(f"cmd-{number}"))
        assert line.uplink.nothing_reported


async def test_when_a_line_that_was_full_is_empty_it_asks_for_more() -> None:
    async with Line() as line:
        for number in range(66):
            line.connection.deliver(a_delivery(f"cmd-{number}"))
        for _ in range(63):
            assert not line.wanted_commands
            line.websocket.says([3, (await line.websocket.heard())[1], {}])
        line.websocket.says([3, (await line.websocket.heard())[1], {}])
        assert line.wanted_commands == [line.connection]


async def test_when_the_socket_is_gone_the_open_commands_outcome_is_unknown_the_others_wait() -> None:
    """A24: what waits takes the next connection."""
    async with Line() as line:
        for name in ("a", "b"):
            line.connection.deliver(a_delivery(name))
        await line.websocket.heard()
        await line.uplink.reported()
    line.connection.ended()
    lost = await line.uplink.reported()
    assert (lost.command_id, lost.kind) == ("a", ReportKind.CONNECTION_LOST)
    assert lost.request is not None  # for the message log
    assert line.uplink.nothing_reported


# --- the socket --------------------------------------------------------------------------------------


async def test_who_never_reads_loses_its_connection() -> None:
    async with Line(send_timeout_s=0.02) as line:
        line.websocket.may_write.clear()
        line.connection.send("[]")
        await asyncio.wait_for(line.websocket.aborted.wait(), 5)


async def test_frames_are_written_in_order() -> None:
    async with Line() as line:
        for number in range(5):
            line.connection.send(json.dumps([number]))
        assert [await line.websocket.heard() for _ in range(5)] == [[0], [1], [2], [3], [4]]


async def test_writing_to_a_closed_socket_is_no_failure() -> None:
    async with Line() as line:
        line.connection.close(1000, "bye")
        await line.websocket.ended.wait()
        line.connection.send("[]")
        await line.settle()
        assert line.websocket.closed_with == (1000, "bye")


# --- the gateway restarts ----------------------------------------------------------------------------


async def test_an_idle_connection_retires_at_once() -> None:
    async with Line() as line:
        line.connection.retire()
        await line.websocket.ended.wait()
        assert line.websocket.closed_with == (1012, "the gateway restarts")


async def test_a_busy_one_retires_after_the_answer() -> None:
    async with Line() as line:
        line.websocket.says(call("1"), call("2"))
        first = await line.uplink.call()
        line.connection.retire()
        assert (await line.answer(first))[1] == "1"
        assert line.websocket.closed_with is None
        assert (await line.answer(await line.uplink.call()))[1] == "2"
        await line.websocket.ended.wait()
        assert line.websocket.closed_with == (1012, "the gateway restarts")


async def test_a_command_on_the_wire_gets_its_answer_and_no_other_goes_out() -> None:
    async with Line() as line:
        line.connection.deliver(a_delivery("cmd-1"))
        sent = await line.websocket.heard()
        line.connection.retire()
        line.connection.deliver(a_delivery("cmd-2"))
        await line.settle()
        assert line.websocket.silent
        assert line.websocket.closed_with is None
        line.websocket.says([3, sent[1], {"status": "Accepted"}])
        kinds = [(await line.uplink.reported()).kind for _ in range(2)]
        assert kinds == [ReportKind.SENT, ReportKind.ANSWERED]
        line.connection.retire()
        await line.websocket.ended.wait()
        assert line.websocket.silent
        assert line.uplink.nothing_reported


async def test_it_is_closed_once_however_often_it_is_asked() -> None:
    async with Line() as line:
        line.connection.retire()
        await line.websocket.ended.wait()
        line.websocket.closed_with = None
        line.connection.retire()
        line.connection.restart()
        await line.settle()
        assert line.websocket.closed_with is None
