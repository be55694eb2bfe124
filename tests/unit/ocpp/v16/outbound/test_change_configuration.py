"""ChangeConfiguration: RebootRequired is a yes that waits (C8)."""

from typing import Any

import pytest

from tests.unit.ocpp.v16.outbound.kinds import allowed_while_pending, outcome, payload, wrong


@pytest.mark.parametrize("command_type", ["change_configuration", "ChangeConfiguration"])
def test_it_goes_by_every_name(command_type: str) -> None:
    assert payload(command_type, {"key": "MeterValueSampleInterval", "value": "60"}) == {
        "key": "MeterValueSampleInterval",
        "value": "60",
    }


@pytest.mark.parametrize(
    ("parameters", "wire"),
    [
        (
            {"key": "MeterValueSampleInterval", "value": "60"},
            {"key": "MeterValueSampleInterval", "value": "60"},
        ),
        ({"key": "StopTxnSampledData", "value": ""}, {"key": "StopTxnSampledData", "value": ""}),
    ],
)
def test_parameters_become_the_payload(parameters: dict[str, Any], wire: dict[str, Any]) -> None:
    assert payload("change_configuration", parameters) == wire


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"key": "HeartbeatInterval"}, {"parameters.value"}),
        ({"key": "HeartbeatInterval", "value": 60}, {"parameters.value"}),
        ({"key": "x" * 51, "value": ""}, {"parameters.key"}),
        ({"key": "K", "value": "x" * 501}, {"parameters.value"}),
        ({"key": "K", "value": "a\x00b"}, {"parameters.value"}),
    ],
)
def test_wrong_missing_and_unknown_parameters_are_named(parameters: dict[str, Any], named: set[str]) -> None:
    assert wrong("change_configuration", parameters) == named


@pytest.mark.parametrize("status", ["Accepted", "RebootRequired"])
def test_yes(status: str) -> None:
    assert outcome("change_configuration", status=status) == "accepted"


@pytest.mark.parametrize("status", ["Rejected", "NotSupported", "accepted", "", None, 7])
def test_every_other_word_is_a_no(status: Any) -> None:
    """C4: also words that OCPP does not know."""
    assert outcome("change_configuration", status=status) == "rejected"


def test_an_answer_without_status_is_a_no() -> None:
    assert outcome("change_configuration") == "rejected"


def test_it_may_be_sent_while_the_registration_is_pending() -> None:
    """A34."""
    assert allowed_while_pending("change_configuration")
