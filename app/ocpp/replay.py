"""A dead letter's call is handled once more, as if it came again. Nobody is waiting for the answer."""

from app.domain.dead_letter import DeadLetter, DeadLetterKind, DeadLetterStatus
from app.domain.errors import Conflict
from app.ocpp.dead_letters import call_of
from app.ocpp.dispatch import handle_batch
from app.ocpp.envelope import BatchEnvelope
from app.ocpp.frame import CallResult, parse
from app.services import Services

_NOBODY = "replay"


def replay(letter: DeadLetter, services: Services) -> DeadLetter:
    """The letter with the answer that would have been given; it is `replayed` if that is no CallError.

    It has the place on the connection that it had: a start, a stop and a meter value are known by what they
    say and are stored if they are not there yet; a state that has become newer since stays as it is. What was
    replayed before is not handled again. Raises Conflict for a report: its command has ended since.
    """
    if letter.kind is DeadLetterKind.REPORT:
        raise Conflict("The command of this report has ended; there is nothing to handle again.")
    if letter.status is DeadLetterStatus.REPLAYED:
        return letter
    order_key = services.clock.order_key()
    envelope = BatchEnvelope(letter.tenant_id, _NOBODY, 0, order_key, 0, (call_of(letter),))
    (reply,) = handle_batch(envelope, services, live=False)
    handled = isinstance(parse(reply.text), CallResult)
    return services.dead_letters.note_replay(letter, reply.text, handled=handled)
