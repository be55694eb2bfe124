"""The message log in memory: what flushed batches exchanged."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app.services.batch import Exchange
from app.services.messages import Message
from app.services.ports import Page, PageRequest
from tests.fakes.paging import page_of

_CALL_ERROR = re.compile(r"\s*\[\s*4\s*,")


class FakeMessageRepository:
    """`MessageRepository` over the exchanges that `FakeBatchStore` keeps."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self._exchanges = exchanges

    def find(self, tenant_id: str, message_id: str) -> Message | None:
        """By id."""
        return next((message for message in self._of(tenant_id) if message.id == message_id), None)

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Message]:
        """Newest first."""
        filters = page.filters or {}
        wanted = [
            message
            for message in self._of(tenant_id)
            if all(_matches(message, name, value) for name, value in filters.items())
        ]
        return page_of(wanted, replace(page, filters=None))

    def _of(self, tenant_id: str) -> list[Message]:
        return [
            Message(
                f"{number:024x}",
                tenant_id,
                exchange.charge_point.charge_point_id,
                exchange.direction,
                exchange.action,
                exchange.unique_id,
                exchange.received_at,
                exchange.request,
                exchange.response,
            )
            for number, exchange in reversed(list(enumerate(self._exchanges)))
            if exchange.charge_point.tenant_id == tenant_id
        ]


def _matches(message: Message, name: str, value: Any) -> bool:
    if name == "errors":
        return not value or _CALL_ERROR.match(message.response) is not None
    if name == "from_at":
        return bool(message.received_at >= value)
    if name == "to_at":
        return bool(message.received_at < value)
    return bool(getattr(message, name) == value)
