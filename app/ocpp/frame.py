"""OCPP-J text to frames and back (OCPP-J 1.6 section 4). Pure."""

from dataclasses import dataclass
from typing import Any

import orjson

from app.ocpp.errors import ErrorCode

MAX_UNIQUE_ID_LENGTH = 36
MAX_DESCRIPTION_LENGTH = 255
MAX_CONTAINERS = 20_000
"""Lists and objects of one frame: three times what a thousand readings of five values need."""
MAX_DEPTH = 32
"""Levels of one frame: OCPP needs nine, and stores and encoders recurse."""
_CALL, _CALL_RESULT, _CALL_ERROR = 2, 3, 4


@dataclass(frozen=True, slots=True)
class Call:
    """A request: `[2, id, action, payload]`. `null_payload` tells that the payload came as `null` (A16)."""

    unique_id: str
    action: str
    payload: dict[str, Any]
    null_payload: bool = False


@dataclass(frozen=True, slots=True)
class CallResult:
    """An answer: `[3, id, payload]`."""

    unique_id: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CallError:
    """A failure to process: `[4, id, code, description, details]`. Any code is kept as it came (A32b)."""

    unique_id: str
    code: str
    description: str
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Malformed:
    """Text that is no frame. With a `unique_id` it is answered by a CallError, without it by silence."""

    reason: str
    unique_id: str | None = None


@dataclass(frozen=True, slots=True)
class UnknownMessageType:
    """A message type number that OCPP-J 1.6 does not know: ignored (A19)."""

    number: object


Frame = Call | CallResult | CallError | Malformed | UnknownMessageType


def parse(text: str | bytes) -> Frame:
    """The frame that `text` holds. Never raises: what is no frame is Malformed.

    A frame of brackets alone would take a hundred times as long to read as one of words, so they are counted.
    """
    containers = _containers(text)
    if containers > MAX_CONTAINERS:
        return Malformed(f"more than {MAX_CONTAINERS} lists and objects")
    try:
        parts = orjson.loads(text)
    except orjson.JSONDecodeError as wrong:
        return Malformed(f"not JSON: {wrong.msg}")
    if not isinstance(parts, list) or not parts:
        return Malformed("not a non-empty array")
    if containers > MAX_DEPTH and _is_deeper(parts, MAX_DEPTH):
        return _too_deep(parts)
    kind = parts[0]
    if kind not in (_CALL, _CALL_RESULT, _CALL_ERROR) or isinstance(kind, bool | float):
        return UnknownMessageType(kind)
    if len(parts) < 2 or not isinstance(parts[1], str) or not parts[1]:
        return Malformed("the unique id is not a non-empty text")
    if kind == _CALL:
        return _parse_call(parts)
    return _parse_result(parts) if kind == _CALL_RESULT else _parse_error(parts)


def _too_deep(parts: list[Any]) -> CallError | Malformed:
    """A Call is answered, and an answer still ends the call that it answers."""
    reason = f"nested deeper than {MAX_DEPTH} levels"
    unique_id = parts[1] if len(parts) > 1 and isinstance(parts[1], str) and parts[1] else None
    if parts[0] in (_CALL_RESULT, _CALL_ERROR) and unique_id is not None:
        return CallError(unique_id, ErrorCode.FORMATION_VIOLATION.value, reason, {})
    return Malformed(reason, unique_id if parts[0] == _CALL else None)


def _containers(text: str | bytes) -> int:
    """At least as many as there are: brackets within texts count too."""
    if isinstance(text, bytes):
        return text.count(b"[") + text.count(b"{")
    return text.count("[") + text.count("{")


def _is_deeper(tree: list[Any], levels: int) -> bool:
    """Level by level, without recursion."""
    level: list[list[Any] | dict[str, Any]] = [tree]
    for _ in range(levels):
        children = (child for node in level for child in (node.values() if isinstance(node, dict) else node))
        level = [child for child in children if isinstance(child, list | dict)]
        if not level:
            return False
    return True


def _parse_call(parts: list[Any]) -> Call | Malformed:
    unique_id = parts[1]
    if len(unique_id) > MAX_UNIQUE_ID_LENGTH:
        return Malformed(f"the unique id has more than {MAX_UNIQUE_ID_LENGTH} characters", unique_id)
    if len(parts) != 4:
        return Malformed(f"a Call has 4 elements, not {len(parts)}", unique_id)
    action, payload = parts[2], parts[3]
    if not isinstance(action, str):
        return Malformed("the action is not a text", unique_id)
    if payload is None:  # A16: null stands for an empty payload
        return Call(unique_id, action, {}, null_payload=True)
    if not isinstance(payload, dict):
        return Malformed("the payload is not an object", unique_id)
    return Call(unique_id, action, payload)


def _parse_result(parts: list[Any]) -> CallResult | CallError:
    """A result that cannot be read still ends the call that it answers."""
    payload = parts[2] if len(parts) > 2 and parts[2] is not None else {}
    if not isinstance(payload, dict):
        code = ErrorCode.FORMATION_VIOLATION.value
        return CallError(parts[1], code, "the payload of the CallResult is not an object", {})
    return CallResult(parts[1], payload)


def _parse_error(parts: list[Any]) -> CallError:
    code, description, details = [*parts[2:5], None, None, None][:3]
    return CallError(
        parts[1],
        str(code or ErrorCode.GENERIC_ERROR.value),
        str(description or ""),
        details if isinstance(details, dict) else {},
    )


def encode_call(unique_id: str, action: str, payload: dict[str, Any]) -> str:
    """Compact text of a Call."""
    return orjson.dumps([_CALL, unique_id, action, payload]).decode()


def encode_result(unique_id: str, payload: dict[str, Any]) -> str:
    """Compact text of a CallResult."""
    return orjson.dumps([_CALL_RESULT, unique_id, payload]).decode()


def encode_error(unique_id: str, code: ErrorCode, description: str = "") -> str:
    """Compact text of a CallError: all five elements, never null (A15)."""
    short = description[:MAX_DESCRIPTION_LENGTH]
    return orjson.dumps([_CALL_ERROR, unique_id, code.value, short, {}]).decode()
