"""The OCPP message log over HTTP."""

from typing import Any

from app.api.blueprint import Blueprint
from app.api.current import services
from app.api.paging import page_request
from app.api.permissions import requires
from app.api.schemas.message import MessagePageSchema, MessageQuery, MessageSchema
from app.api.tenancy import current_tenant
from app.domain.permissions import Permission
from app.services.messages import Message
from app.services.ports import Page

messages = Blueprint(
    "messages", __name__, url_prefix="/api/v1/messages", description="What was said on the wire."
)


@messages.get("")
@requires(Permission.MESSAGES_READ)
@messages.query(MessageQuery)
@messages.answers(200, MessagePageSchema, "A page of the log.")
def list_messages(query: dict[str, Any]) -> Page[Message]:
    """List OCPP messages

    Newest first, each with its answer, as they were on the wire. Keys of charge points are hidden. Name a
    charge point where you can: the log is kept by charge point.
    """
    return services().messages.list_page(current_tenant().id, page_request(query))


@messages.get("/<message_id>")
@requires(Permission.MESSAGES_READ)
@messages.answers(200, MessageSchema, "The message.")
def get_message(message_id: str) -> Message:
    """Show an OCPP message

    With its answer.
    """
    return services().messages.get(current_tenant().id, message_id)
