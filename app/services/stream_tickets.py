"""Tickets for browsers, whose EventSource cannot send a token: good for one request, within seconds.

What the store holds is encrypted with the ticket, so whoever reads the store has no token.
"""

import hashlib
import secrets
from base64 import urlsafe_b64encode

import orjson
from cryptography.fernet import Fernet

from app.domain.errors import NotAuthenticated
from app.services.ports import TicketStore

VALID_S = 30
_TICKET_BYTES = 32


class StreamTicketService:
    """Use cases of tickets."""

    def __init__(self, store: TicketStore) -> None:
        self._store = store

    def issue(self, authorization: str, tenant_id: str) -> str:
        """A ticket that stands for this header, in this tenant. Raises Retryable."""
        ticket = secrets.token_urlsafe(_TICKET_BYTES)
        held = orjson.dumps([authorization, tenant_id])
        self._store.put(_name_of(ticket), _lock_of(ticket).encrypt(held).decode(), VALID_S)
        return ticket

    def redeem(self, ticket: str) -> tuple[str, str]:
        """Header and tenant; the ticket is worth nothing after that. Raises NotAuthenticated, Retryable."""
        held = self._store.take(_name_of(ticket))
        if held is None:
            raise NotAuthenticated("The ticket was used before, has expired, or never was one.")
        authorization, tenant_id = orjson.loads(_lock_of(ticket).decrypt(held))
        return str(authorization), str(tenant_id)


def _name_of(ticket: str) -> str:
    return hashlib.sha256(b"name:" + ticket.encode()).hexdigest()


def _lock_of(ticket: str) -> Fernet:
    return Fernet(urlsafe_b64encode(hashlib.sha256(b"lock:" + ticket.encode()).digest()))
