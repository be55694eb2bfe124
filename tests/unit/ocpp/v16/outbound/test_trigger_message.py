"""TriggerMessage: the message follows the answer (C29)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from app.domain.charge_point import Registration
from tests.builders import a_connector
from tests.unit.ocpp.conftest import Station
from tests.unit.ocpp.v16.outbound.kinds import allowed_while_pending, outcome, payload, wrong
from tests.unit.ocpp.v16.outbound.submitting import answer, doubts, follow_up, refuse, sent, submit


@pytest.mark.parametrize("command_type", ["trigger_message", "TriggerMessage"])
def test_it_goes_by_every_name(command_type: str) -> None:
    assert payload(command_type, {"requested_message": "Heartbeat"}) == {"requestedMessage": "Heartbeat"}


@pytest.mark.parametrize(
    ("parameters", "wire"),
    [
        ({"requested_message": "Heartbeat"}, {"requestedMessage": "Heartbeat"}),
        (
            {"requested_message": "MeterValues", "connector_id": 1},
            {"requestedMessage": "MeterValues", "connectorId": 1},
        ),
    ],
)
def test_parameters_become_the_payload(parameters: dict[str, Any], wire: dict[str, Any]) -> None:
    assert payload("trigger_message", parameters) == wire


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({}, {"parameters.requested_message"}),
        ({"requested_message": "Authorize"}, {"parameters.requested_message"}),
    ],
)
def test_wrong_missing_and_unknown_parameters_are_named(parameters: dict[str, Any], named: set[str]) -> None:
    assert wrong("trigger_message", parameters) == named


@pytest.mark.parametrize("status", ["Accepted"])
def test_yes(status: str) -> None:
    assert outcome("trigger_message", status=status) == "accepted"


@pytest.mark.parametrize("status", ["Rejected", "NotImplemented", "accepted", "", None, 7])
def test_every_other_word_is_a_no(status: Any) -> None:
    """C4: also words that OCPP does not know."""
    assert outcome("trigger_message", status=status) == "rejected"


def test_an_answer_without_status_is_a_no() -> None:
    assert outcome("trigger_message") == "rejected"


def test_it_may_be_sent_while_the_registration_is_pending() -> None:
    """A34."""
    assert allowed_while_pending("trigger_message")


# --- connectors, and who may be asked to boot ------------------------------------------------------


def test_connector_0_is_left_out() -> None:
    """0.5: the texts contradict each other on it; left out it means all of them."""
    asked = {"requested_message": "StatusNotification", "connector_id": 0}
    assert payload("trigger_message", asked) == {"requestedMessage": "StatusNotification"}


def test_an_accepted_charge_point_is_not_asked_to_boot(station: Station) -> None:
    """A37."""
    (doubt,) = doubts(station, "trigger_message", {"requested_message": "BootNotification"})
    assert "accepted" in doubt
    submit(station, "trigger_message", {"requested_message": "BootNotification"}, force=True)


def test_a_pending_one_may_be_asked_to_boot(add_station: Callable[..., Station]) -> None:
    """A34."""
    pending = add_station("CP-2", registration=Registration.PENDING)
    submit(pending, "trigger_message", {"requested_message": "BootNotification"})


def with_connectors(station: Station) -> None:
    known = (a_connector(0), a_connector(1), a_connector(2))
    station.world.charge_points.put(replace(station.stored, connectors=known))


@pytest.mark.parametrize("message", ["StatusNotification", "MeterValues"])
def test_where_not_all_connectors_speak_at_once_each_is_asked(station: Station, message: str) -> None:
    """G29."""
    with_connectors(station)
    command = submit(station, "trigger_message", {"requested_message": message, "connector_id": 0})
    answer(station, command, status="Rejected")
    assert [payload.get("connectorId") for _, payload in sent(station)] == [None, 1, 2]
    answer(station, follow_up(station, command, "connector-1"), status="Rejected")
    assert len(sent(station)) == 3


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"requested_message": "StatusNotification"}, "NotImplemented"),
        ({"requested_message": "StatusNotification"}, "Accepted"),
        ({"requested_message": "StatusNotification", "connector_id": 1}, "Rejected"),
        ({"requested_message": "Heartbeat"}, "Rejected"),
    ],
)
def test_other_answers_are_answers(station: Station, asked: dict[str, Any], status: str) -> None:
    with_connectors(station)
    answer(station, submit(station, "trigger_message", asked), status=status)
    assert len(sent(station)) == 1


def test_a_call_error_is_a_no_as_well(station: Station) -> None:
    with_connectors(station)
    command = submit(station, "trigger_message", {"requested_message": "MeterValues"})
    refuse(station, command, "NotSupported")
    assert len(sent(station)) == 3
