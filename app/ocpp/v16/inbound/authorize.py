"""Authorize (OCPP 1.6 4.1): is this id tag good? (B6-B8)."""

from collections.abc import Mapping
from typing import Any

from app.domain.context import CallContext
from app.domain.id_tag import id_tag_key
from app.ocpp.incoming import Incoming, id_tag_info
from app.services import Services
from app.services.batch import Batch, BatchNeeds

ACTION = "Authorize"


def needs(payload: Mapping[str, Any], context: CallContext) -> BatchNeeds:
    """The id tag."""
    return BatchNeeds(id_tags={id_tag_key(payload["idTag"])})


def handle(incoming: Incoming, batch: Batch, services: Services) -> dict[str, Any]:
    """A verdict, always."""
    return {"idTagInfo": id_tag_info(services.authorization.authorize(batch, incoming.id_tag() or ""))}
