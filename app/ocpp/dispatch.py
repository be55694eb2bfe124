"""The single entry for calls, from the worker and from bypass mode alike: persist, then answer."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import structlog

from app.domain.charge_point import Registration
from app.domain.context import CallContext, ChargePointRef
from app.domain.errors import Retryable
from app.domain.tenant import Tenant
from app.domain.times import from_epoch_ms, time_zone
from app.ocpp.catalog import load_catalog
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
_MAX_ACTION = 100  # of one that nobody knows; the raw frame has all of it
_NOT_WHILE_PENDING = frozenset({"Authorize", "StartTransaction", "DataTransfer"})


@dataclass(slots=True)
class _Work:
    """A call on its way through the batch. `handler` is None once it is refused; `answer` is then set."""

    call: InboundCall
    frame: Call
    incoming: Incoming
    handler: Handler | None = None
    answer: str = ""
    registration: str | None = None

    def refuse(self, code: ErrorCode, reason: str) -> None:
        self.handler = None
        self.answer = encode_error(self.frame.unique_id, code, reason)

    def fields(self) -> dict[str, Any]:
        """For the log."""
        context = self.incoming.context
        return {
            "tenant_id": context.charge_point.tenant_id,
            "charge_point_id": context.charge_point.charge_point_id,
            "connection_id": context.connection_id,
            "unique_id": context.unique_id,
            "action": self.frame.action[:_MAX_ACTION],
        }


def handle_batch(envelope: BatchEnvelope, services: Services) -> list[Reply]:
    """Handle a batch; one reply for every call, given only after everything was stored.

    A call fails alone: it gets a CallError, the others go on. Never raises for what charge points send.
    """
    works = [_work(index, call, envelope.tenant_id) for index, call in enumerate(envelope.calls)]
    tenant = _served_tenant(envelope.tenant_id, services)
    if tenant is None:
        for work in works:
            work.refuse(ErrorCode.SECURITY_ERROR, "the tenant is not served")
    else:
        _handle(envelope, works, tenant, services)
    return [Reply(w.call.connection_id, w.call.sequence, w.answer, w.registration) for w in works]


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


def _handle(envelope: BatchEnvelope, works: Sequence[_Work], tenant: Tenant, services: Services) -> None:
    for report in envelope.reports:
        take_report(report, tenant, services)
    needs = BatchNeeds()
    for work in works:
        _prepare(work, needs)
    try:
        batch = services.batches.load(tenant, needs)
    except Retryable as failure:
        log.warning("batch_not_loaded", tenant_id=tenant.id, calls=len(works), reason=failure.message)
        for work in works:
            work.refuse(ErrorCode.INTERNAL_ERROR, "try again later")
        return
    batch.order_key = envelope.order_key
    for work in works:
        if work.handler is not None:
            _answer(work, work.handler, batch, services)
    for work in works:
        batch.deviated(work.call.charge_point_id, work.incoming.deviations)
    batch.exchanges.extend(_exchange(work) for work in works)
    batch.exchanges.extend(exchanges_of(envelope))
    for index, failed in services.batches.flush(batch).items():
        log.error("call_not_stored", reason=str(failed), **works[index].fields())
        works[index].refuse(ErrorCode.INTERNAL_ERROR, "not stored, try again")
    _hear(tenant, batch, services)
    if batch.events:
        services.gateway_link.wake_relay(tenant.id)


def _hear(tenant: Tenant, batch: Batch, services: Services) -> None:
    """All is stored by now: liveness must not cost the answers."""
    try:
        services.charge_points.hear(tenant.id, batch.seen)
    except Retryable as failure:
        log.warning("not_marked_heard", tenant_id=tenant.id, calls=len(batch.seen), reason=failure.message)


def _prepare(work: _Work, needs: BatchNeeds) -> None:
    """Find the handler, validate, and say what to read."""
    try:
        _check_registration(work.frame.action, work.call.registration)
        handler, schema = load_catalog().handler(work.frame.action)
        if work.call.strict:
            schema.check_strictly(work.frame.payload)
        work.incoming.deviations.extend(mend(schema, work.frame.payload))
        needs.add(handler.needs(work.frame.payload, work.incoming.context))
        work.handler = handler
    except OcppError as wrong:
        log.info("call_refused", error_code=wrong.error_code.value, reason=wrong.message, **work.fields())
        work.refuse(wrong.error_code, wrong.message)
    except Exception:  # the edge, as in _answer
        log.exception("call_broke", **work.fields())
        work.refuse(ErrorCode.INTERNAL_ERROR, "internal error")


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
    except OcppError as wrong:
        work.refuse(wrong.error_code, wrong.message)
        return
    except Retryable as failure:
        log.warning("call_failed", reason=failure.message, **work.fields())
        work.refuse(ErrorCode.INTERNAL_ERROR, "try again later")
        return
    except Exception:  # the edge: one broken call must not take its batch with it
        log.exception("call_broke", **work.fields())
        work.refuse(ErrorCode.INTERNAL_ERROR, "internal error")
        return
    work.answer = encode_result(work.frame.unique_id, payload)
    if handler.ACTION == _BOOT:
        work.registration = payload["status"]


def _exchange(work: _Work) -> Exchange:
    context = work.incoming.context
    return Exchange(
        context.charge_point,
        "in",
        work.frame.action[:_MAX_ACTION],
        context.unique_id,
        context.received_at,
        work.call.text,
        work.answer,
    )
