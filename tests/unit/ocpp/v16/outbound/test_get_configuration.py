"""GetConfiguration: the answer is what was wanted (C13)."""

from typing import Any

import pytest

from tests.unit.ocpp.v16.outbound.kinds import allowed_while_pending, outcome, payload, wrong


@pytest.mark.parametrize("command_type", ["get_configuration", "GetConfiguration"])
def test_it_goes_by_every_name(command_type: str) -> None:
    assert payload(command_type, {}) == {}


@pytest.mark.parametrize(
    ("parameters", "wire"),
    [({}, {}), ({"key": ["SupportedFeatureProfiles"]}, {"key": ["SupportedFeatureProfiles"]})],
)
def test_parameters_become_the_payload(parameters: dict[str, Any], wire: dict[str, Any]) -> None:
    assert payload("get_configuration", parameters) == wire


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"key": "SupportedFeatureProfiles"}, {"parameters.key"}),
        ({"key": [1]}, {"parameters.key.0"}),
        ({"keys": []}, {"parameters.keys"}),
    ],
)
def test_wrong_missing_and_unknown_parameters_are_named(parameters: dict[str, Any], named: set[str]) -> None:
    assert wrong("get_configuration", parameters) == named


def test_any_answer_is_the_wanted_information() -> None:
    assert outcome("get_configuration") == "accepted"
    assert (
        outcome("get_configuration", configurationKey=[{"key": "K", "readonly": True}], unknownKey=["X"])
        == "accepted"
    )


def test_it_may_be_sent_while_the_registration_is_pending() -> None:
    """A34."""
    assert allowed_while_pending("get_configuration")
