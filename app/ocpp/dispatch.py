"""The single entry for calls, from the worker and from bypass mode alike: persist, then answer."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC
from time import perf_counter
from typing import Any

import structlog

from app.domain.charge_point import Registration
from app.domain.context import CallContext, ChargePointRef
from app.domain.errors import Retryable
from app.domain.tenant import Tenant
from app.domain.times import from_epoch_ms, time_zone
from app.metrics import lap
from app.ocpp.catalog import load_catalog
from app.ocpp.dead_letters import MAX_ACTION, DeadLetterBox
from app.ocpp.envelope import BatchEnvelope, InboundCall, Reply
from app.ocpp.errors import ErrorCode, OcppError
from app.ocpp.frame import Call, encode_error, encode_result, parse
from app.ocpp.incoming import Handler, Incoming
from app.ocpp.reports import exchanges_of, take_report
from app.ocpp.tolerance import mend
from app.services import Services
from app.services.batch import Batch, BatchNeeds, Exchange
from app.services.tenants import is_served

log = structlog.stdlib.get_logger(__name__)
_BOOT = "BootNotification"
_NO_ID = "-1"  # of what has no id of its own; the standard's word for it
_NOT_WHILE_PENDING = frozenset({"Authorize", "StartTransaction", "DataTransfer"})


@dataclass(slots=True)
class _Work:
    """A call on its way through the batch. `handler` is None once it is refused; `answer` is then set.

    `failure` is what nobody foresaw: then the call is put aside.
    """

    call: InboundCall
    frame: Call
    incoming: Incoming
    handler: Handler | None = None
    answer: str = ""
    reads: bool = False
    registration: str | None = None
    failure: Exception | None = None

    def refuse(self, code: ErrorCode, reason: str) -> None:
        self.handler = None
        self.answer = encode_error(self.frame.unique_id, code, reason)

    def break_down(self, failure: Exception) -> None:
        self.failure = failure
        self.refuse(ErrorCode.INTERNAL_ERROR, "internal error")

    def fields(self) -> dict[str, Any]:
        """For the log."""
        context = self.incoming.context
        return {
            "tenant_id": context.charge_point.tenant_id,
            "charge_point_id": context.charge_point.charge_point_id,
            "connection_id": context.connection_id,
            "unique_id": context.unique_id,
            "action": self.frame.action[:MAX_ACTION],
        }


def handle_batch(envelope: BatchEnvelope, services: Services, *, live: bool = True) -> list[Reply]:
    """Handle a batch; one reply for every call, given only after everything was stored.

    A call fails alone: it gets a CallError, the others go on. Whatever breaks is put aside as a dead letter.
    Never raises for what charge points send. Without `live` it is a replay: nobody is heard by it, and
    nothing was said on the wire.
    """
    tenant = _served_tenant(envelope.tenant_id, services)
    dead = DeadLetterBox(envelope.tenant_id, services)
    if tenant is not None:
        for report in envelope.reports:
            take_report(report, tenant, services, dead)
    replies = _handle_or_split(envelope, tenant, services, dead, live=live)
    dead.park()
    return replies


def _handle_or_split(
    envelope: BatchEnvelope, tenant: Tenant | None, services: Services, dead: DeadLetterBox, *, live: bool
) -> list[Reply]:
    """A batch that breaks as a whole is handled in parts, until the call is alone that breaks it.

    What the others had stored by then is stored by their own keys: to handle them again changes nothing.
    """
    try:
        return _handle(envelope, tenant, services, dead, live=live)
    except Exception as failure:  # the edge: one call must not take its batch with it, again and again
        if len(envelope.calls) == 1 and not (envelope.reports or envelope.strays):
            return [_broken(envelope.calls[0], failure, dead)]
        if not envelope.calls:
            log.exception("batch_broke", tenant_id=envelope.tenant_id, calls=0)
            return []
        calls, reason = len(envelope.calls), repr(failure)
        log.warning("batch_split", tenant_id=envelope.tenant_id, calls=calls, reason=reason)
        parts = _parts(envelope)
    return [reply for part in parts for reply in _handle_or_split(part, tenant, services, dead, live=live)]


def _parts(envelope: BatchEnvelope) -> tuple[BatchEnvelope, ...]:
    """First the calls are parted from what only the message log gets, then they are halved."""
    if envelope.reports or envelope.strays:
        return replace(envelope, calls=()), replace(envelope, reports=(), strays=())
    middle = len(envelope.calls) // 2
    return replace(envelope, calls=envelope.calls[:middle]), replace(envelope, calls=envelope.calls[middle:])


def _broken(call: InboundCall, failure: Exception, dead: DeadLetterBox) -> Reply:
    """The answer to a call that breaks all on its own."""
    dead.take_call(call, failure)
    try:
        unique_id = getattr(parse(call.text), "unique_id", None) or _NO_ID
    except Exception:  # the edge: reading it may be what breaks
        unique_id = _NO_ID
    answer = encode_error(unique_id, ErrorCode.INTERNAL_ERROR, "internal error")
    return Reply(call.connection_id, call.sequence, answer)


def _served_tenant(tenant_id: str, services: Services) -> Tenant | None:
    """None: nothing of it is handled.

    A gateway may know a moment before us that it is there, or served again; so look once more.
    """
    directory = services.tenants.directory
    tenant = directory.find(tenant_id)
    if not is_served(tenant):
        with suppress(Retryable):  # then the last that we knew is in force
            directory.refresh()
        tenant = directory.find(tenant_id)
    return tenant if is_served(tenant) else None


def _work(index: int, call: InboundCall, tenant_id: str) -> _Work:
    frame = parse(call.text)
    if not isinstance(frame, Call):  # the gateway sends nothing else
        raise ValueError(f"A batch holds Calls only, not {frame!r}.")
    context = CallContext(
        ChargePointRef(tenant_id, call.charge_point_id),
        call.connection_id,
        call.epoch,
        call.sequence,
        frame.unique_id,
        from_epoch_ms(call.received_ms),
    )
    zone = time_zone(call.time_zone) if call.time_zone else UTC
    return _Work(call, frame, Incoming(index, context, frame.payload, zone, list(call.deviations)))


def _handle(
    envelope: BatchEnvelope, tenant: Tenant | None, services: Services, dead: DeadLetterBox, *, live: bool
) -> list[Reply]:
    works = [_work(index, call, envelope.tenant_id) for index, call in enumerate(envelope.calls)]
    if tenant is None:
        for work in works:
            work.refuse(ErrorCode.SECURITY_ERROR, "the tenant is not served")
    else:
        since = perf_counter()
        batch = _load(works, tenant, services)
        lap("load", since)
        _work_off(envelope, works, batch, services, live=live)
        for work in works:
            if work.failure is not None:
                dead.take_call(work.call, work.failure)
    return [Reply(w.call.connection_id, w.call.sequence, w.answer, w.registration) for w in works]


def _load(works: Sequence[_Work], tenant: Tenant, services: Services) -> Batch:
    """What the calls want read. Without the store, those that want nothing go on: they ask for the time.

    The others are to come again; a charge point keeps its transaction messages for that (A27).
    """
    needs = BatchNeeds()
    for work in works:
        _prepare(work, needs)
    try:
        return services.batches.load(tenant, needs)
    except Retryable as failure:
        log.warning("batch_not_loaded", tenant_id=tenant.id, calls=len(works), reason=failure.message)
    for work in works:
        if work.reads:
            work.refuse(ErrorCode.INTERNAL_ERROR, "try again later")
    return Batch(tenant)


def _work_off(
    envelope: BatchEnvelope, works: Sequence[_Work], batch: Batch, services: Services, *, live: bool
) -> None:
    batch.order_key, since = envelope.order_key, perf_counter()
    for work in works:
        if work.handler is not None:
            _answer(work, work.handler, batch, services)
    if live:
        for work in works:
            batch.deviated(work.call.charge_point_id, work.incoming.deviations)
        batch.exchanges.extend(_exchange(work) for work in works)
        batch.exchanges.extend(_other_exchanges(envelope))
    since = lap("handle", since)
    failures = services.batches.flush(batch)
    lap("store", since)
    for index in batch.repeated:  # their answers are those of the first time
        if (handler := works[index].handler) is not None:
            _answer(works[index], handler, batch, services)
    for index, failed in failures.items():
        log.error("call_not_stored", reason=str(failed), **works[index].fields())
        works[index].refuse(ErrorCode.INTERNAL_ERROR, "not stored, try again")
        works[index].failure = None if isinstance(failed, Retryable) else failed
    _tell(batch, services, live=live)


def _tell(batch: Batch, services: Services, *, live: bool) -> None:
    """All is stored by now: liveness, and waking the relay, must not cost the answers."""
    tenant_id, calls = batch.tenant.id, len(batch.seen)
    try:
        if batch.events:
            services.gateway_link.wake_relay(tenant_id)
        if live:
            services.charge_points.hear(tenant_id, batch.seen)
    except Retryable as failure:
        log.warning("not_marked_heard", tenant_id=tenant_id, calls=calls, reason=failure.message)
    except Exception:  # the edge of a side path
        log.exception("not_marked_heard", tenant_id=tenant_id, calls=calls)


def _prepare(work: _Work, needs: BatchNeeds) -> None:
    """Find the handler, validate, and say what to read."""
    try:
        _check_registration(work.frame.action, work.call.registration)
        handler, schema = load_catalog().handler(work.frame.action)
        if work.call.strict:
            schema.check_strictly(work.frame.payload)
        work.incoming.deviations.extend(mend(schema, work.frame.payload))
        wanted = handler.needs(work.frame.payload, work.incoming.context)
        work.reads = wanted != BatchNeeds()
        needs.add(wanted)
        work.handler = handler
    except OcppError as wrong:
        log.info("call_refused", error_code=wrong.error_code.value, reason=wrong.message, **work.fields())
        work.refuse(wrong.error_code, wrong.message)
    except Exception as broken:  # the edge, as in _answer
        work.break_down(broken)


def _check_registration(action: str, registration: str | None) -> None:
    """Before acceptance only BootNotification is answered; while Pending also what may be triggered (A33).

    A stop is always answered: it may end what began before, and its energy must not be lost (B44).
    """
    if action == _BOOT or registration == Registration.ACCEPTED:
        return
    if registration != Registration.PENDING or action in _NOT_WHILE_PENDING:
        raise OcppError("send a BootNotification first", error_code=ErrorCode.SECURITY_ERROR)


def _answer(work: _Work, handler: Handler, batch: Batch, services: Services) -> None:
    batch.saw(work.incoming.context)
    try:
        payload = handler.handle(work.incoming, batch, services)
        work.answer = encode_result(work.frame.unique_id, payload)
        work.registration = payload["status"] if handler.ACTION == _BOOT else None
    except OcppError as wrong:
        work.refuse(wrong.error_code, wrong.message)
    except Retryable as failure:
        log.warning("call_failed", reason=failure.message, **work.fields())
        work.refuse(ErrorCode.INTERNAL_ERROR, "try again later")
    except Exception as broken:  # the edge: one broken call must not take its batch with it
        work.break_down(broken)


def _other_exchanges(envelope: BatchEnvelope) -> list[Exchange]:
    """For the message log, which must not cost the answers either."""
    try:
        return list(exchanges_of(envelope))
    except Exception:  # the edge
        log.exception("messages_not_logged", tenant_id=envelope.tenant_id, count=len(envelope.strays))
        return []


def _exchange(work: _Work) -> Exchange:
    context = work.incoming.context
    return Exchange(
        context.charge_point,
        "in",
        work.frame.action[:MAX_ACTION],
        context.unique_id,
        context.received_at,
        work.call.text,
        work.answer,
    )
