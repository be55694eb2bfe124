"""States of a command."""

from typing import Any

import pytest

from app.domain.command import HIDDEN, CommandStatus, hide_secrets, without_secrets
from tests.builders import REF, a_command


@pytest.mark.parametrize("status", CommandStatus)
def test_only_queued_and_sent_commands_can_still_change(status: CommandStatus) -> None:
    assert status.is_final == (status not in (CommandStatus.QUEUED, CommandStatus.SENT))


def test_the_states_are_spelled_as_callers_know_them() -> None:
    assert [status.value for status in CommandStatus] == [
        "queued",
        "sent",
        "accepted",
        "rejected",
        "failed",
        "timed_out",
        "unknown_outcome",
        "expired",
    ]


def test_a_command_knows_whom_it_is_for() -> None:
    assert a_command(ref=REF).charge_point == REF


# --- a key is kept nowhere, wherever it stands (A01.FR.08-09) ---------------------------------------


@pytest.mark.parametrize("key", ["AuthorizationKey", "authorizationkey", " AUTHORIZATIONKEY"])
def test_a_key_is_hidden(key: str) -> None:
    assert without_secrets({"key": key, "value": "secret"}) == {"key": key, "value": HIDDEN}


def test_a_key_within_is_hidden_too() -> None:
    answer: dict[str, Any] = {
        "configurationKey": [
            {"key": "AuthorizationKey", "readonly": False, "value": "secret"},
            {"key": "HeartbeatInterval", "readonly": False, "value": "300"},
        ]
    }
    hidden = without_secrets(answer)
    assert [item["value"] for item in hidden["configurationKey"]] == [HIDDEN, "300"]
    assert answer["configurationKey"][0]["value"] == "secret"  # what came in is not touched


@pytest.mark.parametrize(
    "value", [{"key": "AuthorizationKey"}, {"key": ["AuthorizationKey"]}, {"key": None, "value": 1}, [], 7]
)
def test_everything_else_stays(value: Any) -> None:
    assert hide_secrets(value) == value
