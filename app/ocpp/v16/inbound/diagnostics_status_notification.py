"""DiagnosticsStatusNotification (OCPP 1.6 4.4): how far an upload is; answered with nothing, always (B15)."""

from collections.abc import Mapping
from typing import Any

from app.domain.context import CallContext
from app.domain.job import JobKind
from app.ocpp.incoming import Incoming
from app.services import Services
from app.services.batch import Batch, BatchNeeds

ACTION = "DiagnosticsStatusNotification"
_KINDS = frozenset({JobKind.DIAGNOSTICS})


def needs(payload: Mapping[str, Any], context: CallContext) -> BatchNeeds:
    """Nothing."""
    return BatchNeeds()


def handle(incoming: Incoming, batch: Batch, services: Services) -> dict[str, Any]:
    """It names no job, so it is about the newest open GetDiagnostics."""
    services.keepers.diagnostics.note_status(
        incoming.context.charge_point, _KINDS, incoming.payload["status"], incoming.context.fence
    )
    return {}
