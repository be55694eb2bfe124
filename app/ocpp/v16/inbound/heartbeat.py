"""Heartbeat (OCPP 1.6 4.6): the time. No store is asked (B17)."""

from collections.abc import Mapping
from typing import Any

from app.domain.context import CallContext
from app.domain.times import format_time
from app.ocpp.incoming import Incoming
from app.services import Services
from app.services.batch import Batch, BatchNeeds

ACTION = "Heartbeat"


def needs(payload: Mapping[str, Any], context: CallContext) -> BatchNeeds:
    """Nothing."""
    return BatchNeeds()


def handle(incoming: Incoming, batch: Batch, services: Services) -> dict[str, Any]:
    """The central system's time."""
    return {"currentTime": format_time(services.clock.now())}
