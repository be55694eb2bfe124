"""What proves that an accepted command had its effect: the message that follows (C3).

`Accepted` only says that the charge point took the request. The proof is looked for in the message log when
somebody asks, so nothing of this costs the way of any call.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.domain.command import Command, CommandStatus
from app.domain.id_tag import id_tag_key
from app.ocpp.frame import Call, parse
from app.services.messages import Message, MessageService
from app.services.ports import PageRequest

WITHIN = timedelta(minutes=10)
_MESSAGES = 200
_Proof = Callable[[Mapping[str, Any], Mapping[str, Any]], bool]


@dataclass(frozen=True, slots=True)
class Effect:
    """The message that shows that a command was done, and when it came."""

    seen_at: datetime
    what: str
    message_id: str


def _any(asked: Mapping[str, Any], told: Mapping[str, Any]) -> bool:
    return True


def _same_connector(asked: Mapping[str, Any], told: Mapping[str, Any]) -> bool:
    """0 and none are all of them."""
    return asked.get("connectorId") in (None, 0, told.get("connectorId"))


def _started(asked: Mapping[str, Any], told: Mapping[str, Any]) -> bool:
    same_tag = id_tag_key(str(told.get("idTag"))) == id_tag_key(asked["idTag"])
    return same_tag and _same_connector(asked, told)


def _stopped(asked: Mapping[str, Any], told: Mapping[str, Any]) -> bool:
    return bool(told.get("transactionId") == asked["transactionId"])


def _available(asked: Mapping[str, Any], told: Mapping[str, Any]) -> bool:
    is_out = told.get("status") == "Unavailable"
    return is_out == (asked["type"] == "Inoperative") and _same_connector(asked, told)


def _proof_of(command: Command) -> tuple[str, _Proof] | None:
    """The action that proves the command, and which of its calls do."""
    if command.action == "TriggerMessage":
        return command.payload["requestedMessage"], _same_connector
    return {
        "RemoteStartTransaction": ("StartTransaction", _started),
        "RemoteStopTransaction": ("StopTransaction", _stopped),
        "Reset": ("BootNotification", _any),
        "ChangeAvailability": ("StatusNotification", _available),
    }.get(command.action)


def find_effect(command: Command, messages: MessageService) -> Effect | None:
    """The first proof within ten minutes after the answer; None if there is none."""
    proof = _proof_of(command)
    if command.status is not CommandStatus.ACCEPTED or proof is None or command.sent_at is None:
        return None
    action, proves = proof
    filters = {
        "charge_point_id": command.charge_point_id,
        "direction": "in",
        "action": action,
        "from_at": command.sent_at,
        "to_at": (command.completed_at or command.sent_at) + WITHIN,
    }
    found = messages.list_page(command.tenant_id, PageRequest(_MESSAGES, filters=filters)).items
    first = next((message for message in reversed(found) if _proves(proves, command, message)), None)
    return Effect(first.received_at, first.action, first.id) if first else None


def _proves(proof: _Proof, command: Command, message: Message) -> bool:
    frame = parse(message.request)
    return isinstance(frame, Call) and proof(command.payload, frame.payload)
