"""The gateway's process: sockets on one side, queue or bypass on the other."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import structlog
from websockets.asyncio.server import Server
from websockets.http11 import Request, Response

from app.domain.errors import AppError, Retryable
from app.health import HealthChecks
from app.messaging.celery_app import Side, build_celery
from app.messaging.gateway_link import BatchReplies, CloseReplaced, Downlink, RedisGatewayLink
from app.ocpp.envelope import BatchEnvelope, Reply
from app.services import Services
from app.services.keys import KeyHasher
from app.settings import Settings
from gateway import subprotocol
from gateway.admission import Admission, AdmissionLimits
from gateway.beside import Beside
from gateway.bypass import BypassCarrier
from gateway.connection import ChargePointConnection
from gateway.credentials import CredentialCheck
from gateway.downlink import DownlinkReader
from gateway.drain import retire_all
from gateway.handshake import Admitted, Handshake, Mismatch, put_off
from gateway.health import GatewayReports
from gateway.limits import ConnectionLimits
from gateway.listeners import open_listeners, open_side_door
from gateway.metrics import GatewayMetrics
from gateway.pace import Paces
from gateway.presence import Presence
from gateway.queued import QueuedCarrier
from gateway.refusals import RefusalNotes
from gateway.seats import Seats
from gateway.signs_of_life import SignsOfLife
from gateway.tls import TlsDoor
from gateway.traced import make_dispatcher
from gateway.websocket import WebSocket

log = structlog.stdlib.get_logger(__name__)
_DEADLINE_CHECK_EVERY_S = 0.1
_TENANT_CHECK_EVERY_S = 0.5
_STORE_THREADS = 8
_KEY_THREADS = (
    2  # apart from the others, so that wrong keys in masses slow down nobody's handshake but theirs
)
_LAST_WORDS_S = 5.0
_NO_SUBPROTOCOL = 1002


class Gateway:
    """Everything one gateway process holds. Made and run inside the event loop."""

    def __init__(
        self, settings: Settings, services: Services, link: RedisGatewayLink, checks: HealthChecks
    ) -> None:
        self._settings = settings.gateway
        self.gateway_id = f"{socket.gethostname()}-{uuid4().hex[:12]}"
        self._link = link
        self._loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(_STORE_THREADS, thread_name_prefix="store")
        self._queued = QueuedCarrier(build_celery(settings, Side.PUBLISHER), self._publish_failed)
        self._bypass = BypassCarrier(services, self._settings.bypass_threads, self._bypass_replied)
        self._dispatcher = make_dispatcher(
            self.gateway_id,
            services.tenants.directory,
            services.clock,
            self._settings.queue_answer_timeout_s,
            self._queued.send,
            self._bypass.send,
        )
        limits = ConnectionLimits(self._settings.max_waiting_calls, self._settings.send_timeout_s)
        self._paces = Paces(services.tenants.directory)
        self._presence = Presence(
            self.gateway_id, services, self._threads, self._dispatcher, limits, self._paces
        )
        self._seats = Seats(self._presence)
        self._signs = SignsOfLife(self.gateway_id, link, self._threads, self._presence, self._seats)
        self._admission = Admission(AdmissionLimits.of(self._settings))
        self._refusals = RefusalNotes(services, self._threads)
        self._beside = Beside(
            services, self._threads, self._presence, self._admission, self._settings.ping_timeout_s
        )
        self._key_threads = ThreadPoolExecutor(_KEY_THREADS, thread_name_prefix="keys")
        self._handshake = Handshake(
            services,
            self._threads,
            CredentialCheck(services.keepers, KeyHasher(), self._key_threads),
            self._refusals,
            self._seats,
            self._admission,
            close_on_mismatch=self._settings.subprotocol_mismatch == "close",
        )
        self._tls = TlsDoor(self._settings.tls) if self._settings.tls is not None else None
        restored = self._downlink_restored
        self._downlink = DownlinkReader(settings.redis.url, self.gateway_id, self._take, restored)
        self._catching_up: asyncio.Task[None] | None = None
        metrics = GatewayMetrics(self._presence, self._dispatcher, self._paces, self._admission)
        self._reports = GatewayReports(checks, self._facts, self._why_not, metrics.render)

    @property
    def draining(self) -> bool:
        """It has been told to end."""
        return self._admission.draining

    # --- threads speak to the loop ---------------------------------------------------------------

    def _publish_failed(self, envelope: BatchEnvelope) -> None:
        self._loop.call_soon_threadsafe(self._dispatcher.take_failure, envelope.batch_id)

    def _bypass_replied(self, batch_id: int, replies: Sequence[Reply]) -> None:
        self._loop.call_soon_threadsafe(self._dispatcher.take_replies, batch_id, replies)

    def _take(self, message: Downlink) -> None:
        if isinstance(message, BatchReplies):
            self._dispatcher.take_replies(message.batch_id, [Reply(*reply) for reply in message.replies])
        elif isinstance(message, CloseReplaced):
            self._presence.close_older(message.charge_point, message.epoch)
        else:
            connection = self._presence.find(message.charge_point)
            is_new = not self._dispatcher.was_sent(message.charge_point.tenant_id, message.command_id)
            if connection is not None and connection.epoch == message.epoch and is_new:
                connection.deliver(message)

    def _downlink_restored(self) -> None:
        if self._catching_up is None or self._catching_up.done():
            self._catching_up = self._loop.create_task(self._presence.deliver_all_waiting())

    # --- one connection --------------------------------------------------------------------------

    async def _process_request(self, websocket: WebSocket, request: Request) -> Response | None:
        path = request.path.partition("?")[0]
        report = await self._reports.answer(path, with_metrics=not self._settings.metrics_port)
        if report is not None:
            return report
        if self._presence.count >= self._settings.max_connections:
            return put_off(self._admission.later("full"))
        admitted = await self._handshake.admit(websocket, request)
        if not isinstance(admitted, Admitted):
            self._admission.leave(websocket)
        if isinstance(admitted, Response):
            return admitted
        if isinstance(admitted, Mismatch):
            subprotocol.echo_nothing(websocket)
        else:
            subprotocol.apply(websocket, admitted.choice, admitted.charge_point.settings)
        websocket.admitted = admitted
        return None

    def _facts(self) -> dict[str, str | int]:
        return {
            "gateway_id": self.gateway_id,
            "connected": self._presence.count,
            "bypassed_tenants": len(self._dispatcher.bypassed),  # who they are is not for everybody
        }

    def _why_not(self) -> str | None:
        """Why no charge point should be sent here."""
        if self.draining:
            return "draining"
        return "full" if self._presence.count >= self._settings.max_connections else None

    async def _serve_connection(self, websocket: WebSocket) -> None:
        connection = await self._open(websocket, uuid4().hex)
        if connection is None:
            return
        try:
            await connection.run()
        finally:
            connection.log.info("connection_closed", code=websocket.close_code, reason=websocket.close_reason)
            self._beside.end(connection)
            await self._presence.close(connection)

    async def _open(self, websocket: WebSocket, connection_id: str) -> ChargePointConnection | None:
        """None if it was closed instead."""
        admitted = websocket.admitted
        if not isinstance(admitted, Admitted):
            await websocket.close(_NO_SUBPROTOCOL, f"offer the subprotocol {subprotocol.SUBPROTOCOL}")
            return None
        ref = admitted.ref
        told = log.bind(
            tenant_id=ref.tenant_id, charge_point_id=ref.charge_point_id, connection_id=connection_id
        )
        try:
            connection = await self._presence.open(websocket, admitted, connection_id)
        except AppError as refusal:
            self._admission.leave(websocket)
            told.warning("connection_not_opened", reason=refusal.message)
            await websocket.close(1013, "try again later")
            return None
        finally:
            self._seats.settle(ref)
        if connection is None:
            await websocket.close(1008, "replaced by a newer connection")
            return None
        told.info("connection_opened", epoch=connection.epoch, profile=admitted.proof.profile)
        self._beside.begin(connection, admitted)
        return connection

    # --- the process -----------------------------------------------------------------------------

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT, then drain."""
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, stop.set)
        await self._signs.announce()
        self._queued.start()
        tasks = [
            self._loop.create_task(self._downlink.run()),
            self._loop.create_task(self._signs.run()),
            self._loop.create_task(
                self._regularly(_DEADLINE_CHECK_EVERY_S, self._dispatcher.check_deadlines)
            ),
            self._loop.create_task(self._regularly(_TENANT_CHECK_EVERY_S, self._presence.close_unserved)),
            self._loop.create_task(self._refusals.run()),
            self._loop.create_task(self._beside.run()),
        ]
        if self._tls is not None:
            tasks.append(self._loop.create_task(self._tls.watch()))
        context = self._tls.context if self._tls is not None else None
        servers = await open_listeners(
            self._settings, context, self._serve_connection, self._process_request, self._admission
        )
        ports = [listening.getsockname()[1] for server in servers for listening in server.sockets]
        side_door = await open_side_door(self._settings, self._reports)
        log.info("gateway_ready", gateway_id=self.gateway_id, host=self._settings.host, ports=ports)
        await stop.wait()
        await self._drain(servers)
        if side_door is not None:
            side_door.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._end()

    async def _drain(self, servers: Sequence[Server]) -> None:
        """Nobody new; everybody here is asked to come back, and what they said is handled to its end."""
        log.info("gateway_draining", connected=self._presence.count)
        self._admission.draining = True
        if self._settings.shared_port:  # so that the system hands newcomers to the others
            for server in servers:
                server.close(close_connections=False)
        await retire_all(self._presence.all, self._settings.drain_s)
        for server in servers:
            server.close(close_connections=False)
        with contextlib.suppress(TimeoutError):  # whoever does not go is closed by the sweep
            async with asyncio.timeout(_LAST_WORDS_S):
                for server in servers:
                    await server.wait_closed()  # until the store knows of every end
                # many small causes end a batch; none has an event of its own
                while not self._dispatcher.is_idle:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)

    async def _end(self) -> None:
        """Whoever is still listed here is closed by the sweep, which sees that this gateway is gone."""
        self._queued.stop()
        self._bypass.stop()
        await self._downlink.close()
        await self._refusals.flush()
        self._key_threads.shutdown(wait=True, cancel_futures=True)
        self._threads.shutdown(wait=True, cancel_futures=False)
        try:
            self._link.withdraw(self.gateway_id)
        except Retryable as failure:
            log.warning("gateway_not_withdrawn", reason=failure.message)
        log.info("gateway_stopped")

    async def _regularly(self, every_s: float, check: Callable[[], None]) -> None:
        while True:
            await asyncio.sleep(every_s)
            check()
