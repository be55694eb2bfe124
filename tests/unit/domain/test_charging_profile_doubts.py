"""Why a good charging profile may be a mistake for one charge point (D7-D9, D18, G28)."""

from typing import Any

import pytest

from app.domain.charging_profile import profile_of
from app.domain.charging_profile_doubts import Abilities, abilities_of, doubts_about
from app.domain.configuration import ConfigurationKey, ConfigurationMirror
from tests.builders import NOON, REF, a_profile, a_schedule, an_installed_profile

PHASES = "ConnectorSwitch3to1PhaseSupported"


def mirror(**values: str) -> ConfigurationMirror:
    keys = {name.casefold(): ConfigurationKey(name, value, True, NOON) for name, value in values.items()}
    return ConfigurationMirror(REF, keys)


def doubts(abilities: Abilities, others: int = 0, replaced: int = 0, **fields: Any) -> list[str]:
    profile = profile_of(a_profile(**fields))
    known = [an_installed_profile(number) for number in range(others + replaced)]
    return list(doubts_about(profile, abilities, known[:others], known[others:], NOON))


def test_of_a_charge_point_that_says_nothing_nothing_is_doubted() -> None:
    abilities = abilities_of(ConfigurationMirror(REF))
    assert abilities == Abilities()
    assert doubts(abilities, others=50, stack_level=50) == []


@pytest.mark.parametrize(
    ("listed", "taken"),
    [
        ("Current", {"A"}),
        ("Power", {"W"}),
        ("Current,Power", {"A", "W"}),
        ("A", {"A"}),
        ("W", {"W"}),
        ("w, current", {"A", "W"}),
        ("Voltage", set()),
        ("", set()),
    ],
)
def test_units_go_by_both_of_their_names(listed: str, taken: set[str]) -> None:
    """E 3.86, G28; a list without any known word says nothing."""
    abilities = abilities_of(mirror(ChargingScheduleAllowedChargingRateUnit=listed))
    assert abilities.units == taken
    for unit in ("A", "W"):
        found = doubts(abilities, charging_schedule=a_schedule(charging_rate_unit=unit))
        assert bool(found) == (bool(taken) and unit not in taken)


@pytest.mark.parametrize(
    ("keys", "fields", "others", "key"),
    [
        ({"ChargeProfileMaxStackLevel": "3"}, {"stack_level": 4}, 0, "ChargeProfileMaxStackLevel"),
        ({"ChargeProfileMaxStackLevel": "3"}, {"stack_level": 3}, 0, None),
        (
            {"ChargingScheduleMaxPeriods": "1"},
            {"charging_schedule": a_schedule((0, 6), (60, 7))},
            0,
            "ChargingScheduleMaxPeriods",
        ),
        ({"ChargingScheduleMaxPeriods": "1"}, {}, 0, None),
        ({"MaxChargingProfilesInstalled": "2"}, {}, 2, "MaxChargingProfilesInstalled"),
        ({"MaxChargingProfilesInstalled": "2"}, {}, 1, None),
    ],
)
def test_more_than_it_takes(
    keys: dict[str, str], fields: dict[str, Any], others: int, key: str | None
) -> None:
    """D8."""
    found = doubts(abilities_of(mirror(**keys)), others, **fields)
    assert [str(key) in one for one in found] == ([True] if key else [])


@pytest.mark.parametrize(("says", "doubted"), [("false", True), ("true", False), (None, False)])
def test_changing_phases_while_charging(says: str | None, doubted: bool) -> None:
    """D18."""
    known = mirror(**{PHASES: says}) if says else ConfigurationMirror(REF)
    periods = [
        {"start_period": 0, "limit": 16},
        {"start_period": 60, "limit": 16, "number_phases": 1},
    ]
    found = doubts(abilities_of(known), charging_schedule=a_schedule(charging_schedule_period=periods))
    assert [PHASES in one for one in found] == ([True] if doubted else [])
    assert doubts(abilities_of(known)) == []


def test_what_is_over_already() -> None:
    assert doubts(Abilities(), valid_to="2026-03-01T12:00:00Z") == ["The profile's validity is over."]


def test_a_gap_between_the_old_profile_and_the_new() -> None:
    """D7: the old one goes at once, the new one is valid later."""
    later: dict[str, Any] = {"valid_from": "2026-03-01T12:00:01Z"}
    assert len(doubts(Abilities(), replaced=1, **later)) == 1
    assert doubts(Abilities(), others=1, **later) == []
    assert doubts(Abilities(), replaced=1, valid_from="2026-03-01T12:00:00Z") == []
