"""Before the upgrade: who is it, is it known, does it speak OCPP 1.6? (A1-A13)"""

import asyncio
from concurrent.futures import Executor
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import unquote

import structlog
from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from app.domain.context import ChargePointRef
from app.domain.errors import AppError, NotFound, QuotaExceeded, Retryable
from app.domain.tenant import Tenant
from app.services import Services
from app.services.tenants import is_served

log = structlog.stdlib.get_logger(__name__)
SUBPROTOCOL = "ocpp1.6"
_ROOT = "ocpp"
_MAX_IDENTITY_LENGTH = 128
_STATUS = {
    NotFound: HTTPStatus.NOT_FOUND,
    QuotaExceeded: HTTPStatus.FORBIDDEN,
    Retryable: HTTPStatus.SERVICE_UNAVAILABLE,
}


@dataclass(frozen=True, slots=True)
class Target:
    """What a path asks for: an identity, and the tenant where the path names one."""

    identity: str
    tenant_id: str | None = None


def target_of(path: str) -> Target | None:
    """Read `/ocpp/<identity>` or `/ocpp/<tenant id>/<identity>`; None if it is neither.

    Split before decoding, so that an encoded slash stays inside the identity (A3). Query, double and
    trailing slashes do not count, and the absolute form of a request line is read as well (G2, G3).
    """
    segments = [segment for segment in _path_of(path).split("/") if segment]
    if not segments or segments[0] != _ROOT or len(segments) not in (2, 3):
        return None
    try:
        *tenant, identity = (unquote(segment, errors="strict") for segment in segments[1:])
    except UnicodeDecodeError:
        return None
    if not identity.strip() or len(identity) > _MAX_IDENTITY_LENGTH or not identity.isprintable():
        return None
    return Target(identity, tenant[0] if tenant else None)


def _path_of(target: str) -> str:
    """Of a request's target. `urlsplit` would take what follows a leading `//` for a host."""
    target = target.partition("?")[0]
    scheme, separator, rest = target.partition("://")
    return rest.partition("/")[2] if separator and "/" not in scheme else target


def respond(status: HTTPStatus, text: str, **headers: str) -> Response:
    """A plain answer that ends the connection."""
    body = text.encode() + b"\n"
    fields = Headers(
        {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(body)), "Connection": "close"}
    )
    for name, value in headers.items():
        fields[name.replace("_", "-")] = value
    return Response(status.value, status.phrase, fields, body)


class Handshake:
    """Decides on a request; what it refuses never becomes a WebSocket."""

    def __init__(self, services: Services, threads: Executor) -> None:
        self._services = services
        self._threads = threads

    async def admit(self, connection: ServerConnection, request: Request) -> ChargePointRef | Response:
        """The charge point that may connect, or the answer that says why not."""
        target = target_of(request.path)
        tenant = self._tenant_of(target) if target else None
        if target is None or tenant is None:
            return self._refuse(connection, request, HTTPStatus.NOT_FOUND, "No such charge point here.")
        offered = [
            name.strip()
            for value in request.headers.get_all("Sec-WebSocket-Protocol")
            for name in value.split(",")
        ]
        if SUBPROTOCOL not in offered:
            reason = f"Offer the WebSocket subprotocol {SUBPROTOCOL}."
            return self._refuse(connection, request, HTTPStatus.BAD_REQUEST, reason)
        try:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(
                self._threads, self._services.charge_points.admit, tenant, target.identity
            )
        except AppError as refusal:
            status = _STATUS.get(type(refusal), HTTPStatus.FORBIDDEN)
            return self._refuse(connection, request, status, refusal.message)
        return ChargePointRef(tenant.id, target.identity)

    def _tenant_of(self, target: Target) -> Tenant | None:
        directory = self._services.tenants.directory
        if target.tenant_id is not None:
            tenant = directory.find(target.tenant_id)
        else:
            tenant = directory.find_by_identity(target.identity)
        return tenant if is_served(tenant) else None

    @staticmethod
    def _refuse(connection: ServerConnection, request: Request, status: HTTPStatus, reason: str) -> Response:
        log.info(
            "handshake_refused",
            path=request.path[:200],
            status=status.value,
            reason=reason,
            peer=str(connection.remote_address),
        )
        if status is HTTPStatus.SERVICE_UNAVAILABLE:
            return respond(status, "Try again later.", Retry_After="5")
        return respond(status, reason)
