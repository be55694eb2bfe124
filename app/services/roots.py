"""The roots that charge points trust: what was sent, what they say they have, what was deleted (C34, C35)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from app.domain.certificate import (
    ROOT_KINDS,
    WIRE_TYPES,
    Certificate,
    CertificateHash,
    CertificateKind,
    CertificateState,
    plain_serial,
)
from app.domain.command import Command, CommandStatus, Outcome
from app.domain.context import ChargePointRef
from app.domain.errors import Conflict, InvalidInput, NotFound
from app.services.certificates import CertificateRepository, first_of, id_of
from app.services.ports import Clock
from app.services.x509 import (
    facts_of,
    hash_data_of,
    is_ca,
    is_described_by,
    is_self_issued,
    is_valid_at,
    read_chain,
    serial_of,
)

State = CertificateState


class RootService:
    """Use cases of roots. Commands tell it what became of them."""

    def __init__(self, certificates: CertificateRepository, clock: Clock) -> None:
        self._certificates = certificates
        self._clock = clock

    def installed(self, ref: ChargePointRef, kind: CertificateKind) -> Sequence[Certificate]:
        """Those installed, as far as known."""
        found = self._certificates.of_charge_point(ref, kind)
        return [root for root in found if root.state is State.INSTALLED]

    def get(self, ref: ChargePointRef, name: str) -> Certificate:
        """An installed root by id, fingerprint, serial number or key hash. Raises NotFound, Conflict."""
        found = [root for kind in ROOT_KINDS for root in self.installed(ref, kind) if _is_called(root, name)]
        if not found:
            raise NotFound(f"No root '{name}' is known to be installed; read the charge point's roots first.")
        if len(found) > 1:
            raise Conflict(f"Several roots go by '{name}'; name it by its id.")
        return found[0]

    def hash_of(self, ref: ChargePointRef, name: str) -> CertificateHash:
        """By which the charge point knows an installed root. Raises NotFound, Conflict."""
        described = self.get(ref, name).hash_data
        if described is None:
            raise Conflict("The charge point has not said how it calls this root; read its roots first.")
        return described

    def is_last(self, ref: ChargePointRef, described: CertificateHash) -> bool:
        """Whether it is the only root of the central system that the charge point is known to have."""
        roots = self.installed(ref, CertificateKind.CENTRAL_SYSTEM_ROOT)
        return len(roots) == 1 and _is_described(roots[0], described)

    def doubts_about(self, pem: str) -> list[str]:
        """Why a charge point would not install this as a root, in sentences."""
        try:
            certificate, *others = read_chain(pem)
        except InvalidInput:
            return ["This is no certificate in PEM."]
        doubts = ["It is more than one certificate."] if others else []
        if not is_ca(certificate):
            doubts.append("The certificate is not that of a CA.")
        if not is_valid_at(certificate, self._clock.now()):
            doubts.append("The certificate is not valid at this time.")
        return doubts

    def note_install_sent(self, command: Command) -> None:
        """InstallCertificate is on its way."""
        root = self._root_in(command)
        if root is None or self._certificates.insert(root):
            return
        self._moved(replace(root, command_id=command.id), State.SENT, (State.DELETED, State.REJECTED))

    def note_install_outcome(self, command: Command, outcome: Outcome) -> None:
        """InstallCertificate ended. Without an answer nobody knows: reading the roots tells."""
        root = self._root_in(command)
        if root is None or outcome.status.leaves_it_open:
            return
        self._certificates.insert(root)
        if outcome.status is CommandStatus.ACCEPTED:
            self._moved(root, State.INSTALLED, tuple(State))
        else:
            reason = str((outcome.error or {}).get("message") or outcome.status.value)
            self._moved(root, State.REJECTED, (State.SENT,), reason)

    def of_command(self, command: Command) -> Certificate | None:
        """The record of the root that an InstallCertificate command is about."""
        root = self._root_in(command)
        return self._certificates.find(root.tenant_id, root.id) if root else None

    def _root_in(self, command: Command) -> Certificate | None:
        """The root of an InstallCertificate; one that the charge point reported before is the same root."""
        kind = WIRE_TYPES.get(str(command.payload.get("certificateType")))
        if kind is None:
            return None
        ref, pem, now = command.charge_point, str(command.payload.get("certificate", "")), self._clock.now()
        new = Certificate(
            id_of("root", ref, kind.value, pem.strip()),
            ref.tenant_id,
            ref.charge_point_id,
            kind,
            State.SENT,
            now,
            now,
            pem=pem,
            command_id=command.id,
        )
        certificate = first_of(pem)
        if certificate is None:
            return new
        for root in self._certificates.of_charge_point(ref, kind):
            if root.id == new.id or (root.hash_data and is_described_by(certificate, root.hash_data)):
                return replace(root, pem=pem, facts=facts_of(certificate))
        own_issuer = is_self_issued(certificate)
        return replace(
            new,
            serial_number=serial_of(certificate),
            facts=facts_of(certificate),
            hash_data=hash_data_of(certificate, "SHA256", certificate) if own_issuer else None,
        )

    def note_reported(
        self, ref: ChargePointRef, kind: CertificateKind, reported: Iterable[CertificateHash]
    ) -> None:
        """All roots of this kind that the charge point has (C35); what it does not name is not there."""
        known = self._certificates.of_charge_point(ref, kind)
        present: set[str] = set()
        for described in reported:
            root = next((root for root in known if _is_described(root, described)), None)
            root = root or self._only_reported(ref, kind, described)
            present.add(root.id)
            self._certificates.insert(root)
            self._moved(replace(root, hash_data=described), State.INSTALLED, tuple(State), root.reason)
        for root in known:
            if root.id not in present:
                self._moved(root, State.DELETED, (State.INSTALLED, State.SENT), "Not reported any more.")

    def _only_reported(
        self, ref: ChargePointRef, kind: CertificateKind, described: CertificateHash
    ) -> Certificate:
        now = self._clock.now()
        return Certificate(
            id_of("root", ref, kind.value, described.issuer_key_hash, plain_serial(described.serial_number)),
            ref.tenant_id,
            ref.charge_point_id,
            kind,
            State.INSTALLED,
            now,
            now,
            serial_number=plain_serial(described.serial_number),
            hash_data=described,
            reason="Reported by the charge point.",
        )

    def note_deleted(self, ref: ChargePointRef, described: CertificateHash) -> None:
        """DeleteCertificate was accepted, or there was nothing to delete."""
        for kind in ROOT_KINDS:
            for root in self._certificates.of_charge_point(ref, kind):
                if _is_described(root, described):
                    self._moved(root, State.DELETED, (State.INSTALLED, State.SENT))

    def _moved(
        self,
        certificate: Certificate,
        state: CertificateState,
        came_from: Sequence[CertificateState],
        reason: str | None = None,
    ) -> bool:
        return self._certificates.move(certificate.moved(state, self._clock.now(), reason), came_from)


def _is_described(root: Certificate, described: CertificateHash) -> bool:
    certificate = first_of(root.pem) if root.pem else None
    if certificate is not None:
        return is_described_by(certificate, described)
    return root.hash_data is not None and root.hash_data.is_same(described)


def _is_called(root: Certificate, name: str) -> bool:
    names = {root.id.casefold()}
    if root.hash_data is not None:
        names.add(root.hash_data.issuer_key_hash.casefold())
    if root.facts is not None:
        names.add(root.facts.fingerprint)
    return name.casefold() in names or plain_serial(name) == root.serial_number
