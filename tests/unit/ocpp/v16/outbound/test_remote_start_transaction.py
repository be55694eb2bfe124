"""RemoteStartTransaction: Accepted means it will try (C14)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.domain.id_tag import IdTag
from app.domain.reservation import ReservationStatus
from tests.builders import a_connector, a_reservation
from tests.unit.ocpp.conftest import Station
from tests.unit.ocpp.v16.outbound.kinds import allowed_while_pending, outcome, payload, wrong
from tests.unit.ocpp.v16.outbound.submitting import doubts, submit

PROFILE = {
    "charging_profile_id": 1,
    "stack_level": 0,
    "charging_profile_purpose": "TxProfile",
    "charging_profile_kind": "Relative",
    "charging_schedule": {
        "charging_rate_unit": "A",
        "charging_schedule_period": [{"start_period": 0, "limit": 16.1, "number_phases": 3}],
    },
}

WIRE = {
    "chargingProfileId": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.1, "numberPhases": 3}],
    },
}


@pytest.mark.parametrize(
    "command_type", ["remote_start", "remote_start_transaction", "RemoteStartTransaction"]
)
def test_it_goes_by_every_name(command_type: str) -> None:
    assert payload(command_type, {"id_tag": "TAG"}) == {"idTag": "TAG"}


@pytest.mark.parametrize(
    ("parameters", "wire"),
    [
        ({"id_tag": "TAG"}, {"idTag": "TAG"}),
        (
            {"id_tag": "TAG", "connector_id": 1, "charging_profile": PROFILE},
            {"idTag": "TAG", "connectorId": 1, "chargingProfile": WIRE},
        ),
    ],
)
def test_parameters_become_the_payload(parameters: dict[str, Any], wire: dict[str, Any]) -> None:
    assert payload("remote_start_transaction", parameters) == wire


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({}, {"parameters.id_tag"}),
        ({"id_tag": "x" * 21}, {"parameters.id_tag"}),
        (
            {"id_tag": "TAG", "connector_id": "1", "colour": "red"},
            {"parameters.connector_id", "parameters.colour"},
        ),
        (
            {"id_tag": "TAG", "charging_profile": PROFILE | {"stack_level": "0"}},
            {"parameters.charging_profile.stack_level"},
        ),
    ],
)
def test_wrong_missing_and_unknown_parameters_are_named(parameters: dict[str, Any], named: set[str]) -> None:
    assert wrong("remote_start_transaction", parameters) == named


@pytest.mark.parametrize("status", ["Accepted"])
def test_yes(status: str) -> None:
    assert outcome("remote_start_transaction", status=status) == "accepted"


@pytest.mark.parametrize("status", ["Rejected", "accepted", "", None, 7])
def test_every_other_word_is_a_no(status: Any) -> None:
    """C4: also words that OCPP does not know."""
    assert outcome("remote_start_transaction", status=status) == "rejected"


def test_an_answer_without_status_is_a_no() -> None:
    assert outcome("remote_start_transaction") == "rejected"


def test_it_is_held_back_while_the_registration_is_pending() -> None:
    """A34."""
    assert not allowed_while_pending("remote_start_transaction")


# --- doubts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("connector_id", [0, -1])
def test_a_connector_is_above_zero(connector_id: int) -> None:
    assert wrong("remote_start", {"id_tag": "TAG", "connector_id": connector_id}) == {
        "parameters.connector_id"
    }


def test_its_profile_is_for_the_transaction_to_come() -> None:
    """5.16.2: purpose TxProfile, and no transaction id yet."""
    profile = PROFILE | {"charging_profile_purpose": "TxDefaultProfile", "transaction_id": 7}
    assert wrong("remote_start", {"id_tag": "TAG", "charging_profile": profile}) == {
        "parameters.charging_profile.charging_profile_purpose",
        "parameters.charging_profile.transaction_id",
    }


@pytest.fixture
def tagged(station: Station) -> Station:
    """TAG is good, OLD has expired, BAD is blocked."""
    tags = station.world.id_tags
    tags.put("acme", IdTag("tag", "TAG"))
    tags.put("acme", IdTag("old", "OLD", expires_at=station.world.clock.now() - timedelta(days=1)))
    tags.put("acme", IdTag("bad", "BAD", blocked=True))
    return station


@pytest.mark.parametrize(("id_tag", "verdict"), [("WHO", "Invalid"), ("OLD", "Expired"), ("bad", "Blocked")])
def test_a_tag_that_would_not_be_accepted_takes_force(tagged: Station, id_tag: str, verdict: str) -> None:
    """C14: it would be started, refused by us, and stopped."""
    (doubt,) = doubts(tagged, "remote_start", {"id_tag": id_tag})
    assert doubt == f"The id tag {id_tag} would be answered {verdict}."
    assert submit(tagged, "remote_start", {"id_tag": id_tag}, force=True).warnings == (doubt,)


def test_where_unknown_tags_may_charge_there_is_no_doubt(tagged: Station) -> None:
    tagged.configure(accept_unknown_id_tags=True)
    submit(tagged, "remote_start", {"id_tag": "WHO"})


@pytest.mark.parametrize("status", ["Charging", "SuspendedEV", "SuspendedEVSE", "Unavailable", "Faulted"])
def test_a_connector_that_is_not_free_takes_force(tagged: Station, status: str) -> None:
    tagged.world.charge_points.put(
        replace(tagged.stored, connectors=(a_connector(1, status), a_connector(2)))
    )
    (doubt,) = doubts(tagged, "remote_start", {"id_tag": "TAG", "connector_id": 1})
    assert doubt == f"Connector 1 is {status}."
    submit(tagged, "remote_start", {"id_tag": "TAG", "connector_id": 2})
    submit(tagged, "remote_start", {"id_tag": "TAG"})


def test_what_a_charge_point_did_before_it_went_offline_is_no_doubt(tagged: Station) -> None:
    tagged.world.charge_points.put(
        replace(tagged.stored, connectors=(a_connector(1, "Charging"),), connection=None)
    )
    submit(tagged, "remote_start", {"id_tag": "TAG", "connector_id": 1})


def test_a_connector_that_is_reserved_for_somebody_else_takes_force(tagged: Station) -> None:
    """C14: the charge point would refuse it."""
    reservations = tagged.world.services.keepers.reservations
    reservations.note_answered(a_reservation(id_tag="OTHER"), ReservationStatus.ACCEPTED)
    (doubt,) = doubts(tagged, "remote_start", {"id_tag": "TAG", "connector_id": 1})
    assert doubt == "Connector 1 is reserved for OTHER."
    submit(tagged, "remote_start", {"id_tag": "TAG", "connector_id": 2})
    submit(tagged, "remote_start", {"id_tag": "TAG"})
    reservations.note_cancelled(tagged.ref, 7)
    reservations.note_answered(a_reservation("r-2", id_tag="tag"), ReservationStatus.ACCEPTED)
    submit(tagged, "remote_start", {"id_tag": "TAG", "connector_id": 1})


def test_its_profile_gets_an_id_and_is_looked_at(tagged: Station) -> None:
    """TC_059, D8."""
    profile = {name: value for name, value in PROFILE.items() if name != "charging_profile_id"}
    command = submit(tagged, "remote_start", {"id_tag": "TAG", "charging_profile": profile})
    assert command.payload["chargingProfile"] == WIRE
    key = {"key": "ChargeProfileMaxStackLevel", "value": "3", "readonly": True}
    tagged.world.services.keepers.configuration.note_reported(tagged.ref, [key], [])
    asked = {"id_tag": "TAG", "charging_profile": profile | {"stack_level": 4}}
    assert len(doubts(tagged, "remote_start", asked)) == 1
