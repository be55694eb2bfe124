"""What is secret, by the names of fields and by what texts look like."""

from typing import Any

import pytest

from app.domain.redaction import HIDDEN, redact_text, redacted

KEY = "0123456789ABCDEF0123456789ABCDEF01234567"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"password": "x"}, {"password": HIDDEN}),
        ({"new_password": "x"}, {"new_password": HIDDEN}),
        ({"secret": "x", "client_secret": "y"}, {"secret": HIDDEN, "client_secret": HIDDEN}),
        ({"refresh_token": "x"}, {"refresh_token": HIDDEN}),
        ({"AuthorizationKey": KEY}, {"AuthorizationKey": HIDDEN}),
        ({"key": "AuthorizationKey", "value": KEY}, {"key": "AuthorizationKey", "value": HIDDEN}),
        ({"key": " authorizationKEY ", "value": KEY}, {"key": " authorizationKEY ", "value": HIDDEN}),
        ({"key": KEY}, {"key": HIDDEN}),
        ({"key_hash": "$argon2"}, {"key_hash": HIDDEN}),
        ({"url": "https://u:pw@h.example"}, {"url": f"https://u:{HIDDEN}@h.example"}),
        ({"a": [{"b": ({"secret": 1},)}]}, {"a": [{"b": [{"secret": HIDDEN}]}]}),
        ({"has_secret": True, "password": None}, {"has_secret": True, "password": None}),
        ({"key": "HeartbeatInterval", "value": "300"}, {"key": "HeartbeatInterval", "value": "300"}),
        ({"secret": {"nested": "x"}}, {"secret": HIDDEN}),
    ],
)
def test_secrets_are_hidden_and_nothing_else(value: Any, shown: Any) -> None:
    assert redacted(value) == shown


def test_an_api_key_and_a_token_are_hidden_wherever_they_stand() -> None:
    key, jwt = f"ocpp_0123456789abcdef_{'Ab-_' * 10}abc", f"eyJhbGciOiJIUzI1NiJ9.{'x' * 40}.{'y' * 43}"
    shown = redact_text(f"/api/v1/api-keys/{key}?a={jwt} ocpp_acme ocpp_0123456789abcdef")
    assert shown == (
        f"/api/v1/api-keys/ocpp_0123456789abcdef_{HIDDEN}?a=eyJ{HIDDEN} ocpp_acme ocpp_0123456789abcdef"
    )
