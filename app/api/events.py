"""Live events for web pages, as server-sent events.

Each stream keeps one of the server's threads for as long as it lasts, so there are only so many places.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Response, request, stream_with_context
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import PyJWTError

from app.api.auth import API_KEY_HEADER, identify
from app.api.blueprint import Blueprint, documentation_of
from app.api.current import equipment, services
from app.api.event_stream import Wanted, stream_events
from app.api.openapi import TENANT_HEADER
from app.api.permissions import check, requires
from app.api.schemas.event import EventsQuery, TicketSchema
from app.api.tenancy import current_tenant, enter_tenant
from app.domain.errors import Busy, NotAuthenticated
from app.domain.permissions import Permission
from app.services.stream_tickets import VALID_S

View = TypeVar("View", bound=Callable[..., Any])
events = Blueprint(
    "events", __name__, url_prefix="/api/v1/events", description="What happens, as it happens."
)
_STREAM = "text/event-stream"


def by_ticket(view: View) -> View:
    """Let a ticket stand for the header that it was made with. Comes before `requires`."""

    @wraps(view)
    def admitted(*args: Any, **kwargs: Any) -> Any:
        ticket = request.args.get("ticket")
        if ticket is not None:
            authorization, tenant_id = services().stream_tickets.redeem(ticket)
            request.environ["HTTP_AUTHORIZATION"] = authorization
            request.environ[f"HTTP_{TENANT_HEADER.upper().replace('-', '_')}"] = tenant_id
            request.__dict__.pop("authorization", None)  # werkzeug may have read it before
        return view(*args, **kwargs)

    documentation_of(admitted)
    return cast(View, admitted)


@events.post("/ticket")
@requires(Permission.EVENTS_READ)
@events.answers(200, TicketSchema, "The ticket.")
def create_ticket() -> dict[str, Any]:
    """Get a ticket to the stream of events

    For browsers, whose EventSource cannot send a token. It opens one stream within 30 seconds, with the
    rights of whoever asked for it, and ends when these end.
    """
    presented = request.headers.get("Authorization") or f"Bearer {request.headers[API_KEY_HEADER]}"
    ticket = services().stream_tickets.issue(presented, current_tenant().id)
    return {"ticket": ticket, "expires_in": VALID_S}


@events.get("")
@by_ticket
@requires(Permission.EVENTS_READ)
@events.query(EventsQuery)
@events.response(
    200,
    {"type": "object", "properties": {name: {"type": "string"} for name in ("id", "event", "data", "retry")}},
    content_type=_STREAM,
    description="Server-sent events, until one side ends it.",
)
def follow_events(query: dict[str, Any]) -> Response:
    """Follow live events

    The bodies are those of MQTT. The first event is `ready`: with `resumed` true nothing is missing since
    `Last-Event-ID`, else load the present state now. The last is `end` with a `code`. In quiet times there
    are comments. When all places are taken it is a 503 `busy`.
    """
    places, tenant_id, feed = equipment().streams, current_tenant().id, services().live_feed
    wanted = Wanted(tenant_id, query["types"], query["charge_point_id"])
    last = query["last_event_id"] or request.headers.get("Last-Event-ID")
    if not places.acquire(blocking=False):
        raise Busy("All places for streams are taken. Try again later, or ask for the present state instead.")
    try:
        resumed = last is not None and feed.reaches_back_to(tenant_id, last)
        position = last if resumed and last is not None else feed.open(tenant_id)
        pieces = stream_events(feed, wanted, position, _check_again, resumed=resumed)
        response = Response(stream_with_context(pieces), content_type=_STREAM)
    except BaseException:
        places.release()
        raise
    response.call_on_close(places.release)
    response.headers["X-Accel-Buffering"] = "no"  # nginx would collect events before it passes them on
    return response


def _check_again() -> None:
    """The caller may still read: token, role and tenant as they are by now. Raises AppError."""
    try:
        caller = identify()
    except (JWTExtendedException, PyJWTError) as ended:
        raise NotAuthenticated("The token is not valid any more.") from ended
    check(caller, Permission.EVENTS_READ)
    enter_tenant(caller)
