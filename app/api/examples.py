"""Examples for the OpenAPI document: made of the schemas, with these words where a schema has none."""

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]
WORDS: Json = {
    "access_token": "eyJhbGciOiJIUzI1NiJ9...",
    "action": "Reset",
    "charge_point_id": "CP-001",
    "charge_point_prefix": "ACME-",
    "code": "not_found",
    "command_id": "cmd-09064b73-ed04-45fe-b417-eae514a01428",
    "connector_id": 1,
    "cursor": "WyJDUC0wMDEiXQ",
    "email": "admin@acme.example",
    "error_code": "NoError",
    "id_tag": "04E1A7B2",
    "key": "HeartbeatInterval",
    "location": "https://files.example.com/fw-2.1.bin",
    "model": "Fast 50",
    "name": "Acme Charging",
    "next_cursor": None,
    "parent_id_tag": "FLEET",
    "password": "correct horse battery staple",
    "reason": "Local",
    "refresh_token": "eyJhbGciOiJIUzI1NiJ9...",
    "serial_number": "SN-123456",
    "session_id": "session-12345",
    "tenant_id": "acme",
    "timestamp": "2026-03-01T12:00:00.000Z",
    "token_type": "Bearer",
    "transaction_id": 789,
    "unit": "Wh",
    "url": "https://example.com/hooks/ocpp",
    "value": "300",
    "vendor": "Volt",
    "vendor_id": "com.example",
}
"""By a field's name; null also means that the schema may be null."""
BODIES: dict[str, Json] = {
    "assign_charging_profile": {"connector_id": 1, "template": "night-6a"},
    "change_charge_point": {"settings": {"strict": False, "time_zone": "Europe/Berlin"}},
    "change_id_tag": {"blocked": True, "note": "Lost on 1 March"},
    "change_own_password": {
        "current_password": "correct horse battery staple",
        "new_password": "another horse, another battery",
    },
    "change_tenant": {"name": "Acme Charging"},
    "change_user": {"role": "operator", "name": "Ann Smith"},
    "change_webhook": {"enabled": True, "description": "Billing"},
    "configure_tenant": {"heartbeat_interval": 120, "command_expiry_s": 90},
    "create_api_key": {"name": "billing", "role": "viewer", "scopes": ["sessions.read"]},
    "create_charging_profile": {
        "name": "night-6a",
        "profile": {
            "stack_level": 0,
            "charging_profile_purpose": "TxDefaultProfile",
            "charging_profile_kind": "Absolute",
            "charging_schedule": {
                "start_schedule": "2026-03-01T22:00:00Z",
                "charging_rate_unit": "A",
                "charging_schedule_period": [{"start_period": 0, "limit": 6.0}],
            },
        },
    },
    "create_tenant": {
        "id": "acme",
        "name": "Acme Charging",
        "charge_point_prefix": "ACME-",
        "configuration": {"heartbeat_interval": 120},
        "admin": {"email": "admin@acme.example", "password": "correct horse battery staple"},
    },
    "create_user": {
        "email": "ann@acme.example",
        "password": "correct horse battery staple",
        "role": "operator",
    },
    "install_certificate": {
        "kind": "central_system_root",
        "pem": "-----BEGIN CERTIFICATE-----\nMIIB...\n-----END CERTIFICATE-----\n",
    },
    "put_id_tag": {"parent_id_tag": "FLEET", "expires_at": "2027-01-01T00:00:00Z"},
    "put_local_list": {"id_tags": ["04E1A7B2"]},
    "register_charge_point": {"id": "CP-001"},
    "send_command": {"command_type": "remote_start", "parameters": {"id_tag": "04E1A7B2", "connector_id": 1}},
    "set_profile": {"profile": 1},
    "update_firmware": {"charge_point_id": "CP-001", "location": "https://files.example.com/fw-2.1.bin"},
    "upgrade_profile": {"profile": 2},
}
"""Bodies by operation, where what a schema requires makes no good example."""
TEXTS = {
    "export_audit": "at,actor_kind,actor_id,action,target,result\r\n",
    "export_id_tags": "id_tag,parent_id_tag,expires_at,blocked\r\n04E1A7B2,FLEET,,false\r\n",
    "export_sessions": "id,charge_point_id,connector_id,id_tag,start_time,stop_time,energy_wh\r\n",
    "follow_events": 'id: 1-0\nevent: session\ndata: {"event_type": "session_started"}\n\n',
}
"""Answers that are no JSON, by operation; a line of JSON stands for the others."""
_LINE = '{"id": "session-12345", "charge_point_id": "CP-001"}\n'
_BY_FORMAT = {
    "date-time": "2026-03-01T12:00:00.000Z",
    "date": "2026-03-01",
    "email": "admin@acme.example",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "password": "correct horse battery staple",
}
_DEEPEST = 8


class Examples:
    """Values that fit the schemas of one document."""

    def __init__(self, schemas: Mapping[str, Json]) -> None:
        self._schemas = schemas

    def body(self, operation_id: str, schema: Json) -> Any:
        """For a request: what is required, and what is worth showing."""
        return BODIES.get(operation_id) or self._of(schema, "", 0, only_required=True)

    def text(self, operation_id: str) -> str:
        """For an answer that is no JSON."""
        return TEXTS.get(operation_id, _LINE)

    def answer(self, schema: Json) -> Any:
        """For an answer: every field."""
        return self._of(schema, "", 0)

    def _of(self, schema: Json, name: str, depth: int, *, only_required: bool = False) -> Any:
        if "$ref" in schema:
            schema = self._schemas[schema["$ref"].rpartition("/")[2]] | {
                key: value for key, value in schema.items() if key != "$ref"
            }
        for given in ("example", "const"):
            if given in schema:
                return schema[given]
        for several in ("anyOf", "oneOf", "allOf"):
            if several in schema:
                return self._of(schema[several][0], name, depth, only_required=only_required)
        kinds = schema.get("type", "string")
        kind = kinds if isinstance(kinds, str) else next(one for one in kinds if one != "null")
        if kind == "object":
            return self._object(schema, depth, only_required=only_required)
        if kind == "array":
            empty = depth >= _DEEPEST or not schema.get("items")
            return [] if empty else [self._of(schema["items"], name.removesuffix("s"), depth + 1)]
        return _scalar(schema, kind, name)

    def _object(self, schema: Json, depth: int, *, only_required: bool) -> Json:
        if depth >= _DEEPEST:
            return {}
        required = schema.get("required", ())
        return {
            name: self._of(inner, name, depth + 1, only_required=only_required)
            for name, inner in schema.get("properties", {}).items()
            if not only_required or not required or name in required
        }


def _scalar(schema: Json, kind: str, name: str) -> Any:
    if schema.get("enum"):
        return next(value for value in schema["enum"] if value is not None)
    if isinstance(schema.get("default"), str | int | float):
        return schema["default"]
    word = WORDS.get(name)
    if kind == "boolean":
        return False
    if kind in ("integer", "number"):
        return word if isinstance(word, int) else schema.get("minimum", 1)
    if schema.get("format") in _BY_FORMAT:
        return _BY_FORMAT[schema["format"]]
    if name == "next_cursor":
        return None
    return word if isinstance(word, str) else name or "..."
