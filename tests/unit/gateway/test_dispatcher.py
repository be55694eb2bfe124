"""The way of every call: queue or bypass, by the tenant's wish and by what works right now."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from app.domain.context import ChargePointRef
from app.domain.tenant import Tenant
from app.ocpp.envelope import BatchEnvelope, CommandReport, InboundCall, Reply, ReportKind, StrayFrame
from app.services.tenants import TenantDirectory
from gateway import dispatcher
from gateway.connection import ChargePointConnection
from gateway.departures import TASKS_UNDER_WAY
from gateway.dispatcher import FULL_ONES, MAX_CALLS, MAX_CALLS_BESIDE, Dispatcher
from tests.builders import a_tenant
from tests.fakes.clock import FakeClock
from tests.fakes.tenants import FakeTenantRepository

pytestmark = pytest.mark.asyncio
ANSWER_TIMEOUT_S = 2.0


class FakeTime:
    """Both clocks of the machine, moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now


class FakeConnection:
    """Notes the answers it gets."""

    def __init__(self, number: int, tenant_id: str) -> None:
        self.ref = ChargePointRef(tenant_id, f"CP-{number}")
        self.connection_id = f"c-{tenant_id}-{number}"
        self.answers: list[str] = []
        self.failed: list[int] = []

    def answer(self, sequence: int, text: str, registration: str | None) -> None:
        self.answers.append(text)

    def fail(self, sequence: int) -> None:
        self.failed.append(sequence)


class Desk:
    """A dispatcher between fake carriers."""

    def __init__(self, time: FakeTime) -> None:
        self.time = time
        self.repository = FakeTenantRepository()
        self.directory = TenantDirectory(self.repository)
        self.queued: list[BatchEnvelope] = []
        self.tasks: list[tuple[str, int]] = []
        self.bypassed: list[BatchEnvelope] = []
        self.dispatcher = Dispatcher(
            "gw-1", self.directory, FakeClock(), ANSWER_TIMEOUT_S, self.publish, self.bypassed.append
        )
        self.configure(a_tenant())

    def publish(self, queue: str, envelopes: Sequence[BatchEnvelope]) -> None:
        self.tasks.append((queue, len(envelopes)))
        self.queued.extend(envelopes)

    def configure(self, *tenants: Tenant) -> None:
        for tenant in tenants:
            known = self.repository.find(tenant.id)
            if known is None:
                self.repository.insert(tenant)
            else:
                self.repository.replace(replace(tenant, revision=known.revision))
        self.directory.refresh()

    async def submit(self, count: int, tenant_id: str = "acme") -> list[FakeConnection]:
        """Calls of so many charge points that came in one turn of the loop."""
        connections = [FakeConnection(number, tenant_id) for number in range(count)]
        for connection in connections:
            call = InboundCall(
                connection.ref.charge_point_id, connection.connection_id, 1, 1, "Accepted", 0, "[]"
            )
            self.dispatcher.submit(cast(ChargePointConnection, connection), call)
        await self.turn()
        return connections

    async def turn(self) -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    def handled(self, envelope: BatchEnvelope, text: str = "ok") -> None:
        """A worker, or bypass, has answered it."""
        self.dispatcher.take_replies(envelope.batch_id, replies_to(envelope, text))

    def pass_time(self, seconds: float) -> None:
        self.time.now += seconds
        self.dispatcher.check_deadlines()


def replies_to(envelope: BatchEnvelope, text: str) -> list[Reply]:
    return [Reply(call.connection_id, call.sequence, text) for call in envelope.calls]


def sizes(envelopes: Sequence[BatchEnvelope]) -> list[int]:
    return [len(envelope.calls) for envelope in envelopes]


def answers(connections: Sequence[FakeConnection]) -> list[list[str]]:
    return [connection.answers for connection in connections]


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> "SimpleNamespace":
    """Makes a desk inside the running loop."""
    time = FakeTime()
    monkeypatch.setattr(dispatcher, "time", time)
    return SimpleNamespace(open=lambda: Desk(time))


# --- the queue ---------------------------------------------------------------------------------------


async def test_a_single_call_leaves_at_once_by_the_queue(desk: SimpleNamespace) -> None:
    at: Desk = desk.open()
    (connection,) = await at.submit(1)
    (envelope,) = at.queued
    assert (envelope.tenant_id, envelope.gateway_id, sizes([envelope])) == ("acme", "gw-1", [1])
    assert envelope.deadline_ms == 1_002_000
    at.handled(envelope)
    assert connection.answers == ["ok"]
    assert at.dispatcher.is_idle


async def test_calls_of_one_turn_leave_together_by_tenant(desk: SimpleNamespace) -> None:
    at: Desk = desk.open()
    at.configure(a_tenant("beta"))
    for tenant_id in ("acme", "beta", "acme"):
        connection = FakeConnection(1, tenant_id)
        at.dispatcher.submit(
            cast(ChargePointConnection, connection),
            InboundCall("CP-1", connection.connection_id, 1, 1, None, 0, "[]"),
        )
    await at.turn()
    assert sorted((e.tenant_id, len(e.calls)) for e in at.queued) == [("acme", 2), ("beta", 1)]


async def test_batches_grow_while_one_is_under_way(desk: SimpleNamespace) -> None:
    """Design section 3: single when idle, large under load, and nobody has to tune it."""
    at: Desk = desk.open()
    for _ in range(31):
        await at.submit(1)
    assert sizes(at.queued) == [1]
    at.handled(at.queued[0])
    assert sizes(at.queued) == [1, 30]


async def test_full_batches_leave_beside_each_other_up_to_a_bound(desk: SimpleNamespace) -> None:
    at: Desk = desk.open()
    await at.submit(MAX_CALLS * (FULL_ONES + 2))
    assert sizes(at.queued) == [MAX_CALLS] * FULL_ONES
    at.handled(at.queued[0])
    assert sizes(at.queued) == [MAX_CALLS] * (FULL_ONES + 1)


async def test_a_batch_has_a_largest_size_and_order_is_kept(desk: SimpleNamespace) -> None:
    at: Desk = desk.open()
    await at.submit(MAX_CALLS + 5)
    at.dispatcher.take_replies(at.queued[0].batch_id, ())
    assert sizes(at.queued) == [MAX_CALLS, 5]
    keys = [envelope.order_key for envelope in at.queued]
    assert keys == sorted(set(keys))
    assert [call.charge_point_id for e in at.queued for call in e.calls] == [
        f"CP-{n}" for n in range(MAX_CALLS + 5)
    ]


async def test_a_slow_tenant_holds_nobody_else_up(desk: SimpleNamespace) -> None:
    at: Desk = desk.open()
    at.configure(a_tenant("beta"))
    for _ in range(2):
        await at.submit(1, "acme")
    await at.submit(1, "beta")
    assert at.queued[-1].tenant_id == "beta"


async def test_reports_travel_with_the_calls(desk: SimpleNamespace) -> None:
    at: Desk = desk.open()
    news = CommandReport("CP-1", "cmd-1", ReportKind.SENT, 0, "Reset")
    at.dispatcher.report("acme", news)
    await at.submit(1)
    assert (at.queued[0].reports, sizes(at.queued)) == ((news,), [1])


# --- bypass by wish ----------------------------------------------------------------------------------


async def test_a_tenant_may_wish_for_bypass_and_change_its_mind_live(desk: SimpleNamespace) -> None:
    at: Desk = desk.open()
    at.configure(a_tenant(queue_enabled=False))
    (connection,) = await at.submit(1)
    assert (sizes(at.queued), sizes(at.bypassed)) == ([], [1])
    at.handled(at.bypassed[0])
    assert connection.answers == ["ok"]
    at.configure(a_tenant(queue_enabled=True))
    await at.submit(1)
    assert (sizes(at.queued), sizes(at.bypassed)) == ([1], [1])


async def test_bypass_has_batches_of_its_own_and_no_deadline(desk: SimpleNamespace) -> None:
    at: Desk = desk.open()
    at.configure(a_tenant(queue_enabled=False))
    for _ in range(4):
        await at.submit(1)
    assert sizes(at.bypassed) == [1]
    at.pass_time(60)
    assert at.dispatcher.bypassed == []
    at.handled(at.bypassed[0])
    assert sizes(at.bypassed) == [1, 3]


# --- bypass by need ----------------------------------------------------------------------------------


async def test_what_the_queue_does_not_answer_in_time_goes_round_it(desk: SimpleNamespace) -> None:
    at: Desk = desk.open()
    connections = await at.submit(3)
    at.pass_time(ANSWER_TIMEOUT_S - 0.1)
    assert at.bypassed == []
    at.pass_time(0.1)
    assert sizes(at.bypassed) == [3]
    assert at.dispatcher.bypassed == ["acme"]
    at.handled(at.bypassed[0])
    assert answers(connections) == [["ok"]] * 3


async def test_a_late_answer_is_ignored_and_its_batch_ends_once(desk: SimpleNamespace) -> None:
    at: Desk = desk.open()
    (connection,) = await at.submit(1)
    at.pass_time(ANSWER_TIMEOUT_S)
    at.handled(at.bypassed[0], "from bypass")
    at.handled(at.queued[0], "from the queue, late")
    assert connection.answers == ["from bypass"]
    assert at.dispatcher.bypassed == ["acme"]
    at.handled(at.queued[-1])  # the canary, if one was sent
    at.pass_time(1)
    at.handled(at.queued[-1])
    assert at.dispatcher.bypassed == []
    at.queued.clear()
    for _ in range(3):
        await at.submit(1)
    assert len(at.queued) == 1


async def test_while_the_queue_is_broken_calls_go_round_it_at_once(desk: SimpleNamespace) -> None:
    at: Desk = desk.open()
    await at.submit(1)
    at.pass_time(ANSWER_TIMEOUT_S)
    at.handled(at.bypassed[0])
    await at.submit(2)
    assert sizes(at.bypassed) == [1, 2]


async def test_what_waited_for_the_queue_goes_round_with_it_after_what_was_sent(
    desk: SimpleNamespace,
) -> None:
    at: Desk = desk.open()
    await at.submit(1)
    waiting = await at.submit(5)
    at.pass_time(ANSWER_TIMEOUT_S)
    while at.bypassed:
        at.handled(at.bypassed.pop(0))
    assert answers(waiting) == [["ok"]] * 5
    assert at.dispatcher.is_idle


async def test_another_tenants_queue_stays_in_use(desk: SimpleNamespace) -> None:
    at: Desk = desk.open()
    at.configure(a_tenant("beta"))
    await at.submit(1, "acme")
    at.pass_time(ANSWER_TIMEOUT_S)
    await at.submit(1, "beta")
    assert at.queued[-1].tenant_id == "beta"
    assert at.dispatcher.bypassed == ["acme"]


async def test_a_batch_that_cannot_be_published_goes_round_at_once(desk: SimpleNamespace) -> None:
    at: Desk = desk.open()
    connections = await at.submit(2)
    at.dispatcher.take_failure(at.queued[0].batch_id)
    assert sizes(at.bypassed) == [2]
    at.dispatcher.take_failure(at.queued[0].batch_id)
    assert sizes(at.bypassed) == [2]
    at.handled(at.bypassed[0])
    assert answers(connections) == [["ok"]] * 2


async def test_a_bypassed_batch_has_a_number_of_its_own(desk: SimpleNamespace) -> None:
    """Else the queue's late answer would be taken for it."""
    at: Desk = desk.open()
    await at.submit(1)
    at.pass_time(ANSWER_TIMEOUT_S)
    assert at.bypassed[0].batch_id != at.queued[0].batch_id


async def test_canaries_are_sent_ever_more_rarely_until_one_comes_back(desk: SimpleNamespace) -> None:
    at: Desk = desk.open()
    await at.submit(1)
    at.pass_time(ANSWER_TIMEOUT_S)
    at.queued.clear()
    sent_after_s: list[float] = []
    for half in range(1, 23):
        at.pass_time(0.5)
        sent_after_s += [half / 2] * (len(at.queued) - len(sent_after_s))
    assert sent_after_s == [1, 2, 4, 7, 11]
    at.handled(at.queued[2])
    assert at.dispatcher.bypassed == []
    at.pass_time(5)
    assert len(at.queued) == 5
    await at.submit(1)
    assert sizes(at.queued)[5:] == [1]


async def test_a_day_without_workers_leaves_few_canaries_and_the_last_ones_count(
    desk: SimpleNamespace,
) -> None:
    at: Desk = desk.open()
    await at.submit(1)
    at.pass_time(ANSWER_TIMEOUT_S)
    at.queued.clear()
    for _ in range(24 * 60):
        at.pass_time(60)
    assert len(at.queued) <= 24 * 60
    at.handled(at.queued[0])
    assert at.dispatcher.bypassed == ["acme"]
    at.handled(at.queued[-1])
    assert at.dispatcher.bypassed == []


async def test_a_canary_that_cannot_be_published_is_no_failure(desk: SimpleNamespace) -> None:
    at: Desk = desk.open()
    await at.submit(1)
    at.dispatcher.take_failure(at.queued[0].batch_id)
    at.pass_time(1)
    for number in range(1, 6):  # where it was not left, it need not come rarely
        assert len(at.queued) == 1 + number
        at.dispatcher.take_failure(at.queued[-1].batch_id)
        at.pass_time(1)
    assert at.dispatcher.bypassed == ["acme"]
    at.handled(at.queued[-1])
    assert at.dispatcher.bypassed == []


# --- answers -----------------------------------------------------------------------------------------


async def test_a_batch_whose_handling_broke_tells_its_charge_points(desk: SimpleNamespace) -> None:
    """Bypass gives the credit back without replies: nobody else will ever answer these calls."""
    at: Desk = desk.open()
    at.configure(a_tenant(queue_enabled=False))
    connections = await at.submit(2)
    at.dispatcher.take_replies(at.bypassed[0].batch_id, [])
    assert [connection.failed for connection in connections] == [[1], [1]]
    assert at.dispatcher.is_idle


async def test_each_connection_gets_its_own_answer(desk: SimpleNamespace) -> None:
    at: Desk = desk.open()
    connections = await at.submit(3)
    (envelope,) = at.queued
    replies = [Reply(call.connection_id, 1, json.dumps(call.charge_point_id)) for call in envelope.calls]
    at.dispatcher.take_replies(envelope.batch_id, [*reversed(replies), Reply("a stranger's", 1, "x")])
    assert answers(connections) == [['"CP-0"'], ['"CP-1"'], ['"CP-2"']]
    assert [connection.failed for connection in connections] == [[], [], []]


async def test_replies_to_nothing_change_nothing(desk: SimpleNamespace) -> None:
    at: Desk = desk.open()
    at.dispatcher.take_replies(999, [])
    assert at.dispatcher.is_idle


async def test_a_command_that_went_out_is_known_before_its_news_is_stored(desk: SimpleNamespace) -> None:
    """A charge point that resets at once must not be told to reset again when it is back."""
    at: Desk = desk.open()
    assert not at.dispatcher.was_sent("acme", "cmd-1")
    at.dispatcher.report("acme", CommandReport("CP-1", "cmd-1", ReportKind.EXPIRED, 0, "Reset"))
    assert not at.dispatcher.was_sent("acme", "cmd-1")
    at.dispatcher.report("acme", CommandReport("CP-1", "cmd-1", ReportKind.SENT, 0, "Reset"))
    assert at.dispatcher.was_sent("acme", "cmd-1")
    assert not at.dispatcher.was_sent("beta", "cmd-1")  # another tenant's of the same id is another one


async def test_a_stray_frame_travels_with_the_next_batch(desk: SimpleNamespace) -> None:
    """And nobody waits for an answer to it."""
    it: Desk = desk.open()
    stray = StrayFrame("CP-1", 0, "not JSON", "hello")
    it.dispatcher.stray("acme", stray)
    connections = await it.submit(1)
    (envelope,) = it.queued
    assert (envelope.strays, len(envelope.calls)) == ((stray,), 1)
    it.handled(envelope)
    assert answers(connections) == [["ok"]]
    assert it.dispatcher.is_idle


async def test_beside_another_tenant_batches_are_small_and_alone_they_are_large_again(
    desk: SimpleNamespace,
) -> None:
    """A store that works on a hundred calls of one tenant keeps the other waiting for it."""
    at: Desk = desk.open()
    at.configure(a_tenant("beta"))
    await at.submit(1, "beta")
    await at.submit(MAX_CALLS_BESIDE + MAX_CALLS, "acme")
    loud = at.queued[-1]
    assert (loud.tenant_id, len(loud.calls)) == ("acme", MAX_CALLS_BESIDE)
    at.time.now += 5.0
    await at.submit(1, "acme")
    at.handled(loud)
    assert len(at.queued[-1].calls) == MAX_CALLS


async def test_who_floods_beside_another_tenant_has_half_of_the_time(
    desk: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as its batch took, it rests; its answers do not."""
    at: Desk = desk.open()
    at.configure(a_tenant("beta"))
    rests: list[float] = []
    monkeypatch.setattr(at.dispatcher._loop, "call_later", lambda rest_s, *_: rests.append(rest_s))
    await at.submit(1, "beta")
    flooding = await at.submit(3 * MAX_CALLS_BESIDE, "acme")
    at.time.now += 0.125
    at.handled(at.queued[-1])
    assert rests == [0.125]
    assert len(at.queued) == 2
    assert [one.answers for one in flooding[:MAX_CALLS_BESIDE]] == [["ok"]] * MAX_CALLS_BESIDE
    at.dispatcher._give_back(at.dispatcher._lane_for("acme"))
    assert len(at.queued) == 3


async def test_who_does_not_flood_never_rests(desk: SimpleNamespace) -> None:
    at: Desk = desk.open()
    at.configure(a_tenant("beta"))
    await at.submit(1, "beta")
    await at.submit(MAX_CALLS_BESIDE + 5, "acme")
    at.time.now += 0.125
    at.handled(at.queued[-1])
    assert sizes(at.queued) == [1, MAX_CALLS_BESIDE, 5]


# --- tenants that share a queue ------------------------------------------------------------------------


async def test_what_many_tenants_say_in_one_turn_travels_as_one_task(desk: SimpleNamespace) -> None:
    at: Desk = desk.open()
    at.configure(*(a_tenant(f"tenant-{number}") for number in range(30)))
    for number in range(30):
        at.dispatcher.submit(*a_call_of(f"tenant-{number}"))
    await at.turn()
    assert at.tasks == [("calls", 30)]


async def test_a_tenant_with_a_pool_has_a_queue_of_its_own(desk: SimpleNamespace) -> None:
    at: Desk = desk.open()
    at.configure(a_tenant("own", worker_pool_size=1))
    await at.submit(1)
    await at.submit(1, "own")
    assert at.tasks == [("calls", 1), ("ocpp.own", 1)]


async def test_a_batch_that_waited_for_its_task_until_it_was_late_goes_round(desk: SimpleNamespace) -> None:
    """It has not left: nobody will answer it, and nothing leaves twice."""
    at: Desk = desk.open()
    for number in range(TASKS_UNDER_WAY + 1):
        at.configure(a_tenant(f"tenant-{number}"))
        await at.submit(1, f"tenant-{number}")
    assert len(at.tasks) == TASKS_UNDER_WAY
    at.pass_time(ANSWER_TIMEOUT_S + 0.1)
    assert sorted(e.tenant_id for e in at.bypassed) == [f"tenant-{n}" for n in range(TASKS_UNDER_WAY + 1)]
    assert sizes(at.queued) == [1] * TASKS_UNDER_WAY


def a_call_of(tenant_id: str) -> tuple[ChargePointConnection, InboundCall]:
    connection = FakeConnection(1, tenant_id)
    return cast(ChargePointConnection, connection), InboundCall(
        "CP-1", connection.connection_id, 1, 1, None, 0, "[]"
    )


# --- what it tells of itself ---------------------------------------------------------------------------


async def test_it_tells_what_waits_and_since_when(desk: SimpleNamespace) -> None:
    at: Desk = desk.open()
    assert (at.dispatcher.under_way, at.dispatcher.waiting, at.dispatcher.oldest_ms) == (0, 0, None)
    await at.submit(1)
    await at.submit(3)
    assert (at.dispatcher.under_way, at.dispatcher.waiting, at.dispatcher.oldest_ms) == (1, 3, 0)


async def test_a_call_that_went_round_the_queue_counts_once(desk: SimpleNamespace) -> None:
    at: Desk = desk.open()
    await at.submit(1)
    at.pass_time(ANSWER_TIMEOUT_S)
    at.handled(at.queued[0])  # late
    at.handled(at.bypassed[0])
    assert at.dispatcher.measures.messages.total() == 1
    assert at.dispatcher.is_idle
