"""SetChargingProfile: a limit over time (C30, D1-D22, TC_056, 057, vector H13)."""

from typing import Any

import orjson
import pytest

from app.domain.charging_profile import InstalledProfile
from app.domain.errors import InvalidInput, NeedsForce, NotFound
from tests.builders import a_profile, a_schedule, a_session
from tests.unit.ocpp.conftest import Station
from tests.unit.ocpp.v16.outbound.kinds import allowed_while_pending, outcome, payload, wrong
from tests.unit.ocpp.v16.outbound.submitting import end, follow_up, refuse, sent, submit

RELATIVE: dict[str, Any] = {
    "charging_profile_kind": "Relative",
    "charging_schedule": {
        "charging_rate_unit": "A",
        "charging_schedule_period": [{"start_period": 0, "limit": 16.1, "number_phases": 3}],
    },
}
WIRE = {
    "chargingProfileId": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.1, "numberPhases": 3}],
    },
}
TX: dict[str, Any] = {"charging_profile_purpose": "TxProfile"}


def asked(connector_id: int = 1, number: int | None = 1, **fields: Any) -> dict[str, Any]:
    known = {"charging_profile_id": number}
    return {"connector_id": connector_id, "cs_charging_profiles": a_profile(**(RELATIVE | known | fields))}


def installed(station: Station) -> list[InstalledProfile]:
    return station.world.services.keepers.charging_profiles.installed(station.ref)


def charge(station: Station, transaction_id: int = 9, **fields: Any) -> None:
    station.world.sessions.insert(a_session(transaction_id, **fields), [], 1)


@pytest.mark.parametrize("command_type", ["set_charging_profile", "SetChargingProfile"])
def test_it_goes_by_every_name(command_type: str) -> None:
    assert payload(command_type, asked()) == {"connectorId": 1, "csChargingProfiles": WIRE}


def test_everything_that_a_profile_may_have() -> None:
    """TC_056."""
    profile = a_profile(
        valid_from="2026-03-01T11:00:00Z",
        valid_to="2026-03-02T13:00:00+01:00",
        charging_profile_kind="Recurring",
        recurrency_kind="Daily",
        charging_schedule=a_schedule(
            duration=86_400,
            min_charging_rate=6,
            charging_rate_unit="W",
            charging_schedule_period=[{"start_period": 0, "limit": 6000, "number_phases": 1}],
        ),
    )
    assert payload("set_charging_profile", {"connector_id": 0, "cs_charging_profiles": profile}) == {
        "connectorId": 0,
        "csChargingProfiles": {
            "chargingProfileId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Recurring",
            "recurrencyKind": "Daily",
            "validFrom": "2026-03-01T11:00:00.000Z",
            "validTo": "2026-03-02T12:00:00.000Z",
            "chargingSchedule": {
                "duration": 86_400,
                "startSchedule": "2026-03-01T12:00:00.000Z",
                "chargingRateUnit": "W",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6000.0, "numberPhases": 1}],
                "minChargingRate": 6.0,
            },
        },
    }


@pytest.mark.parametrize(("limit", "text"), [(16.1, "16.1"), (1.1 + 2.2, "3.3"), (48.3, "48.3"), (6, "6.0")])
def test_one_digit_goes_out_as_it_is_meant(limit: float, text: str) -> None:
    """Vector H13."""
    built = payload(
        "set_charging_profile", asked(charging_schedule=a_schedule((0, limit), start_schedule=None))
    )
    assert f'"limit":{text}}}' in orjson.dumps(built).decode()


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({}, {"parameters.connector_id", "parameters.cs_charging_profiles"}),
        ({"connector_id": 1}, {"parameters.cs_charging_profiles"}),
        (
            {"cs_charging_profiles": a_profile(stack_level=-1)},
            {"parameters.connector_id", "parameters.cs_charging_profiles.stack_level"},
        ),
        ({"connector_id": "1", "cs_charging_profiles": a_profile()}, {"parameters.connector_id"}),
        (
            asked(charging_profile_kind="Sometimes"),
            {"parameters.cs_charging_profiles.charging_profile_kind"},
        ),
        (
            asked(charging_schedule=a_schedule((0, 16.15), start_schedule=None)),
            {"parameters.cs_charging_profiles.charging_schedule.charging_schedule_period.0.limit"},
        ),
        (asked(**TX), {"parameters.cs_charging_profiles.transaction_id"}),
        (
            asked(0, **TX) | {"transaction_id": 9},
            {"parameters.cs_charging_profiles.charging_profile_purpose"},
        ),
        (asked() | {"colour": "red"}, {"parameters.colour"}),
        (asked() | {"retry_lower": "yes"}, {"parameters.retry_lower"}),
    ],
)
def test_wrong_missing_and_unknown_parameters_are_named(parameters: dict[str, Any], named: set[str]) -> None:
    assert wrong("set_charging_profile", parameters) == named


@pytest.mark.parametrize("status", ["Accepted"])
def test_yes(status: str) -> None:
    assert outcome("set_charging_profile", status=status) == "accepted"


@pytest.mark.parametrize("status", ["Rejected", "NotSupported", "accepted", "", None, 7])
def test_every_other_word_is_a_no(status: Any) -> None:
    """C4: also words that OCPP does not know."""
    assert outcome("set_charging_profile", status=status) == "rejected"


def test_an_answer_without_status_is_a_no() -> None:
    assert outcome("set_charging_profile") == "rejected"


def test_it_may_be_sent_while_the_registration_is_pending() -> None:
    """A34."""
    assert allowed_while_pending("set_charging_profile")


# --- what is left out ----------------------------------------------------------------------------


def test_an_id_is_found_that_the_charge_point_has_not(station: Station) -> None:
    first = submit(station, "set_charging_profile", asked(number=1))
    end(station, first, "Accepted")
    second = submit(station, "set_charging_profile", asked(number=None, stack_level=1))
    assert second.payload["csChargingProfiles"]["chargingProfileId"] == 2


def test_the_same_request_again_is_the_same_command(station: Station) -> None:
    first = submit(station, "set_charging_profile", asked(number=None), command_id="mine-1")
    assert submit(station, "set_charging_profile", asked(number=None), command_id="mine-1") == first
    assert len(sent(station)) == 1


def test_a_tx_profile_is_for_the_transaction_that_runs(station: Station) -> None:
    """D4, TC_057."""
    charge(station)
    command = submit(station, "set_charging_profile", asked(**TX))
    assert command.payload["csChargingProfiles"]["transactionId"] == 9
    with pytest.raises(InvalidInput) as refused:
        submit(station, "set_charging_profile", asked(2, **TX))
    assert set(refused.value.problems) == {"parameters.cs_charging_profiles.transaction_id"}


def test_a_template_stands_in_for_the_profile(station: Station) -> None:
    template = a_profile(**RELATIVE)
    del template["charging_profile_id"]
    station.world.services.keepers.profile_templates.create("acme", "night", template)
    command = submit(station, "set_charging_profile", {"connector_id": 1, "template": "night"})
    assert command.payload == {"connectorId": 1, "csChargingProfiles": WIRE}
    end(station, command, "Accepted")
    assert [one.template for one in installed(station)] == ["night"]
    with pytest.raises(NotFound):
        submit(station, "set_charging_profile", {"connector_id": 1, "template": "day"})


# --- doubts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("session", "connector_id", "doubt"),
    [
        (None, 1, "No transaction 9"),
        ({"status": "completed"}, 1, "is over"),
        ({"connector_id": 2}, 1, "runs on connector 2"),
    ],
)
def test_a_transaction_that_does_not_run_there_takes_insisting(
    station: Station, session: dict[str, Any] | None, connector_id: int, doubt: str
) -> None:
    """D4: the charge point would discard it."""
    if session is not None:
        charge(station, **session)
    parameters = asked(connector_id, transaction_id=9, **TX)
    with pytest.raises(NeedsForce, match=doubt):
        submit(station, "set_charging_profile", parameters)
    submit(station, "set_charging_profile", parameters, force=True)
    assert len(sent(station)) == 1


def test_what_the_charge_point_says_of_itself_is_looked_at(station: Station) -> None:
    """D8, D9."""
    keys = [
        {"key": "ChargeProfileMaxStackLevel", "value": "3", "readonly": True},
        {"key": "ChargingScheduleAllowedChargingRateUnit", "value": "Power", "readonly": True},
    ]
    station.world.services.keepers.configuration.note_reported(station.ref, keys, [])
    with pytest.raises(NeedsForce) as refused:
        submit(station, "set_charging_profile", asked(stack_level=4))
    assert len(refused.value.problems["force"]) == 2


# --- what comes of it ----------------------------------------------------------------------------


def test_accepted_is_installed(station: Station) -> None:
    end(station, submit(station, "set_charging_profile", asked(2)), "Accepted")
    (one,) = installed(station)
    assert (one.connector_id, one.profile.charging_profile_id, one.template) == (2, 1, None)
    assert float(one.profile.schedule.periods[0].limit) == 16.1


@pytest.mark.parametrize("word", ["Rejected", "NotSupported", None])
def test_nothing_else_is(station: Station, word: str | None) -> None:
    end(station, submit(station, "set_charging_profile", asked()), word)
    refuse(station, submit(station, "set_charging_profile", asked()), "NotSupported")
    assert installed(station) == []
    assert len(sent(station)) == 2, "and nothing is tried again unasked"


def test_a_late_yes_is_installed_as_well(station: Station) -> None:
    """A25."""
    command = submit(station, "set_charging_profile", asked())
    end(station, command, None)
    end(station, command, "Accepted")
    assert len(installed(station)) == 1


def test_lower_levels_are_tried_where_that_is_wanted(station: Station) -> None:
    """G28: some refuse their own maximum, and some even 0."""
    command = submit(station, "set_charging_profile", asked(stack_level=2) | {"retry_lower": True})
    end(station, command, "Rejected")
    first = follow_up(station, command, "lower")
    end(station, first, "Rejected")
    second = follow_up(station, first, "lower")
    end(station, second, "Rejected")
    levels = [sent_payload["csChargingProfiles"]["stackLevel"] for _, sent_payload in sent(station)]
    assert levels == [2, 1, 0]


def test_a_lower_level_that_is_taken_is_installed(station: Station) -> None:
    parameters = asked(stack_level=99) | {"retry_lower": True}
    command = submit(station, "set_charging_profile", parameters)
    end(station, command, "Rejected")
    end(station, follow_up(station, command, "lower"), "Accepted")
    assert [one.profile.stack_level for one in installed(station)] == [9]
    assert len(sent(station)) == 2
