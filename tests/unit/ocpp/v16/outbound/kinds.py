"""What the tests of all outgoing actions ask of them."""

from typing import Any

import jsonschema_rs
import orjson
import pytest

from app.domain.errors import InvalidInput
from app.ocpp.catalog import load_catalog
from app.ocpp.validation import schema_folder


def payload(command_type: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """What goes on the wire; it has passed the official schema, read here once more (A20)."""
    kind = load_catalog().command_kind(command_type)
    built = kind.build_payload(parameters)
    schema = orjson.loads((schema_folder() / f"{kind.action}.json").read_bytes())
    jsonschema_rs.Draft4Validator(schema).validate(built)
    return built


def wrong(command_type: str, parameters: dict[str, Any]) -> set[str]:
    """The parameters that are named as wrong."""
    with pytest.raises(InvalidInput) as refused:
        load_catalog().command_kind(command_type).build_payload(parameters)
    assert all(sentences for sentences in refused.value.problems.values())
    return set(refused.value.problems)


def outcome(command_type: str, **answer: Any) -> str:
    """What the command becomes by this answer."""
    judged = load_catalog().command_kind(command_type).judge(answer)
    assert judged.result is not None
    assert (judged.error is None) == (judged.status.value == "accepted")
    return judged.status.value


def allowed_while_pending(command_type: str) -> bool:
    return load_catalog().command_kind(command_type).allowed_while_pending
