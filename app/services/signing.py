"""Charge points' own certificates: a request comes in, a CA signs it, the chain goes out (E22-E24).

The request is answered at once and worked on by a sweep: the CA may take its time, and CertificateSigned must
come after the answer. What the CA will not sign is for a person: the charge point never asks again (E23).
"""

from dataclasses import replace
from datetime import timedelta
from typing import Protocol
from uuid import uuid4

import structlog

from app.domain.certificate import OPEN, Certificate, CertificateKind, CertificateState
from app.domain.command import CommandRequest
from app.domain.context import CallContext, ChargePointRef
from app.domain.errors import AppError, Conflict, NotFound, Retryable
from app.domain.tenant import Tenant
from app.services.certificates import CertificateRepository, id_of
from app.services.commands import CommandService
from app.services.ports import ChargePointRepository, Clock
from app.services.security_events import SecurityEventService
from app.services.x509 import chain_for, facts_of, pem_of, problems_of_request, serial_of

log = structlog.stdlib.get_logger(__name__)
State = CertificateState
MAX_ATTEMPTS = 5
AT_A_TIME = 20  # a CA that hangs costs half a minute each
WATCHED_AT_A_TIME = 200
SENT_EXPIRES_S = 60.0
_FORGOTTEN_AFTER = timedelta(minutes=20)  # longer than any command of ours takes to end


class AuthorityFailed(AppError):
    """The CA cannot be reached or will not sign; the message says why."""

    code = "authority_failed"


class CertificateAuthority(Protocol):
    """Whoever signs requests: a CA server, or the local one of development."""

    def sign(self, csr: str, days: int, ref: ChargePointRef) -> str:
        """The certificate and its sub-CAs in PEM. Raises AuthorityFailed. May take seconds."""
        ...

    def root(self) -> str | None:
        """The root in PEM, for charge points' and gateways' trust; None if it is kept elsewhere."""
        ...


class SigningService:
    """Use cases of signing. Without an authority every request is rejected, with a word to the operator."""

    def __init__(
        self,
        certificates: CertificateRepository,
        charge_points: ChargePointRepository,
        commands: CommandService,
        events: SecurityEventService,
        authority: CertificateAuthority | None,
        clock: Clock,
    ) -> None:
        self._certificates = certificates
        self._charge_points = charge_points
        self._commands = commands
        self._events = events
        self._authority = authority
        self._clock = clock

    def root(self) -> str:
        """The CA's root in PEM. Raises NotFound."""
        root = self._authority.root() if self._authority is not None else None
        if root is None:
            raise NotFound("No CA is set up here, or its root is not known to this system.")
        return root

    def request(self, tenant: Tenant, call: CallContext, csr: str) -> bool:
        """SignCertificate: keep the request if it is good; False if it is not, or nobody is there to sign.

        One is open for each charge point: a newer one takes the place of those before (E24).
        """
        ref = call.charge_point
        problems = self._problems(tenant, ref, csr)
        if problems:
            log.warning("csr_rejected", charge_point_id=ref.charge_point_id, problems=problems)
            self._events.note_own(ref, "CertificateRequestRejected", " ".join(problems), critical=True)
            return False
        now = self._clock.now()
        asked = Certificate(
            id_of("cert", ref, str(call.fence)),
            ref.tenant_id,
            ref.charge_point_id,
            CertificateKind.CHARGE_POINT,
            State.REQUESTED,
            now,
            now,
            csr=csr,
            fence=call.fence,
        )
        self._certificates.insert(asked)
        for other in self._certificates.of_charge_point(ref, CertificateKind.CHARGE_POINT):
            if other.state in OPEN and other.fence < asked.fence:
                self._certificates.move(other.moved(State.REPLACED, now, "A newer request came."), OPEN)
        return True

    def _problems(self, tenant: Tenant, ref: ChargePointRef, csr: str) -> list[str]:
        if self._authority is None:
            return ["No CA is set up: see the setting CA."]
        charge_point = self._charge_points.find(ref)
        if charge_point is None:
            return ["The charge point is not known."]
        return problems_of_request(csr, tenant.configuration.cpo_name, charge_point.certificate_names)

    def sign_again(self, tenant_id: str, certificate_id: str) -> Certificate:
        """An operator has mended what made a request fail. Raises NotFound, Conflict."""
        found = self._certificates.find(tenant_id, certificate_id)
        if found is None:
            raise NotFound(f"There is no certificate '{certificate_id}'.")
        again = State.SIGNED if found.pem else State.REQUESTED
        anew = found.moved(again, self._clock.now())
        if not self._certificates.move(replace(anew, attempts=0), (State.FAILED,)):
            raise Conflict(f"The request is {found.state}; only a failed one can be tried again.")
        return self._certificates.find(tenant_id, certificate_id) or anew

    def sweep(self, tenant: Tenant) -> int:
        """Sign what is asked for, send what is signed; answers how many moved on. One at a time, please."""
        requested = self._certificates.in_states(tenant.id, (State.REQUESTED,), AT_A_TIME)
        others = self._certificates.in_states(tenant.id, (State.SIGNED, State.SENT), WATCHED_AT_A_TIME)
        signed = [one for one in others if one.state is State.SIGNED]
        signed += [one for one in (self._sign(tenant, asked) for asked in requested) if one is not None]
        sent = [self._send(tenant, one) for one in signed]
        self._find_forgotten([one for one in others if one.state is State.SENT])
        return len(requested) + sum(sent)

    def _sign(self, tenant: Tenant, asked: Certificate) -> Certificate | None:
        """Signed, or None: then the operator is told."""
        try:
            if self._authority is None or asked.csr is None:
                raise AuthorityFailed("No CA is set up any more: see the setting CA.")
            pem = self._authority.sign(asked.csr, tenant.configuration.certificate_days, asked.charge_point)
            leaf, *others = chain_for(pem, asked.csr)
        except Retryable:
            raise
        except AppError as failure:
            self._fail(asked, failure.message)
            return None
        facts = facts_of(leaf)
        self._certificates.record_signed(asked.charge_point, facts.fingerprint)  # before anybody can have it
        signed = replace(
            asked.moved(State.SIGNED, self._clock.now()),
            serial_number=serial_of(leaf),
            facts=facts,
            pem=pem_of([leaf, *others]),
        )
        return signed if self._certificates.move(signed, (State.REQUESTED,)) else None

    def _send(self, tenant: Tenant, signed: Certificate) -> bool:
        """As CertificateSigned, once the charge point is there; the command's end moves it on (E24)."""
        charge_point = self._charge_points.find(signed.charge_point)
        if charge_point is None or charge_point.connection is None:
            return False
        if signed.attempts >= MAX_ATTEMPTS:
            self._fail(signed, f"The charge point did not answer it {MAX_ATTEMPTS} times.")
            return False
        request = CommandRequest(
            signed.charge_point,
            "CertificateSigned",
            {"certificate_chain": signed.pem},
            requested_by="system",
            command_id=f"cmd-{uuid4()}",
            expires_in_s=SENT_EXPIRES_S,
        )
        sent = replace(
            signed.moved(State.SENT, self._clock.now()),
            attempts=signed.attempts + 1,
            command_id=request.command_id,
        )
        if not self._certificates.move(sent, (State.SIGNED,)):
            return False
        try:
            self._commands.submit(tenant, request)
        except Retryable:
            raise
        except AppError as refusal:
            self._fail(sent, refusal.message)
            return False
        return True

    def _fail(self, certificate: Certificate, reason: str) -> None:
        failed = certificate.moved(State.FAILED, self._clock.now(), reason)
        if self._certificates.move(failed, OPEN):
            log.error(
                "certificate_not_issued",
                charge_point_id=certificate.charge_point_id,
                certificate_id=certificate.id,
                reason=reason,
            )
            self._events.note_own(certificate.charge_point, "CertificateNotIssued", reason, critical=True)

    def _find_forgotten(self, sent: list[Certificate]) -> None:
        """Whoever was to send it died in between, or its command's end was never heard."""
        now = self._clock.now()
        for one in sent:
            if one.changed_at < now - _FORGOTTEN_AFTER:
                self._certificates.move(one.moved(State.SIGNED, now), (State.SENT,))
