"""SignCertificate (white paper 5.17): answered at once; CertificateSigned follows the CA's verdict (B55)."""

from collections.abc import Mapping
from typing import Any

from app.domain.context import CallContext
from app.ocpp.incoming import Incoming
from app.services import Services
from app.services.batch import Batch, BatchNeeds

ACTION = "SignCertificate"


def needs(payload: Mapping[str, Any], context: CallContext) -> BatchNeeds:
    """Nothing: it is rare, and reads for itself."""
    return BatchNeeds()


def handle(incoming: Incoming, batch: Batch, services: Services) -> dict[str, Any]:
    """Accepted if the request is good and somebody can sign it (A02.FR.11-12); no CA is asked here."""
    taken = services.signing.request(batch.tenant, incoming.context, incoming.payload["csr"])
    return {"status": "Accepted" if taken else "Rejected"}
