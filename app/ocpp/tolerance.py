"""What charge points send, made usable: breaches of the schema that lose nothing are mended and counted.

A transaction message that is refused may be lost for good (A27, A28), so hardly anything is a CallError:
what cannot be read is left out, and the raw frame in the message log keeps it (section G of the obligations).
"""

import math
from typing import Any

import jsonschema_rs
import orjson

from app.ocpp.errors import ErrorCode, OcppError
from app.ocpp.quirks import Quirk
from app.ocpp.validation import PayloadSchema, as_error, kind_of

MAX_READINGS = 1000
MAX_TEXT = 500
_READINGS = ("meterValue", "transactionData")
_ANY_READINGS = [{"timestamp": "1970-01-01T00:00:00Z", "sampledValue": [{"value": "0"}]}]
_TOLERATED = {
    "additionalProperties": Quirk.UNKNOWN_MEMBER,
    "maxLength": Quirk.TEXT_TOO_LONG,
    "enum": Quirk.UNKNOWN_WORD,
    "minItems": Quirk.EMPTY_LIST,
}
_METERS = frozenset({"meterStart", "meterStop"})
_EXACT = 2**53  # beyond, neither JSON nor the store keeps whole numbers apart


def mend(schema: PayloadSchema, payload: dict[str, Any]) -> list[Quirk]:
    """Make `payload` usable in place; answers what was wrong. Raises OcppError where it cannot be mended."""
    deviations = _mend_readings(payload)
    if deviations or not schema.is_valid(payload):
        deviations += _mend_members(schema, payload) or ([] if deviations else [Quirk.INVALID_READING])
    _check_integers(payload)
    return deviations


def _mend_members(schema: PayloadSchema, payload: dict[str, Any]) -> list[Quirk]:
    """All but the readings."""
    deviations = []
    for breach in list(schema.breaches(_without_readings(payload))):
        quirk = _tolerate(payload, breach)
        if quirk is None:
            raise as_error(breach)
        deviations.append(quirk)
    for breach in schema.breaches(_without_readings(payload)):  # a dropped null may have been required
        if kind_of(breach) == "required" and not _may_be_absent(payload, breach):
            raise as_error(breach)
    return deviations


def _mend_readings(payload: dict[str, Any]) -> list[Quirk]:
    """Lists of readings that are lists, and not too long; a bad reading within is its reader's affair."""
    deviations = []
    for name in _READINGS:
        readings = payload.get(name, _ANY_READINGS)
        if not isinstance(readings, list):
            payload[name] = []
            deviations.append(Quirk.WRONG_TYPE)
        elif len(readings) > MAX_READINGS:
            del readings[MAX_READINGS:]
            deviations.append(Quirk.LIST_TOO_LONG)
    return deviations


def _without_readings(payload: dict[str, Any]) -> dict[str, Any]:
    """The payload with readings that are beyond reproach: thousands of bad ones must not cost seconds."""
    return payload | {name: _ANY_READINGS for name in _READINGS if name in payload}


def _tolerate(payload: dict[str, Any], breach: jsonschema_rs.ValidationError) -> Quirk | None:
    kind = kind_of(breach)
    if kind == "required":
        return Quirk.MISSING_MEMBER if _may_be_absent(payload, breach) else None
    if kind == "type":
        return Quirk.WRONG_TYPE if _coerce(payload, breach) else None
    if kind in ("maxLength", "enum") and len(breach.instance_path) == 1:
        name = str(breach.instance_path[0])
        if isinstance(text := payload.get(name), str):
            payload[name] = text[:MAX_TEXT]
    return _TOLERATED.get(kind)


def _may_be_absent(payload: dict[str, Any], breach: jsonschema_rs.ValidationError) -> bool:
    """A start or stop without its time happened when it was received."""
    is_transaction = not _METERS.isdisjoint(payload)
    if is_transaction and getattr(breach.kind, "property", None) == "timestamp":
        payload.setdefault("timestamp", "")
        return True
    return False


def _coerce(payload: dict[str, Any], breach: jsonschema_rs.ValidationError) -> bool:
    """Put a value of the wanted type in place (G11)."""
    if len(breach.instance_path) != 1:
        return False
    name = str(breach.instance_path[0])
    value = payload.get(name)
    wanted = getattr(breach.kind, "types", ())
    if value is None:
        payload.pop(name, None)
    elif "string" in wanted and isinstance(value, int | float):
        payload[name] = orjson.dumps(value).decode()
    elif "integer" in wanted and isinstance(value, str | float):
        return _coerce_integer(payload, name, value)
    else:
        return False
    return True


def _coerce_integer(payload: dict[str, Any], name: str, value: str | float) -> bool:
    """Whole numbers in another dress; meters also with a fraction, of which a Wh is enough."""
    try:
        number = float(value)
    except ValueError:
        return False
    if not math.isfinite(number) or (number != int(number) and name not in _METERS):
        return False
    payload[name] = round(number)
    return True


def _check_integers(payload: dict[str, Any]) -> None:
    for name, value in payload.items():
        if isinstance(value, int) and not -_EXACT <= value <= _EXACT:
            raise OcppError(
                f"{name}: {value} is out of range", error_code=ErrorCode.PROPERTY_CONSTRAINT_VIOLATION
            )
