"""A command as a message from MQTT holds it: read strictly, every wrong field named."""

from datetime import datetime, timedelta
from typing import Any

import orjson

from app.domain.command import CommandRequest
from app.domain.context import ChargePointRef
from app.domain.errors import InvalidInput
from app.domain.events import BY_MQTT
from app.domain.times import parse_time

_FIELDS = frozenset({"command_id", "command_type", "timestamp", "parameters", "expires_in", "force"})
_MAX_ID_LENGTH = 128
_MAX_EXPIRY_S = 7 * 86_400
_CLOCKS_MAY_DIFFER = timedelta(minutes=5)


def read_command(ref: ChargePointRef, payload: bytes) -> CommandRequest:
    """The command a message holds. Raises InvalidInput that names every wrong field."""
    try:
        body = orjson.loads(payload)
    except orjson.JSONDecodeError as wrong:
        raise InvalidInput(f"The message is not JSON: {wrong.msg}.") from wrong
    if not isinstance(body, dict):
        raise InvalidInput("The message is not a JSON object.")
    problems = _problems(body)
    if problems:
        raise InvalidInput("The command is not valid.", problems=problems)
    return CommandRequest(
        charge_point=ref,
        command_type=body["command_type"],
        parameters=body.get("parameters") or {},
        requested_by=BY_MQTT,
        command_id=body["command_id"],
        issued_at=_issued_at(body),
        expires_in_s=body.get("expires_in"),
        force=body.get("force", False),
    )


def _issued_at(body: dict[str, Any]) -> datetime | None:
    return parse_time(body["timestamp"]) if body.get("timestamp") is not None else None


def _problems(body: dict[str, Any]) -> dict[str, list[str]]:
    problems = {name: ["Unknown field."] for name in body if name not in _FIELDS}
    command_id = body.get("command_id")
    if not isinstance(command_id, str) or not 0 < len(command_id) <= _MAX_ID_LENGTH:
        problems["command_id"] = [
            f"Give a text of 1 to {_MAX_ID_LENGTH} characters, another for each command."
        ]
    if not isinstance(body.get("command_type"), str):
        problems["command_type"] = ["Give a command type."]
    timestamp = body.get("timestamp")
    if timestamp is not None and (not isinstance(timestamp, str) or parse_time(timestamp) is None):
        problems["timestamp"] = ["Give a time in ISO 8601, such as 2026-01-31T12:00:00Z."]
    if not isinstance(body.get("parameters"), dict | None):
        problems["parameters"] = ["Give an object."]
    if not isinstance(body.get("force", False), bool):
        problems["force"] = ["Give true or false."]
    expires_in = body.get("expires_in")
    if expires_in is not None and (
        isinstance(expires_in, bool)
        or not isinstance(expires_in, int | float)
        or not 0 < expires_in <= _MAX_EXPIRY_S
    ):
        problems["expires_in"] = [f"Give a number of seconds, at most {_MAX_EXPIRY_S}."]
    return problems


def check_issued(request: CommandRequest, now: datetime) -> None:
    """A command counts its life from its own time. Raises InvalidInput if that is yet to come."""
    if request.issued_at is not None and request.issued_at > now + _CLOCKS_MAY_DIFFER:
        sentence = "Lies in the future by more than five minutes; set the sender's clock."
        raise InvalidInput("The command is not valid.", problems={"timestamp": [sentence]})


def command_id_in(payload: bytes) -> str | None:
    """The id of a command that may be wrong otherwise, so that its sender recognizes the answer."""
    try:
        body = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return None
    command_id = body.get("command_id") if isinstance(body, dict) else None
    return command_id[:_MAX_ID_LENGTH] if isinstance(command_id, str) else None
