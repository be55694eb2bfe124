"""Payloads against the official JSON schemas, with the error codes of OCPP-J 1.6.

Strict: the first breach is a CallError. Tolerant (the rule for what charge points send): breaches that
lose no information are mended or let through and counted as deviations (section G of the obligations).
"""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson

from app.ocpp.errors import ErrorCode, OcppError

_CODE_BY_KIND = {
    "type": ErrorCode.TYPE_CONSTRAINT_VIOLATION,
    "required": ErrorCode.PROTOCOL_ERROR,
    "minItems": ErrorCode.OCCURENCE_CONSTRAINT_VIOLATION,
    "maxItems": ErrorCode.OCCURENCE_CONSTRAINT_VIOLATION,
    "enum": ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
    "maxLength": ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
    "multipleOf": ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
    "additionalProperties": ErrorCode.FORMATION_VIOLATION,
}
_TOLERATED = frozenset({"additionalProperties", "maxLength", "enum", "minItems"})
_READINGS = frozenset({"meterValue", "transactionData"})
MAX_INTEGER = 2**31 - 1
_MAX_TOLERATED_LENGTH = 500


def schema_folder() -> Path:
    """Where the `ocpp` package keeps the schemas; found without importing it, which is slow and large."""
    spec = find_spec("ocpp")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("The package 'ocpp', which carries the OCPP 1.6 schemas, is not installed.")
    return Path(spec.submodule_search_locations[0]) / "v16" / "schemas"


class PayloadSchema:
    """The schema of one action's request."""

    def __init__(self, action: str) -> None:
        self.action = action
        schema = orjson.loads((schema_folder() / f"{action}.json").read_bytes())
        self._validator = jsonschema_rs.Draft4Validator(schema, validate_formats=False)

    def check_strictly(self, payload: dict[str, Any]) -> None:
        """Raises OcppError on the first breach."""
        if not self._validator.is_valid(payload):
            for breach in self.breaches(payload):
                raise _as_error(breach)
        _bound_integers(payload)

    def mend(self, payload: dict[str, Any]) -> list[str]:
        """Make `payload` usable in place; answers its deviations. Raises OcppError where that cannot be."""
        deviations: list[str] = []
        if not self._validator.is_valid(payload):
            for breach in list(self.breaches(payload)):
                if not _tolerate(payload, breach):
                    raise _as_error(breach)
                deviations.append(f"{kind_of(breach)}:{path_of(breach)}")
            for breach in self.breaches(payload):  # a null that was dropped may have been required
                if kind_of(breach) == "required" and not breach.instance_path:
                    raise _as_error(breach)
        _bound_integers(payload)
        return deviations

    def breaches(self, payload: dict[str, Any]) -> Iterator[jsonschema_rs.ValidationError]:
        """Every breach of the schema."""
        return self._validator.iter_errors(payload)


def kind_of(breach: jsonschema_rs.ValidationError) -> str:
    """The schema keyword that is broken."""
    return str(breach.kind.name)


def path_of(breach: jsonschema_rs.ValidationError) -> str:
    """Dotted path of the offending value."""
    return ".".join(str(part) for part in breach.instance_path)


def _as_error(breach: jsonschema_rs.ValidationError) -> OcppError:
    path = path_of(breach)
    code = _CODE_BY_KIND.get(kind_of(breach), ErrorCode.PROPERTY_CONSTRAINT_VIOLATION)
    return OcppError(f"{path}: {breach.message}" if path else breach.message, error_code=code)


def _tolerate(payload: dict[str, Any], breach: jsonschema_rs.ValidationError) -> bool:
    path = breach.instance_path
    if path and path[0] in _READINGS and len(path) > 1:
        return True  # a bad reading is skipped by its reader; it must not cost the rest (A28)
    kind = kind_of(breach)
    if isinstance(breach.instance, str) and len(breach.instance) > _MAX_TOLERATED_LENGTH:
        return False
    return kind in _TOLERATED or (kind == "type" and _coerce(payload, breach))


def _coerce(payload: dict[str, Any], breach: jsonschema_rs.ValidationError) -> bool:
    """Put a value of the wanted type in place if that loses nothing (G11)."""
    if len(breach.instance_path) != 1:
        return False
    name = str(breach.instance_path[0])
    value = payload[name]
    if value is None:
        del payload[name]
        return True
    wanted = getattr(breach.kind, "types", ())
    if "string" in wanted and isinstance(value, int | float):
        payload[name] = orjson.dumps(value).decode()
        return True
    if "integer" in wanted and isinstance(value, str | float):
        return _coerce_integer(payload, name, value)
    return False


def _coerce_integer(payload: dict[str, Any], name: Any, value: str | float) -> bool:
    try:
        whole = int(value)
    except (ValueError, OverflowError):
        return False
    if isinstance(value, float) and whole != value:
        return False
    payload[name] = whole
    return True


def _bound_integers(payload: dict[str, Any]) -> None:
    """Whole numbers of OCPP are 32 bits wide; larger ones would break the store (bounds on input)."""
    for name, value in payload.items():
        if isinstance(value, int) and not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise OcppError(
                f"{name}: {value} is out of range", error_code=ErrorCode.PROPERTY_CONSTRAINT_VIOLATION
            )
