"""ExtendedTriggerMessage: TriggerMessage with more to trigger (C36)."""

from typing import Any

import pytest

from tests.unit.ocpp.conftest import Station
from tests.unit.ocpp.v16.outbound.kinds import allowed_while_pending, outcome, payload, wrong
from tests.unit.ocpp.v16.outbound.submitting import doubts, submit


@pytest.mark.parametrize("command_type", ["extended_trigger_message", "ExtendedTriggerMessage"])
def test_it_goes_by_every_name(command_type: str) -> None:
    """O TC_074: without a connector."""
    parameters = {"requested_message": "SignChargePointCertificate"}
    assert payload(command_type, parameters) == {"requestedMessage": "SignChargePointCertificate"}


@pytest.mark.parametrize(
    "message",
    ["BootNotification", "LogStatusNotification", "FirmwareStatusNotification", "Heartbeat", "MeterValues"],
)
def test_what_can_be_triggered(message: str) -> None:
    assert payload("ExtendedTriggerMessage", {"requested_message": message}) == {"requestedMessage": message}


def test_connector_0_is_left_out_and_means_all() -> None:
    parameters = {"requested_message": "StatusNotification", "connector_id": 0}
    assert payload("ExtendedTriggerMessage", parameters) == {"requestedMessage": "StatusNotification"}
    parameters["connector_id"] = 1
    assert payload("ExtendedTriggerMessage", parameters)["connectorId"] == 1


@pytest.mark.parametrize("parameters", [{}, {"requested_message": "DiagnosticsStatusNotification"}])
def test_wrong_missing_and_unknown_parameters_are_named(parameters: dict[str, Any]) -> None:
    assert wrong("extended_trigger_message", parameters) == {"parameters.requested_message"}


@pytest.mark.parametrize("status", ["Rejected", "NotImplemented", "", None])
def test_every_word_but_accepted_is_a_no(status: Any) -> None:
    assert outcome("extended_trigger_message", status="Accepted") == "accepted"
    assert outcome("extended_trigger_message", status=status) == "rejected"


def test_it_may_be_sent_while_the_registration_is_pending() -> None:
    assert allowed_while_pending("extended_trigger_message")


def test_a_connector_where_there_is_none_takes_force(station: Station) -> None:
    parameters = {"requested_message": "SignChargePointCertificate", "connector_id": 1}
    assert len(doubts(station, "ExtendedTriggerMessage", parameters)) == 1
    assert submit(station, "ExtendedTriggerMessage", parameters, force=True).payload["connectorId"] == 1
    parameters = {"requested_message": "MeterValues", "connector_id": 1}
    assert submit(station, "ExtendedTriggerMessage", parameters).warnings == ()
