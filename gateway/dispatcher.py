"""Decides the way of every call: queue or bypass, by the tenant's wish and by what works right now.

The gateway owns at-least-once: a batch that a queue does not answer in time is handled in bypass mode, and
so is everything of that tenant until a canary comes back through the queue. Late answers meet a fence.
Everything here runs on the event loop.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from app.messaging.tasks import queue_of
from app.ocpp.envelope import BatchEnvelope, CommandReport, InboundCall, Reply, ReportKind, StrayFrame
from app.ocpp.errors import ErrorCode
from app.services.ports import Clock
from app.services.tenants import TenantDirectory
from gateway.connection import ChargePointConnection
from gateway.departures import Departures, SendTask
from gateway.lanes import Lane, Speakers, Waiting
from gateway.measures import Measures, since_ms, tier_of

log = structlog.stdlib.get_logger(__name__)
Send = Callable[[BatchEnvelope], None]
FULL = 100
MAX_CALLS = 200
"""The more wait, the more a batch takes along, and the less each of them costs."""
FULL_ONES = 4
"""So many batches of a tenant at once, while it speaks alone and so many calls wait that each is full."""
MAX_CALLS_BESIDE = 20
"""While another tenant speaks: a store that works on a hundred calls of one keeps the other waiting."""
_LONGEST_REST_S = 0.25
_CANARY_EVERY_S = 1.0
_MAX_CANARIES = 60
_REMEMBERED_COMMANDS = 10_000


@dataclass(slots=True)
class _UnderWay:
    """A batch that has left."""

    lane: Lane
    items: list[Waiting]
    deadline: float | None
    sent_at: float


@dataclass(slots=True)
class _Tenant:
    """A tenant's two lanes. `broken` means: its queue did not answer, calls go round it."""

    queue: Lane
    bypass: Lane
    broken: bool = False
    next_canary: float = 0.0
    canaries: list[int] = field(default_factory=list)


class Dispatcher:
    """Takes calls and reports, sends batches, hands answers to their connections."""

    def __init__(
        self,
        gateway_id: str,
        tenants: TenantDirectory,
        clock: Clock,
        answer_timeout_s: float,
        send_queued: SendTask,
        send_bypass: Send,
    ) -> None:
        self.measures = Measures()
        self._gateway_id = gateway_id
        self._tenants = tenants
        self._clock = clock
        self._answer_timeout_s = answer_timeout_s
        self._send_queued = send_queued
        self._departures = Departures(send_queued)
        self._send_bypass = send_bypass
        self._by_tenant: dict[str, _Tenant] = {}
        self._under_way: dict[int, _UnderWay] = {}
        self._to_flush: set[str] = set()
        self._last_batch_id = 0
        self._speakers = Speakers()
        self._sent_commands: OrderedDict[tuple[str, str], None] = OrderedDict()  # by tenant and id
        self._loop = asyncio.get_running_loop()

    def submit(self, connection: ChargePointConnection, call: InboundCall) -> None:
        """Take a call; its answer comes by `connection.answer`."""
        self._add(connection.ref.tenant_id, Waiting(call, connection))

    def report(self, tenant_id: str, report: CommandReport) -> None:
        """Take news of a command."""
        self.measures.reported(report)
        if report.kind is ReportKind.SENT:
            self._sent_commands[tenant_id, report.command_id] = None
            if len(self._sent_commands) > _REMEMBERED_COMMANDS:
                self._sent_commands.popitem(last=False)
        self._add(tenant_id, Waiting(report))

    def stray(self, tenant_id: str, frame: StrayFrame) -> None:
        """Take a frame for the message log."""
        self.measures.strays += 1
        self._add(tenant_id, Waiting(frame))

    def was_sent(self, tenant_id: str, command_id: str) -> bool:
        """Whether this command of this tenant went out here lately.

        A charge point that resets is back before the news of the sending is stored, and to the store its
        command still waits for it.
        """
        return (tenant_id, command_id) in self._sent_commands

    @property
    def bypassed(self) -> list[str]:
        """Tenants whose queue does not answer."""
        return sorted(tenant_id for tenant_id, tenant in self._by_tenant.items() if tenant.broken)

    @property
    def under_way(self) -> int:
        """Batches without an answer."""
        return len(self._under_way)

    @property
    def waiting(self) -> int:
        """Calls and reports that wait for a batch."""
        return sum(len(lane.waiting) for lane in self._lanes())

    @property
    def oldest_ms(self) -> int | None:
        """When the oldest came that waits here, for a worker or for its answer."""
        first = [lane.waiting[0] for lane in self._lanes() if lane.waiting]
        first += [batch.items[0] for batch in self._under_way.values()]
        return min(map(since_ms, first), default=None)

    def _lanes(self) -> list[Lane]:
        return [lane for tenant in self._by_tenant.values() for lane in (tenant.queue, tenant.bypass)]

    @property
    def is_idle(self) -> bool:
        """Nothing waits and nothing is under way."""
        return not self._under_way and not any(
            tenant.queue.waiting or tenant.bypass.waiting for tenant in self._by_tenant.values()
        )

    def _add(self, tenant_id: str, waiting: Waiting) -> None:
        self._lane_for(tenant_id).waiting.append(waiting)
        if not self._to_flush:  # everything read in this turn of the loop leaves together
            self._loop.call_soon(self._flush_all)
        self._to_flush.add(tenant_id)

    def _tenant(self, tenant_id: str) -> _Tenant:
        tenant = self._by_tenant.get(tenant_id)
        if tenant is None:
            tenant = self._by_tenant[tenant_id] = _Tenant(Lane(tenant_id), Lane(tenant_id))
        return tenant

    def _lane_for(self, tenant_id: str) -> Lane:
        tenant = self._tenant(tenant_id)
        known = self._tenants.find(tenant_id)
        wants_queue = known is None or known.configuration.queue_enabled
        return tenant.queue if wants_queue and not tenant.broken else tenant.bypass

    def _flush_all(self) -> None:
        tenant_ids, self._to_flush = self._to_flush, set()
        now = time.monotonic()
        for tenant_id in tenant_ids:
            self._speakers.heard(tenant_id, now)
        for tenant_id in tenant_ids:
            tenant = self._by_tenant[tenant_id]
            self._flush(tenant.queue)
            self._flush(tenant.bypass)
        self._departures.leave()

    def _flush(self, lane: Lane) -> None:
        is_alone = self._speakers.is_alone(lane.tenant_id, time.monotonic())
        sizes = (FULL, MAX_CALLS, FULL_ONES) if is_alone else (MAX_CALLS_BESIDE, MAX_CALLS_BESIDE, 1)
        while items := lane.take_batch(*sizes):
            queued = lane is self._by_tenant[lane.tenant_id].queue
            now = time.monotonic()
            deadline = now + self._answer_timeout_s if queued else None
            envelope = self._envelope(lane.tenant_id, items)
            self._under_way[envelope.batch_id] = _UnderWay(lane, items, deadline, now)
            self.measures.left(items)
            if queued:
                self._departures.add(self._queue_name(lane.tenant_id), envelope)
            else:
                self._send_bypass(envelope)

    def _queue_name(self, tenant_id: str) -> str:
        return queue_of(tenant_id, self._tenants.find(tenant_id))

    def _envelope(self, tenant_id: str, items: Sequence[Waiting]) -> BatchEnvelope:
        self._last_batch_id += 1
        return BatchEnvelope(
            tenant_id=tenant_id,
            gateway_id=self._gateway_id,
            batch_id=self._last_batch_id,
            order_key=self._clock.order_key(),
            deadline_ms=int((time.time() + self._answer_timeout_s) * 1000),
            calls=tuple(w.item for w in items if isinstance(w.item, InboundCall)),
            reports=tuple(w.item for w in items if isinstance(w.item, CommandReport)),
            strays=tuple(w.item for w in items if isinstance(w.item, StrayFrame)),
        )

    def take_replies(self, batch_id: int, replies: Sequence[Reply]) -> None:
        """A batch was handled; without replies if handling broke."""
        batch = self._under_way.pop(batch_id, None)
        if batch is None:
            self._take_canary(batch_id)
            return
        self._departures.settle(batch_id)
        tier = tier_of(self._tenants.find(batch.lane.tenant_id))
        self.measures.answered(batch.items, time.monotonic() - batch.sent_at, tier)
        unanswered = {w.connection.connection_id: w for w in batch.items if w.connection is not None}
        for reply in replies:
            waiting = unanswered.pop(reply.connection_id, None)
            if waiting is not None and waiting.connection is not None:
                self.measures.replied(reply)
                waiting.connection.answer(reply.sequence, reply.text, reply.registration)
        for waiting in unanswered.values():  # handling broke: without this word they would wait for ever
            if waiting.connection is not None and isinstance(waiting.item, InboundCall):
                self.measures.errors[ErrorCode.INTERNAL_ERROR.value] += 1
                waiting.connection.fail(waiting.item.sequence)
        rest_s = self._rest_s(batch)
        if rest_s > 0.0:
            self._loop.call_later(rest_s, self._give_back, batch.lane)
        else:
            self._give_back(batch.lane)

    def _rest_s(self, batch: _UnderWay) -> float:
        """A tenant that floods beside another one has half of the time: as long as it worked, it rests."""
        now, lane = time.monotonic(), batch.lane
        if len(lane.waiting) < MAX_CALLS_BESIDE or self._speakers.is_alone(lane.tenant_id, now):
            return 0.0
        return min(_LONGEST_REST_S, now - batch.sent_at)

    def _give_back(self, lane: Lane) -> None:
        """Its place; what waits may go."""
        lane.end_batch()
        self._flush(lane)
        self._departures.leave()

    def take_failure(self, batch_id: int) -> None:
        """A batch could not be published."""
        if batch_id in self._under_way:
            self._go_round(batch_id)
            return
        for tenant in self._by_tenant.values():
            if batch_id in tenant.canaries:
                tenant.canaries.remove(batch_id)

    def check_deadlines(self) -> None:
        """To be called several times a second: what was not answered in time goes round the queue."""
        now = time.monotonic()
        late = [
            batch_id
            for batch_id, batch in self._under_way.items()
            if batch.deadline is not None and batch.deadline <= now
        ]
        for batch_id in reversed(late):  # what has not left yet, first: it must not leave now
            self._go_round(batch_id)
        for tenant_id, tenant in self._by_tenant.items():
            if tenant.broken and tenant.next_canary <= now:
                self._send_canary(tenant_id, tenant, now)

    def _go_round(self, batch_id: int) -> None:
        batch = self._under_way.pop(batch_id)
        self._departures.settle(batch_id)
        batch.lane.end_batch()
        tenant = self._by_tenant[batch.lane.tenant_id]
        if not tenant.broken:
            log.warning("queue_bypassed", tenant_id=batch.lane.tenant_id)
            tenant.broken = True
            tenant.next_canary = time.monotonic() + _CANARY_EVERY_S
        tenant.bypass.waiting.extendleft(reversed(batch.items))
        tenant.queue.empty_into(tenant.bypass)
        self._flush(tenant.bypass)

    def _send_canary(self, tenant_id: str, tenant: _Tenant, now: float) -> None:
        """Each later than the one before: while there is no worker they lie in the queue, and one will do."""
        canary = self._envelope(tenant_id, ())
        tenant.canaries = [*tenant.canaries[1 - _MAX_CANARIES :], canary.batch_id]
        tenant.next_canary = now + _CANARY_EVERY_S * len(tenant.canaries)
        self._send_queued(self._queue_name(tenant_id), [canary])

    def _take_canary(self, batch_id: int) -> None:
        for tenant_id, tenant in self._by_tenant.items():
            if batch_id in tenant.canaries:
                log.info("queue_in_use_again", tenant_id=tenant_id)
                tenant.canaries.clear()
                tenant.broken = False
