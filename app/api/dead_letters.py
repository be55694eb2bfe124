"""Dead letters over HTTP."""

from typing import Any

from app.api.blueprint import Blueprint, problems
from app.api.current import services
from app.api.paging import page_request
from app.api.permissions import requires
from app.api.schemas.dead_letter import DeadLetterPageSchema, DeadLetterQuery, DeadLetterSchema
from app.api.tenancy import current_tenant
from app.domain.dead_letter import DeadLetter
from app.domain.permissions import Permission
from app.ocpp.replay import replay
from app.services.ports import Page

dead_letters = Blueprint(
    "dead_letters",
    __name__,
    url_prefix="/api/v1/dead-letters",
    description="Calls that could not be handled and were put aside.",
)


@dead_letters.get("")
@requires(Permission.DEAD_LETTERS_READ)
@dead_letters.query(DeadLetterQuery)
@dead_letters.answers(200, DeadLetterPageSchema, "A page of dead letters.")
def list_dead_letters(query: dict[str, Any]) -> Page[DeadLetter]:
    """List dead letters

    Newest first. A charge point that says the same again makes none anew; `count` rises.
    """
    return services().dead_letters.list_page(current_tenant().id, page_request(query))


@dead_letters.get("/<dead_letter_id>")
@requires(Permission.DEAD_LETTERS_READ)
@dead_letters.answers(200, DeadLetterSchema, "The dead letter.")
def get_dead_letter(dead_letter_id: str) -> DeadLetter:
    """Show a dead letter

    What came, why it broke, and what became of it.
    """
    return services().dead_letters.get(current_tenant().id, dead_letter_id)


@dead_letters.post("/<dead_letter_id>/replay")
@requires(Permission.DEAD_LETTERS_MANAGE)
@dead_letters.answers(200, DeadLetterSchema, "Whether it was handled, see `status` and `answer`.")
@problems(409)
def replay_dead_letter(dead_letter_id: str) -> DeadLetter:
    """Handle a dead letter once more

    As if the call came again at its old place: sessions and meter values are stored if they are not there
    yet, and a state that has become newer since stays as it is. `answer` is what the charge point would have
    been told; it is not sent. With a CALLERROR in it the letter stays as it was. What was replayed is not
    handled again. A report of a command cannot be replayed (409).
    """
    return replay(services().dead_letters.get(current_tenant().id, dead_letter_id), services())


@dead_letters.post("/<dead_letter_id>/discard")
@requires(Permission.DEAD_LETTERS_MANAGE)
@dead_letters.answers(200, DeadLetterSchema, "Nobody needs to look at it any more.")
@problems(409)
def discard_dead_letter(dead_letter_id: str) -> DeadLetter:
    """Discard a dead letter

    It stays in the list and may still be replayed. One that was replayed cannot be discarded (409).
    """
    return services().dead_letters.discard(current_tenant().id, dead_letter_id)
