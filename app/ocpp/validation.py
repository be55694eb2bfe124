"""Payloads against the official JSON schemas, with the error codes of OCPP-J 1.6.

Here is the strict reading; `app.ocpp.tolerance` has the one for what charge points send.
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
MAX_INTEGER = 2**31 - 1
_ORDERS = {"GetLog": ("logType", "requestId", "retries", "retryInterval", "log")}
"""Where the schema lists members otherwise than the specification does."""


def schema_folder() -> Path:
    """Where the `ocpp` package keeps the schemas; found without importing it, which is slow and large."""
    spec = find_spec("ocpp")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("The package 'ocpp', which carries the OCPP 1.6 schemas, is not installed.")
    return Path(spec.submodule_search_locations[0]) / "v16" / "schemas"


class PayloadSchema:
    """The schema of one action's request.

    `validate_formats` looks into times as well: for what we send. What comes is read as far as it can be.
    """

    def __init__(self, action: str, *, validate_formats: bool = False) -> None:
        self.action = action
        self._schema = orjson.loads((schema_folder() / f"{action}.json").read_bytes())
        self._validator = jsonschema_rs.Draft4Validator(self._schema, validate_formats=validate_formats)

    def check_strictly(self, payload: dict[str, Any]) -> None:
        """Raises OcppError on the first breach."""
        for breach in self.breaches(payload):
            raise as_error(breach)

    def is_valid(self, payload: dict[str, Any]) -> bool:
        """Whether the schema is kept. Raises OcppError for what no validator can follow to its end."""
        try:
            return self._validator.is_valid(payload)
        except ValueError as failure:
            raise _too_deep() from failure

    def in_order(self, payload: dict[str, Any]) -> dict[str, Any]:
        """The payload with its members as the specification's tables list them; unknown ones last."""
        ordered: dict[str, Any] = _in_order(self._schema, payload, self._schema.get("definitions", {}))
        names = _ORDERS.get(self.action, ())
        return {name: ordered[name] for name in names if name in ordered} | ordered

    def breaches(self, payload: dict[str, Any]) -> Iterator[jsonschema_rs.ValidationError]:
        """Every breach of the schema. Raises OcppError for what no validator can follow to its end."""
        try:
            return self._validator.iter_errors(payload)
        except ValueError as failure:
            raise _too_deep() from failure


def _too_deep() -> OcppError:
    """The validator gives up beyond 255 levels; OCPP needs six."""
    return OcppError("the payload is nested too deeply", error_code=ErrorCode.FORMATION_VIOLATION)


def _in_order(schema: dict[str, Any], value: Any, classes: dict[str, Any]) -> Any:
    """`classes` are what the schemas of the security extension refer to by name."""
    schema = classes.get(schema.get("$ref", "").rpartition("/")[2], schema)
    if isinstance(value, dict):
        known = schema.get("properties", {})
        names = [*(name for name in known if name in value), *(name for name in value if name not in known)]
        return {name: _in_order(known.get(name, {}), value[name], classes) for name in names}
    if isinstance(value, list):
        return [_in_order(schema.get("items", {}), item, classes) for item in value]
    return value


def kind_of(breach: jsonschema_rs.ValidationError) -> str:
    """The schema keyword that is broken."""
    return str(breach.kind.name)


def path_of(breach: jsonschema_rs.ValidationError) -> str:
    """Dotted path of the offending value."""
    return ".".join(str(part) for part in breach.instance_path)


def as_error(breach: jsonschema_rs.ValidationError) -> OcppError:
    """The CallError that a breach deserves."""
    path = path_of(breach)
    code = _CODE_BY_KIND.get(kind_of(breach), ErrorCode.PROPERTY_CONSTRAINT_VIOLATION)
    return OcppError(f"{path}: {breach.message}" if path else breach.message, error_code=code)
