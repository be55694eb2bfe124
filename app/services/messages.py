"""The OCPP message log: every frame and its answer, as they were on the wire."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.domain.errors import NotFound
from app.services.ports import Page, PageRequest


@dataclass(frozen=True, slots=True)
class Message:
    """A frame and its answer. `direction` of the first is seen from the central system: in or out.

    `response` is empty where no answer came. A frame that is no call has the action `(stray)`, and why it
    is none in `response`.
    """

    id: str
    tenant_id: str
    charge_point_id: str
    direction: str
    action: str
    unique_id: str
    received_at: datetime
    request: str
    response: str


class MessageRepository(Protocol):
    """The message log of each tenant; batches write it."""

    def find(self, tenant_id: str, message_id: str) -> Message | None: ...

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Message]:
        """Newest first. Filters: `charge_point_id`, `direction`, `action`, `unique_id`, `errors` (answered
        with a CallError), `from_at` and `to_at` (from this instant, before that one)."""
        ...


class MessageService:
    """Use cases of the message log."""

    def __init__(self, messages: MessageRepository) -> None:
        self._messages = messages

    def get(self, tenant_id: str, message_id: str) -> Message:
        """Raises NotFound."""
        message = self._messages.find(tenant_id, message_id)
        if message is None:
            raise NotFound(f"There is no message '{message_id}'.")
        return message

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Message]:
        """Newest first."""
        return self._messages.list_page(tenant_id, page)
