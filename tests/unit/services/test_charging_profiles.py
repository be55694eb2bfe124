"""Installed profiles: what is taken, replaced, cleared and dropped with its transaction."""

from typing import Any

import pytest

from app.domain.charging_profile import Criteria, InstalledProfile, Purpose, RateUnit
from app.services.charging_profiles import ChargingProfileService
from tests.builders import REF, a_schedule, a_session, an_installed_profile, at
from tests.fakes.world import World

TX = {"charging_profile_purpose": "TxProfile", "transaction_id": 9}


@pytest.fixture
def service(world: World) -> ChargingProfileService:
    return world.services.keepers.charging_profiles


def install(service: ChargingProfileService, number: int = 1, **fields: Any) -> InstalledProfile:
    installed = an_installed_profile(number, **fields)
    service.note_installed(installed)
    return installed


def ids(service: ChargingProfileService) -> list[int]:
    return [one.profile.charging_profile_id for one in service.installed(REF)]


def has_profiles(world: World) -> bool:
    return world.services.charge_points.get(REF).has_profiles


def test_a_new_one_takes_the_place_of_the_old(service: ChargingProfileService) -> None:
    """D7: the same connector, purpose and level; or the same id."""
    install(service, 1)
    install(service, 2, stack_level=1)
    install(service, 3)
    assert ids(service) == [3, 2]
    install(service, 3, connector_id=2)
    assert [(one.connector_id, one.profile.charging_profile_id) for one in service.installed(REF)] == [
        (1, 2),
        (2, 3),
    ]


def test_telling_it_twice_changes_nothing(service: ChargingProfileService) -> None:
    installed = install(service)
    service.note_installed(installed)
    assert service.installed(REF) == [installed]


def test_what_was_cleared_is_gone(service: ChargingProfileService) -> None:
    for number in (1, 2, 3):
        install(service, number, stack_level=number)
    service.note_cleared(REF, Criteria(charging_profile_id=2))
    assert ids(service) == [1, 3]
    service.note_cleared(REF, Criteria(purpose=Purpose.TX_DEFAULT, stack_level=3))
    service.note_cleared(REF, Criteria(connector_id=7))
    assert ids(service) == [1]
    service.note_cleared(REF, Criteria())
    assert ids(service) == []


def test_profiles_of_a_transaction_end_with_it(world: World, service: ChargingProfileService) -> None:
    """B51, D17."""
    install(service, 1)
    assert not has_profiles(world), "stops need not look for it"
    install(service, 2, **TX)
    install(service, 3, connector_id=2, **(TX | {"transaction_id": 10}))
    assert has_profiles(world)
    service.note_stop(REF, {9})
    assert (ids(service), has_profiles(world)) == ([1, 3], True)
    service.note_stop(REF, {10})
    assert (ids(service), has_profiles(world)) == ([1], False)


def test_numbers_skip_those_that_are_taken(service: ChargingProfileService) -> None:
    install(service, 1)
    assert service.new_charging_profile_id(REF) == 2


def test_the_estimate_knows_the_running_transaction(world: World, service: ChargingProfileService) -> None:
    world.sessions.insert(a_session(9), [], 1)
    install(service, 1)
    install(service, 2, charging_schedule=a_schedule((0, 8)), **TX)
    install(service, 3, stack_level=1, charging_schedule=a_schedule((0, 9)), **(TX | {"transaction_id": 8}))
    found = service.estimate(REF, 1, 60)
    assert (found.start, found.charging_rate_unit) == (at(0), RateUnit.AMPERE)
    assert [float(one.limit or -1) for one in found.periods] == [8]
    assert [float(one.limit or -1) for one in service.estimate(REF, 2, 60).periods] == [-1]


def test_a_transaction_that_runs_has_begun_whatever_its_charge_points_clock_says(
    world: World, service: ChargingProfileService
) -> None:
    """Also one that began within this second: it must not look as if nothing limited it yet."""
    world.sessions.insert(a_session(9, start_time=at(45.6)), [], 1)
    schedule = a_schedule((0, 8), start_schedule=None)
    relative = {"charging_profile_kind": "Relative", "charging_schedule": schedule}
    install(service, 1, **(TX | relative))
    whole = {"charging_profile_purpose": "ChargePointMaxProfile", "connector_id": 0}
    install(service, 2, installed_at=at(0.6), **(whole | relative))
    for connector_id in (0, 1):
        found = service.estimate(REF, connector_id, 60)
        assert [float(one.limit or -1) for one in found.periods] == [8]


def test_an_estimate_for_another_time_and_unit(service: ChargingProfileService) -> None:
    install(service, 1, charging_schedule=a_schedule((0, 10), duration=60))
    found = service.estimate(REF, 1, 60, RateUnit.WATT, at(30))
    assert [(one.start_period, one.limit) for one in found.periods] == [(0, 6900), (30, None)]
