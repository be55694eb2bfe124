"""Answers that may hold addresses: signed links of ours, or others with a password."""

from typing import Any

from marshmallow import Schema, post_dump

from app.api.caller import current_caller
from app.domain.permissions import Permission
from app.domain.redaction import redact_text


class Guarded(Schema):
    """Who may only look is not shown what opens an address: with a link, anybody can upload."""

    @post_dump
    def _hide(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        may_use = current_caller().may(Permission.COMMANDS_SEND)
        return data if may_use else {name: _without_openers(value) for name, value in data.items()}


def _without_openers(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_openers(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_openers(inner) for inner in value]
    return redact_text(value) if isinstance(value, str) else value
