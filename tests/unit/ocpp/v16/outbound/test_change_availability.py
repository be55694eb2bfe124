"""ChangeAvailability: Scheduled is a yes that waits (C7)."""

from dataclasses import replace
from typing import Any

import pytest

from app.domain.command import NO_ANSWER
from tests.builders import a_connector
from tests.unit.ocpp.conftest import Station
from tests.unit.ocpp.v16.outbound.kinds import allowed_while_pending, outcome, payload, wrong
from tests.unit.ocpp.v16.outbound.submitting import answer, follow_up, refuse, sent, submit


@pytest.mark.parametrize("command_type", ["change_availability", "ChangeAvailability"])
def test_it_goes_by_every_name(command_type: str) -> None:
    assert payload(command_type, {"connector_id": 0, "type": "Inoperative"}) == {
        "connectorId": 0,
        "type": "Inoperative",
    }


@pytest.mark.parametrize(
    ("parameters", "wire"),
    [({"connector_id": 0, "type": "Inoperative"}, {"connectorId": 0, "type": "Inoperative"})],
)
def test_parameters_become_the_payload(parameters: dict[str, Any], wire: dict[str, Any]) -> None:
    assert payload("change_availability", parameters) == wire


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({}, {"parameters.connector_id", "parameters.type"}),
        ({"connector_id": 1, "type": "Off"}, {"parameters.type"}),
    ],
)
def test_wrong_missing_and_unknown_parameters_are_named(parameters: dict[str, Any], named: set[str]) -> None:
    assert wrong("change_availability", parameters) == named


@pytest.mark.parametrize("status", ["Accepted", "Scheduled"])
def test_yes(status: str) -> None:
    assert outcome("change_availability", status=status) == "accepted"


@pytest.mark.parametrize("status", ["Rejected", "accepted", "", None, 7])
def test_every_other_word_is_a_no(status: Any) -> None:
    """C4: also words that OCPP does not know."""
    assert outcome("change_availability", status=status) == "rejected"


def test_an_answer_without_status_is_a_no() -> None:
    assert outcome("change_availability") == "rejected"


def test_it_may_be_sent_while_the_registration_is_pending() -> None:
    """A34."""
    assert allowed_while_pending("change_availability")


# --- what is wanted --------------------------------------------------------------------------------


def connectors(station: Station, *statuses: str) -> None:
    """Connector 1 and up, as if reported."""
    known = tuple(a_connector(number, status) for number, status in enumerate(statuses, 1))
    station.world.charge_points.put(replace(station.stored, connectors=known))


@pytest.mark.parametrize("status", ["Accepted", "Scheduled"])
def test_what_it_agreed_to_is_wanted(station: Station, status: str) -> None:
    """C7, B43: kept apart from what is seen, and across boots."""
    command = submit(station, "change_availability", {"connector_id": 2, "type": "Inoperative"})
    assert station.stored.wanted_availability == {}
    answer(station, command, status=status)
    answer(station, command, status=status)
    assert station.stored.wanted_availability == {2: "Inoperative"}
    station.ask("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})
    assert station.stored.wanted_availability == {2: "Inoperative"}


def test_connector_0_means_all_of_them(station: Station) -> None:
    connectors(station, "Available", "Charging")
    answer(
        station,
        submit(station, "change_availability", {"connector_id": 1, "type": "Operative"}),
        status="Accepted",
    )
    answer(
        station,
        submit(station, "change_availability", {"connector_id": 0, "type": "Inoperative"}),
        status="Scheduled",
    )
    assert station.stored.wanted_availability == dict.fromkeys((0, 1, 2), "Inoperative")


@pytest.mark.parametrize("code", ["NotSupported", "PropertyConstraintViolation", None])
def test_where_connector_0_is_refused_each_is_asked_for(station: Station, code: str | None) -> None:
    """G29."""
    connectors(station, "Available", "Available")
    command = submit(station, "change_availability", {"connector_id": 0, "type": "Inoperative"})
    if code is None:
        answer(station, command, status="Rejected", scheduleStart="0")
    else:
        refuse(station, command, code)
    for number in (1, 2):
        answer(station, follow_up(station, command, f"connector-{number}"), status="Accepted")
    assert [payload["connectorId"] for _, payload in sent(station)] == [0, 1, 2]
    assert station.stored.wanted_availability == {1: "Inoperative", 2: "Inoperative"}


def test_connectors_that_never_spoke_are_counted_by_the_charge_point_itself(station: Station) -> None:
    keys = [{"key": "NumberOfConnectors", "value": 3}]
    station.world.services.keepers.configuration.note_reported(station.ref, keys, [])
    answer(
        station,
        submit(station, "change_availability", {"connector_id": 0, "type": "Operative"}),
        status="Rejected",
    )
    assert [payload["connectorId"] for _, payload in sent(station)] == [0, 1, 2, 3]


def test_one_connector_that_refuses_is_a_no_and_nothing_else(station: Station) -> None:
    connectors(station, "Available")
    answer(
        station,
        submit(station, "change_availability", {"connector_id": 1, "type": "Operative"}),
        status="Rejected",
    )
    assert len(sent(station)) == 1
    assert station.stored.wanted_availability == {}


def test_what_never_arrived_is_not_tried_in_parts(station: Station) -> None:
    connectors(station, "Available")
    command = submit(station, "change_availability", {"connector_id": 0, "type": "Operative"})
    station.world.services.commands.fail(station.ref, command.id, NO_ANSWER)
    assert len(sent(station)) == 1


def test_a_charge_point_that_was_removed_meanwhile_is_no_failure(station: Station) -> None:
    command = submit(station, "change_availability", {"connector_id": 1, "type": "Operative"})
    station.world.charge_points.delete(station.ref)
    answer(station, command, status="Accepted")
