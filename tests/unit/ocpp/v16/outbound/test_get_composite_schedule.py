"""GetCompositeSchedule: what the charge point will do (C32)."""

from typing import Any

import pytest

from tests.unit.ocpp.v16.outbound.kinds import allowed_while_pending, outcome, payload, wrong


@pytest.mark.parametrize("command_type", ["get_composite_schedule", "GetCompositeSchedule"])
def test_it_goes_by_every_name(command_type: str) -> None:
    assert payload(command_type, {"connector_id": 0, "duration": 3600, "charging_rate_unit": "W"}) == {
        "connectorId": 0,
        "duration": 3600,
        "chargingRateUnit": "W",
    }


@pytest.mark.parametrize(
    ("parameters", "wire"),
    [
        (
            {"connector_id": 0, "duration": 3600, "charging_rate_unit": "W"},
            {"connectorId": 0, "duration": 3600, "chargingRateUnit": "W"},
        )
    ],
)
def test_parameters_become_the_payload(parameters: dict[str, Any], wire: dict[str, Any]) -> None:
    assert payload("get_composite_schedule", parameters) == wire


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"connector_id": 1}, {"parameters.duration"}),
        ({"connector_id": 1, "duration": 0}, {"parameters.duration"}),
        (
            {"connector_id": 1, "duration": 60, "charging_rate_unit": "Power"},
            {"parameters.charging_rate_unit"},
        ),
    ],
)
def test_wrong_missing_and_unknown_parameters_are_named(parameters: dict[str, Any], named: set[str]) -> None:
    assert wrong("get_composite_schedule", parameters) == named


@pytest.mark.parametrize("status", ["Accepted"])
def test_yes(status: str) -> None:
    assert outcome("get_composite_schedule", status=status) == "accepted"


@pytest.mark.parametrize("status", ["Rejected", "accepted", "", None, 7])
def test_every_other_word_is_a_no(status: Any) -> None:
    """C4: also words that OCPP does not know."""
    assert outcome("get_composite_schedule", status=status) == "rejected"


def test_an_answer_without_status_is_a_no() -> None:
    assert outcome("get_composite_schedule") == "rejected"


def test_it_may_be_sent_while_the_registration_is_pending() -> None:
    """A34."""
    assert allowed_while_pending("get_composite_schedule")


def test_of_a_refusal_only_the_word_counts() -> None:
    """G29: some send junk beside it."""
    assert outcome("get_composite_schedule", status="Rejected", scheduleStart="0") == "rejected"
