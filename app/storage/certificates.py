"""Certificates in MongoDB: one document each, of every kind."""

from collections.abc import Sequence
from dataclasses import asdict

from pymongo import ASCENDING, DESCENDING
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from app.domain.certificate import (
    Certificate,
    CertificateFacts,
    CertificateHash,
    CertificateKind,
    CertificateState,
)
from app.domain.context import ChargePointRef
from app.services.ports import Page, PageRequest
from app.storage.mongo import Databases, Document, members_of, store_errors
from app.storage.paging import read_page

NAME = "certificates"
SIGNED = "signed_certificates"
MAX_OF_ONE = 300


def _document_of(certificate: Certificate) -> Document:
    document = asdict(certificate)
    document["_id"] = document.pop("id")
    document["kind"], document["state"] = certificate.kind.value, certificate.state.value
    return document


def _facts_of(document: Document | None) -> CertificateFacts | None:
    return CertificateFacts(**members_of(CertificateFacts, document)) if document else None


def _hash_of(document: Document | None) -> CertificateHash | None:
    return CertificateHash(**members_of(CertificateHash, document)) if document else None


def _certificate_of(document: Document) -> Certificate:
    known = members_of(Certificate, document)
    known["kind"], known["state"] = CertificateKind(known["kind"]), CertificateState(known["state"])
    known["facts"] = _facts_of(known["facts"])
    known["hash_data"] = _hash_of(known["hash_data"])
    return Certificate(id=document["_id"], **known)


class MongoCertificates:
    """Port `CertificateRepository`."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    def _collection(self, tenant_id: str) -> Collection[Document]:
        return self._databases.collection(tenant_id, NAME)

    def insert(self, certificate: Certificate) -> bool:
        """False if it is there."""
        try:
            with store_errors():
                self._collection(certificate.tenant_id).insert_one(_document_of(certificate))
        except DuplicateKeyError:
            return False
        return True

    def find(self, tenant_id: str, certificate_id: str) -> Certificate | None:
        """By id."""
        with store_errors():
            document = self._collection(tenant_id).find_one({"_id": certificate_id})
        return _certificate_of(document) if document else None

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Certificate]:
        """Newest first."""
        return read_page(self._collection(tenant_id), page, _certificate_of, newest_by="created_at")

    def of_charge_point(self, ref: ChargePointRef, kind: CertificateKind) -> list[Certificate]:
        """Newest first."""
        query = {"charge_point_id": ref.charge_point_id, "kind": kind.value}
        with store_errors():
            found = self._collection(ref.tenant_id).find(query).sort("created_at", DESCENDING)
            return [_certificate_of(document) for document in found.limit(MAX_OF_ONE)]

    def with_serial(self, ref: ChargePointRef, serial_number: str) -> Certificate | None:
        """The charge point's own."""
        query = {
            "charge_point_id": ref.charge_point_id,
            "kind": CertificateKind.CHARGE_POINT.value,
            "serial_number": serial_number,
        }
        with store_errors():
            document = self._collection(ref.tenant_id).find_one(query)
        return _certificate_of(document) if document else None

    def move(self, certificate: Certificate, came_from: Sequence[CertificateState]) -> bool:
        """One conditional write of the whole document."""
        document = _document_of(certificate)
        condition = {"_id": certificate.id, "state": {"$in": [state.value for state in came_from]}}
        with store_errors():
            written = self._collection(certificate.tenant_id).replace_one(condition, document)
        return written.matched_count > 0

    def in_states(self, tenant_id: str, states: Sequence[CertificateState], limit: int) -> list[Certificate]:
        """Those that changed longest ago first."""
        query = {"state": {"$in": [state.value for state in states]}}
        with store_errors():
            found = self._collection(tenant_id).find(query).sort("changed_at", ASCENDING).limit(limit)
            return [_certificate_of(document) for document in found]

    def record_signed(self, ref: ChargePointRef, fingerprint: str) -> None:
        """One small document for each, in the platform's database."""
        holder = {"tenant_id": ref.tenant_id, "charge_point_id": ref.charge_point_id}
        with store_errors():
            self._databases.platform[SIGNED].update_one(
                {"_id": fingerprint}, {"$setOnInsert": holder}, upsert=True
            )

    def was_signed_for_another(self, ref: ChargePointRef, fingerprint: str) -> bool:
        """False for what was never signed here."""
        with store_errors():
            found = self._databases.platform[SIGNED].find_one({"_id": fingerprint})
        return found is not None and (found["tenant_id"], found["charge_point_id"]) != (
            ref.tenant_id,
            ref.charge_point_id,
        )
