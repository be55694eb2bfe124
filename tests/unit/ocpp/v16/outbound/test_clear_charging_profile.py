"""ClearChargingProfile: Unknown means that nothing matched (C31, TC_067)."""

from typing import Any

import pytest

from tests.builders import an_installed_profile
from tests.unit.ocpp.conftest import Station
from tests.unit.ocpp.v16.outbound.kinds import allowed_while_pending, outcome, payload, wrong
from tests.unit.ocpp.v16.outbound.submitting import end, refuse, submit


@pytest.mark.parametrize("command_type", ["clear_charging_profile", "ClearChargingProfile"])
def test_it_goes_by_every_name(command_type: str) -> None:
    assert payload(command_type, {}) == {}


@pytest.mark.parametrize(
    ("parameters", "wire"),
    [
        ({}, {}),
        ({"id": 7}, {"id": 7}),
        (
            {"connector_id": 1, "charging_profile_purpose": "TxProfile", "stack_level": 2},
            {"connectorId": 1, "chargingProfilePurpose": "TxProfile", "stackLevel": 2},
        ),
    ],
)
def test_parameters_become_the_payload(parameters: dict[str, Any], wire: dict[str, Any]) -> None:
    assert payload("clear_charging_profile", parameters) == wire


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"charging_profile_purpose": "Mine"}, {"parameters.charging_profile_purpose"}),
        ({"id": 7, "stack_level": 1}, {"parameters.id"}),
    ],
)
def test_wrong_missing_and_unknown_parameters_are_named(parameters: dict[str, Any], named: set[str]) -> None:
    """C31: beside an id charge points ignore criteria, so it is one or the other."""
    assert wrong("clear_charging_profile", parameters) == named


@pytest.mark.parametrize("status", ["Accepted"])
def test_yes(status: str) -> None:
    assert outcome("clear_charging_profile", status=status) == "accepted"


@pytest.mark.parametrize("status", ["Unknown", "accepted", "", None, 7])
def test_every_other_word_is_a_no(status: Any) -> None:
    """C4: also words that OCPP does not know."""
    assert outcome("clear_charging_profile", status=status) == "rejected"


def test_an_answer_without_status_is_a_no() -> None:
    assert outcome("clear_charging_profile") == "rejected"


def test_it_may_be_sent_while_the_registration_is_pending() -> None:
    """A34."""
    assert allowed_while_pending("clear_charging_profile")


def left(station: Station, parameters: dict[str, Any], word: str | None) -> list[int]:
    """Ids that are installed still after this was asked and so answered."""
    service = station.world.services.keepers.charging_profiles
    for number in (1, 2, 3):
        service.note_installed(an_installed_profile(number, stack_level=number))
    end(station, submit(station, "clear_charging_profile", parameters), word)
    return [one.profile.charging_profile_id for one in service.installed(station.ref)]


@pytest.mark.parametrize(
    ("parameters", "ids"),
    [
        ({}, []),
        ({"id": 2}, [1, 3]),
        ({"stack_level": 3, "charging_profile_purpose": "TxDefaultProfile", "connector_id": 1}, [1, 2]),
        ({"connector_id": 0}, [1, 2, 3]),
        ({"charging_profile_purpose": "TxProfile"}, [1, 2, 3]),
    ],
)
@pytest.mark.parametrize("word", ["Accepted", "Unknown"])
def test_with_either_answer_what_is_meant_is_gone(
    station: Station, parameters: dict[str, Any], ids: list[int], word: str
) -> None:
    assert left(station, parameters, word) == ids


@pytest.mark.parametrize("word", ["Rejected", "", None])
def test_any_other_end_leaves_them(station: Station, word: str | None) -> None:
    assert left(station, {}, word) == [1, 2, 3]


def test_a_call_error_leaves_them(station: Station) -> None:
    service = station.world.services.keepers.charging_profiles
    service.note_installed(an_installed_profile())
    refuse(station, submit(station, "clear_charging_profile", {}), "InternalError")
    assert len(service.installed(station.ref)) == 1
