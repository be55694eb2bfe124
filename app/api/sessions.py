"""Charging sessions over HTTP."""

from typing import Any

from app.api.blueprint import Blueprint, also_answers, problems
from app.api.commands import request_for, submit
from app.api.current import services
from app.api.paging import page_request
from app.api.permissions import requires
from app.api.schemas.command import CommandSchema, WaitQuery
from app.api.schemas.session import SessionPageSchema, SessionQuery, SessionSchema
from app.api.tenancy import current_tenant
from app.domain.command import Command
from app.domain.permissions import Permission
from app.domain.session import Session
from app.services.ports import Page

sessions = Blueprint("sessions", __name__, url_prefix="/api/v1/sessions", description="Charging sessions.")


@sessions.get("")
@requires(Permission.SESSIONS_READ)
@sessions.query(SessionQuery)
@sessions.answers(200, SessionPageSchema, "A page of sessions.")
def list_sessions(query: dict[str, Any]) -> Page[Session]:
    """List sessions

    Newest first. Without meter values; each session itself has them.
    """
    return services().sessions.list_page(current_tenant().id, page_request(query))


@sessions.get("/<session_id>")
@requires(Permission.SESSIONS_READ)
@sessions.answers(200, SessionSchema, "The session.")
def get_session(session_id: str) -> Session:
    """Show a session

    With its energy so far.
    """
    return services().sessions.get(current_tenant().id, session_id)


@sessions.post("/<session_id>/stop")
@requires(Permission.SESSIONS_STOP)
@sessions.query(WaitQuery)
@sessions.answers(202, CommandSchema, "The command is taken; its address is in Location.")
@also_answers(200, CommandSchema, "The command has ended.")
@problems(409)
def stop_session(query: dict[str, float], session_id: str) -> tuple[Command, int, dict[str, str]]:
    """Stop a session

    Sends the charge point a `remote_stop`. The session ends when the charge point reports that it
    stopped; that it accepted the command says only that it will try. A session that has ended is a 409.
    """
    session = services().sessions.get_active(current_tenant().id, session_id)
    request = request_for(session.charge_point, "remote_stop", {"transaction_id": session.transaction_id})
    return submit(request, query["wait"])
