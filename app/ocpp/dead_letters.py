"""Parks what broke, and handles it once more when somebody asks for that."""

from collections.abc import Callable
from datetime import datetime

import orjson
import structlog

from app.domain.dead_letter import MAX_REASON, DeadLetter, DeadLetterKind, dead_letter_id
from app.domain.redaction import redact_text
from app.domain.times import from_epoch_ms, to_epoch_ms
from app.metrics import DEAD_LETTERS
from app.ocpp.envelope import CommandReport, InboundCall
from app.ocpp.frame import Call, parse
from app.services import Services

log = structlog.stdlib.get_logger(__name__)
MAX_ACTION = 100  # of one that nobody knows; the raw frame has all of it


class DeadLetterBox:
    """Gathers what broke in one batch, each thing once however often it was tried; then parks it.

    Nothing in here raises: the charge points are waiting for their CallErrors.
    """

    def __init__(self, tenant_id: str, services: Services) -> None:
        self._tenant_id = tenant_id
        self._services = services
        self._letters: dict[str, DeadLetter] = {}

    def take_call(self, call: InboundCall, failure: Exception) -> None:
        """A call that broke. The log tells where, by the dead letter's id."""
        self._put("call_broke", failure, lambda now: _letter_of_call(self._tenant_id, call, failure, now))

    def take_report(self, report: CommandReport, frame: str, failure: Exception) -> None:
        """A report that broke, with the frame as it may be kept."""
        self._put(
            "command_report_broke",
            failure,
            lambda now: _letter_of_report(self._tenant_id, report, frame, failure, now),
        )

    def _put(self, event: str, failure: Exception, make: Callable[[datetime], DeadLetter]) -> None:
        try:
            letter = make(self._services.clock.now())
        except Exception:  # the edge: what breaks us may break this too
            log.exception("dead_letter_not_made", tenant_id=self._tenant_id, reason=repr(failure))
            return
        self._letters[letter.id] = letter
        DEAD_LETTERS.inc()
        log.error(
            event,
            dead_letter_id=letter.id,
            tenant_id=self._tenant_id,
            charge_point_id=letter.charge_point_id,
            connection_id=letter.connection_id,
            action=letter.action,
            exc_info=failure,
        )

    def park(self) -> None:
        """Costs nothing where nothing broke."""
        if not self._letters:
            return
        try:
            self._services.dead_letters.park(self._tenant_id, list(self._letters.values()))
        except Exception:  # the edge
            log.exception("dead_letters_not_parked", tenant_id=self._tenant_id, ids=sorted(self._letters))


def _letter_of_call(tenant_id: str, call: InboundCall, failure: Exception, now: datetime) -> DeadLetter:
    frame = parse(call.text)
    action = frame.action[:MAX_ACTION] if isinstance(frame, Call) else ""
    return DeadLetter(
        dead_letter_id(call.charge_point_id, DeadLetterKind.CALL, action, _content(frame, call.text)),
        tenant_id,
        call.charge_point_id,
        DeadLetterKind.CALL,
        action,
        call.text,
        type(failure).__name__,
        redact_text(str(failure))[:MAX_REASON],
        from_epoch_ms(call.received_ms),
        now,
        now,
        call.connection_id,
        call.epoch,
        call.sequence,
        call.registration,
        call.strict,
        call.time_zone,
    )


def _content(frame: object, text: str) -> str:
    """What is said, whatever the message id: a charge point may send it again under another one."""
    if not isinstance(frame, Call):
        return text
    try:
        return orjson.dumps(frame.payload, option=orjson.OPT_SORT_KEYS).decode()
    except orjson.JSONEncodeError:  # nested too deep to be written again
        return text


def _letter_of_report(
    tenant_id: str, report: CommandReport, frame: str, failure: Exception, now: datetime
) -> DeadLetter:
    action = report.action[:MAX_ACTION]
    return DeadLetter(
        dead_letter_id(report.charge_point_id, DeadLetterKind.REPORT, action, report.command_id),
        tenant_id,
        report.charge_point_id,
        DeadLetterKind.REPORT,
        action,
        frame,
        type(failure).__name__,
        redact_text(str(failure))[:MAX_REASON],
        from_epoch_ms(report.at_ms),
        now,
        now,
    )


def call_of(letter: DeadLetter) -> InboundCall:
    """The call as it first came, at its place: a state that has become newer since stays as it is."""
    return InboundCall(
        letter.charge_point_id,
        letter.connection_id or "",
        letter.epoch or 0,
        letter.sequence or 0,
        letter.registration,
        to_epoch_ms(letter.received_at),
        letter.frame,
        letter.strict,
        letter.time_zone,
    )
