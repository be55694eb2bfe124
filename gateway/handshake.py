"""Before the upgrade: who is it, is it known, does it speak OCPP 1.6, can it prove it? (A1-A13, E1-E4)"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

import structlog
from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from app.domain.charge_point import ChargePoint
from app.domain.context import ChargePointRef
from app.domain.errors import AppError, NotFound, QuotaExceeded, Retryable
from app.domain.tenant import Tenant
from app.ocpp.quirks import Quirk
from app.services import Services
from app.services.refusals import RefusalReason
from app.services.tenants import is_served
from gateway.admission import Admission, Later
from gateway.credentials import CredentialCheck, Distrust, Proof, presented_by
from gateway.gathered import Gathered
from gateway.refusals import RefusalNotes
from gateway.seats import Seats
from gateway.subprotocol import SUBPROTOCOL, Choice, choose
from gateway.target import Target, target_of

T = TypeVar("T")
log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who may come in, and how. `deviations` are what it is forgiven so far."""

    charge_point: ChargePoint
    choice: Choice
    proof: Proof
    deviations: tuple[Quirk, ...]

    @property
    def ref(self) -> ChargePointRef:
        """Its name as it is stored (A4)."""
        return ChargePointRef(self.charge_point.tenant_id, self.charge_point.id)


class Mismatch:
    """No common subprotocol: the handshake is to be finished, and the connection closed at once (J 3.2)."""


@dataclass(frozen=True, slots=True)
class _Caller:
    """Who asks for entry, for log and list."""

    path: str
    peer: str
    ref: ChargePointRef | None = None


def respond(status: HTTPStatus, text: str, **headers: str) -> Response:
    """A plain answer that ends the connection."""
    body = text.encode() + b"\n"
    fields = Headers(
        {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(body)), "Connection": "close"}
    )
    for name, value in headers.items():
        fields[name.replace("_", "-")] = value
    return Response(status.value, status.phrase, fields, body)


def put_off(later: Later) -> Response:
    """Not now: when to come back, at another time than the others."""
    return respond(later.status, "Try again later.", Retry_After=str(later.retry_after_s))


class Handshake:
    """Decides on a request; what it refuses never becomes a connection of a charge point."""

    def __init__(
        self,
        services: Services,
        threads: Executor,
        credentials: CredentialCheck,
        notes: RefusalNotes,
        seats: Seats,
        admission: Admission,
        *,
        close_on_mismatch: bool = False,
    ) -> None:
        self._services = services
        self._threads = threads
        self._looked_up = Gathered(threads, self._look_up)
        self._credentials = credentials
        self._notes = notes
        self._seats = seats
        self._admission = admission
        self._close_on_mismatch = close_on_mismatch

    async def admit(self, connection: ServerConnection, request: Request) -> Admitted | Mismatch | Response:
        """The charge point that may connect, or the answer that says why not."""
        self._admission.heard(connection)
        caller = _Caller(request.path.partition("?")[0][:200], _peer_of(connection))
        target = target_of(request.path)
        tenant, is_exact = self._tenant_of(target) if target else (None, False)
        if target is None or tenant is None:
            return self._refuse(caller, HTTPStatus.NOT_FOUND, "No such charge point here.")
        later = self._admission.enter(connection, tenant.id, caller.peer, caller.path)
        if later is not None:
            return put_off(later)
        caller = _Caller(caller.path, caller.peer, ChargePointRef(tenant.id, target.identity))
        try:
            return await self._decide(caller, target, tenant, is_exact, connection, request)
        except NotFound as unknown:
            return self._refuse(caller, HTTPStatus.NOT_FOUND, unknown.message, RefusalReason.UNKNOWN)
        except QuotaExceeded as full:
            return self._refuse(caller, HTTPStatus.FORBIDDEN, full.message, RefusalReason.QUOTA_EXCEEDED)
        except Retryable as failure:
            return self._refuse(caller, HTTPStatus.SERVICE_UNAVAILABLE, failure.message)
        except AppError as refusal:
            return self._refuse(caller, HTTPStatus.FORBIDDEN, refusal.message)

    async def _decide(
        self,
        caller: _Caller,
        target: Target,
        tenant: Tenant,
        is_exact: bool,
        connection: ServerConnection,
        request: Request,
    ) -> Admitted | Mismatch | Response:
        charge_points = self._services.charge_points
        asked = ChargePointRef(tenant.id, target.identity)
        known = await self._looked_up.ask(asked, None)
        if known is None and not is_exact:  # its tenant is a guess then, too weak to make it known
            raise NotFound(f"There is no charge point '{target.identity}'.")
        # before anything else is said, so that nobody can ask here which tenants there are
        charge_point = known or charge_points.newcomer(tenant, target.identity)
        choice = choose(request.headers.get_all("Sec-WebSocket-Protocol"), tenant, known)
        if choice is None:
            return self._mismatch(caller, request)
        proof = await self._credentials.prove(tenant, charge_point, presented_by(connection, request))
        if isinstance(proof, Distrust):
            return self._distrust(caller, proof, known)
        ref = ChargePointRef(tenant.id, charge_point.id)
        if not self._seats.take(tenant, ref, is_counted=charge_point.connection is not None):
            detail = "As many charge points are connected as may be."
            return self._refuse(caller, HTTPStatus.TOO_MANY_REQUESTS, detail, RefusalReason.QUOTA_EXCEEDED)
        if known is None:
            charge_point = await self._in_thread(lambda: charge_points.admit(tenant, target.identity))
        deviations = [*choice.deviations, *proof.deviations]
        if not target.is_normal:
            deviations.append(Quirk.PATH_NOT_NORMAL)
        if charge_point.id != target.identity:
            deviations.append(Quirk.IDENTITY_IN_OTHER_CASE)
        return Admitted(charge_point, choice, proof, tuple(deviations))

    def _look_up(self, tenant_id: str, whom: Mapping[str, None]) -> Mapping[str, ChargePoint | None]:
        return self._services.charge_points.find_all_known(tenant_id, whom)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _tenant_of(self, target: Target) -> tuple[Tenant | None, bool]:
        """The tenant, and whether its name or prefix stands there to the letter."""
        directory = self._services.tenants.directory
        if target.tenant_id is not None:
            tenant = directory.find(target.tenant_id)
        else:
            tenant = directory.find_by_identity(target.identity)
        is_exact = tenant is not None
        if tenant is None and target.tenant_id is None:
            tenant = directory.find_by_identity_in_any_case(target.identity)
        return (tenant, is_exact) if is_served(tenant) else (None, False)

    def _mismatch(self, caller: _Caller, request: Request) -> Mismatch | Response:
        """Contradiction 0.1: refused before the upgrade, unless the setting wants it closed after.

        What asks for no upgrade is a browser or a probe, no charge point to be listed.
        """
        reason = f"Offer the WebSocket subprotocol {SUBPROTOCOL}."
        listed = RefusalReason.WRONG_SUBPROTOCOL if "Upgrade" in request.headers else None
        refusal = self._refuse(caller, HTTPStatus.BAD_REQUEST, reason, listed)
        return Mismatch() if self._close_on_mismatch else refusal

    def _distrust(self, caller: _Caller, distrust: Distrust, known: ChargePoint | None) -> Response:
        """A refusal for security's sake is told (E3): to the log, the list, and the charge point's events."""
        if known is not None and caller.ref is not None:
            ref = ChargePointRef(known.tenant_id, known.id)
            self._notes.alarm(ref, distrust.kind, f"{distrust.detail} From {caller.peer}.")
        log.warning(
            "security_refusal",
            kind=distrust.kind,
            reason=distrust.detail,
            peer=caller.peer,
            tenant_id=caller.ref.tenant_id if caller.ref else None,
            charge_point_id=caller.ref.charge_point_id if caller.ref else None,
        )
        return self._refuse(caller, distrust.status, distrust.detail, distrust.reason)

    def _refuse(
        self, caller: _Caller, status: HTTPStatus, detail: str, reason: RefusalReason | None = None
    ) -> Response:
        log.info("handshake_refused", path=caller.path, status=status.value, reason=detail, peer=caller.peer)
        if reason is not None and caller.ref is not None:
            self._notes.note(caller.ref, reason, detail, caller.peer)
        if status is HTTPStatus.SERVICE_UNAVAILABLE:
            return put_off(self._admission.later("store"))
        if status is HTTPStatus.TOO_MANY_REQUESTS:
            return respond(status, detail, Retry_After="60")
        if status is HTTPStatus.NOT_FOUND:  # word for word the same for an unknown tenant
            return respond(status, "No such charge point here.")
        if status is HTTPStatus.UNAUTHORIZED:
            return respond(status, "Show your credentials.", WWW_Authenticate='Basic realm="ocpp"')
        return respond(status, detail)


def _peer_of(connection: ServerConnection) -> str:
    address = connection.remote_address
    return str(address[0]) if address else "unknown"
