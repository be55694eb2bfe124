"""The ports that charge points connect to: a plain one, one with TLS, or both, in one process."""

import re
import ssl
from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from typing import cast

import structlog
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from app.gateway_settings import GatewaySettings
from gateway.admission import Admission
from gateway.handshake import respond
from gateway.health import GatewayReports
from gateway.subprotocol import SUBPROTOCOL
from gateway.websocket import WebSocket

log = structlog.stdlib.get_logger(__name__)
_OPEN_TIMEOUT_S = 20
_SECRET = re.compile(r"authorization|cookie|token|secret|password|api-?key", re.IGNORECASE)
_MAX_HEADERS, _MAX_SHOWN = 30, 200  # a request may have a megabyte of them
Handler = Callable[[WebSocket], Awaitable[None]]
_LibrarysProcessRequest = Callable[[ServerConnection, Request], Awaitable[Response | None]]
ProcessRequest = Callable[[WebSocket, Request], Awaitable[Response | None]]


def tell_failed_upgrade(connection: ServerConnection, request: Request, _: Response) -> None:
    """Of a request that is no proper upgrade, everything that helps to find out why (G2), but no secret."""
    failure = connection.protocol.handshake_exc
    if failure is not None:
        shown = [item for item in request.headers.raw_items() if not _SECRET.search(item[0])]
        headers = {name[:_MAX_SHOWN]: value[:_MAX_SHOWN] for name, value in shown[:_MAX_HEADERS]}
        reason = str(failure)[:_MAX_SHOWN]
        log.warning("upgrade_failed", path=request.path[:_MAX_SHOWN], reason=reason, headers=headers)


async def open_listeners(
    settings: GatewaySettings,
    tls: ssl.SSLContext | None,
    handler: Handler,
    process_request: ProcessRequest,
    admission: Admission,
) -> list[Server]:
    """Begin to accept connections."""
    doors: list[tuple[int, ssl.SSLContext | None]] = [(settings.port, None)] if settings.plain else []
    if settings.tls is not None:
        doors.append((settings.tls.port, tls))
    made = partial(WebSocket, admission)
    return [await _open(settings, port, context, handler, process_request, made) for port, context in doors]


async def open_side_door(settings: GatewaySettings, reports: GatewayReports) -> Server | None:
    """For what this very process reports, also where others share its main port; None: it has no other."""
    if not settings.metrics_port:
        return None

    async def answer(_: ServerConnection, request: Request) -> Response:
        report = await reports.answer(request.path.partition("?")[0], with_metrics=True)
        return report or respond(HTTPStatus.NOT_FOUND, "There are /health and /metrics here.")

    async def nobody(_: ServerConnection) -> None:
        """Each request is answered before it comes to a WebSocket."""

    return await serve(nobody, settings.host, settings.metrics_port, process_request=answer)


async def _open(
    settings: GatewaySettings,
    port: int,
    tls: ssl.SSLContext | None,
    handler: Handler,
    process_request: ProcessRequest,
    made: Callable[..., WebSocket],
) -> Server:
    return await serve(
        cast(Callable[[ServerConnection], Awaitable[None]], handler),
        settings.host,
        port,
        reuse_port=settings.shared_port or None,
        ssl=tls,
        ssl_handshake_timeout=_OPEN_TIMEOUT_S if tls is not None else None,
        create_connection=cast(type[ServerConnection], made),
        process_request=cast(_LibrarysProcessRequest, process_request),
        process_response=tell_failed_upgrade,
        subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]
        compression=None,
        max_size=settings.max_message_bytes,
        ping_interval=None,  # see gateway.keepalive
        open_timeout=_OPEN_TIMEOUT_S,
        close_timeout=3,
        backlog=2048,
    )
