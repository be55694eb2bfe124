"""What gateways report of commands: sent, answered, or ended without an answer."""

from collections.abc import Iterator

import orjson
import structlog

from app.domain.command import (
    CONNECTION_LOST,
    EXPIRED,
    HIDDEN,
    NO_ANSWER,
    CommandStatus,
    Outcome,
    hide_secrets,
)
from app.domain.context import ChargePointRef
from app.domain.errors import Retryable
from app.domain.tenant import Tenant
from app.domain.times import from_epoch_ms
from app.ocpp.dead_letters import DeadLetterBox
from app.ocpp.envelope import BatchEnvelope, CommandReport, ReportKind
from app.ocpp.frame import CallError, CallResult, parse
from app.services import Services
from app.services.batch import Exchange

log = structlog.stdlib.get_logger(__name__)
STRAY = "(stray)"
"""What the message log has in place of an action for a frame that is no call and answers none."""
_ENDS = {
    ReportKind.UNANSWERED: NO_ANSWER,
    ReportKind.CONNECTION_LOST: CONNECTION_LOST,
    ReportKind.EXPIRED: EXPIRED,
}
_ON_THE_WIRE = frozenset({ReportKind.ANSWERED, ReportKind.UNANSWERED, ReportKind.CONNECTION_LOST})
"""Ends of commands that the charge point was sent, whether an answer came or not."""


def take_report(report: CommandReport, tenant: Tenant, services: Services, dead: DeadLetterBox) -> None:
    """Move the command on. A report that cannot be stored is logged; the sweep then ends the command."""
    ref = ChargePointRef(tenant.id, report.charge_point_id)
    try:
        if report.kind is not ReportKind.EXPIRED:  # an answer may be worked on before the news of sending
            services.commands.mark_sent(ref, report.command_id, from_epoch_ms(report.at_ms))
        if report.kind is ReportKind.SENT:
            return
        if report.kind is ReportKind.ANSWERED:
            _take_answer(ref, report, services)
        else:
            services.commands.fail(ref, report.command_id, _ENDS[report.kind])
    except Retryable as failure:
        log.error("command_report_not_stored", reason=failure.message, **_fields(tenant, report))
    except Exception as broken:  # the edge: an answer that no store can keep must not take the batch with it
        dead.take_report(report, _frame_of(report), broken)
        _give_up(ref, report, services)


def _frame_of(report: CommandReport) -> str:
    """What came, or else what was sent, as it may be kept."""
    return _without_key(report.answer or report.request or "")


def _give_up(ref: ChargePointRef, report: CommandReport, services: Services) -> None:
    """The charge point did answer, only nobody can keep what it said; the message log has the frame."""
    error = {"code": "unreadable_answer", "message": "The charge point's answer cannot be stored."}
    try:
        services.commands.fail(ref, report.command_id, Outcome(CommandStatus.FAILED, error=error))
    except Exception:  # the edge, once more: the sweep then ends the command
        log.exception("command_not_given_up", command_id=report.command_id)


def _fields(tenant: Tenant, report: CommandReport) -> dict[str, str]:
    """For the log."""
    return {
        "tenant_id": tenant.id,
        "charge_point_id": report.charge_point_id,
        "command_id": report.command_id,
    }


def _take_answer(ref: ChargePointRef, report: CommandReport, services: Services) -> None:
    frame = parse(report.answer or "")
    if isinstance(frame, CallResult):
        services.commands.complete(ref, report.command_id, frame.payload)
    elif isinstance(frame, CallError):
        error = {"code": frame.code, "message": frame.description, "details": frame.details}
        services.commands.fail(ref, report.command_id, Outcome(CommandStatus.FAILED, error=error))


def exchanges_of(envelope: BatchEnvelope) -> Iterator[Exchange]:
    """The ended exchanges among the reports, and stray frames, for the message log."""
    for stray in envelope.strays:
        yield Exchange(
            ChargePointRef(envelope.tenant_id, stray.charge_point_id),
            "in",
            STRAY,
            "",
            from_epoch_ms(stray.at_ms),
            _without_key(stray.text),
            stray.reason,
        )
    for report in envelope.reports:
        if report.kind in _ON_THE_WIRE and report.request is not None:
            yield Exchange(
                ChargePointRef(envelope.tenant_id, report.charge_point_id),
                "out",
                report.action,
                report.command_id,
                from_epoch_ms(report.at_ms),
                _without_key(report.request),
                _without_key(report.answer or ""),
            )


def _without_key(text: str) -> str:
    """The frame as it came, but for an AuthorizationKey: that is kept nowhere (OCPP-J 6.2.2, A01.FR.09)."""
    if "authorizationkey" not in text.casefold():
        return text
    try:
        return orjson.dumps(hide_secrets(orjson.loads(text))).decode()
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, RecursionError):
        return HIDDEN
