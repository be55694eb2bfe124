"""What operators decide: admission, settings, removal."""

from typing import Any

import pytest

from app.domain.charge_point import ConnectorRating, Registration
from app.domain.context import ChargePointRef
from app.domain.errors import InvalidInput, NeedsForce, NotFound
from app.domain.local_list import ListState
from app.domain.session import SessionStatus
from tests.builders import REF, a_session, an_installed_profile
from tests.fakes.world import World

NOBODY = ChargePointRef("acme", "nobody")


def test_a_decision_counts_from_the_next_boot_on(world: World) -> None:
    decided = world.services.administration.decide(REF, Registration.REJECTED)
    assert (decided.admission, decided.registration) == (Registration.REJECTED, Registration.ACCEPTED)


def test_settings_and_ratings_are_set_field_by_field(world: World) -> None:
    service = world.services.administration
    service.configure(REF, {"strict": True}, {1: {"type": "Type2"}})
    service.configure(REF, {"time_zone": "Asia/Tokyo", "command_timeout_s": 90}, {1: {"max_power": 11_000}})
    found = service.configure(REF, {}, {})
    assert (found.settings.strict, found.settings.time_zone) == (True, "Asia/Tokyo")
    assert found.settings.command_timeout_s == 90
    assert found.ratings == {1: ConnectorRating("Type2", 11_000)}
    cleared = service.configure(REF, {"time_zone": None, "command_timeout_s": None}, {1: {"type": None}})
    assert (cleared.settings.time_zone, cleared.settings.command_timeout_s) == (None, None)
    assert cleared.ratings == {1: ConnectorRating(None, 11_000)}


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        ({"strict": "yes"}, {"settings.strict"}),
        ({"ping_interval_s": 3601, "compression": 1}, {"settings.ping_interval_s", "settings.compression"}),
        ({"time_zone": "Mars/Olympus"}, {"settings.time_zone"}),
        ({"time_zone": 7}, {"settings.time_zone"}),
        ({"command_timeout_s": 0}, {"settings.command_timeout_s"}),
        ({"command_timeout_s": 601}, {"settings.command_timeout_s"}),
        ({"command_timeout_s": True}, {"settings.command_timeout_s"}),
        ({"colour": "red", "strict": True}, {"settings.colour"}),
    ],
)
def test_wrong_settings_are_named_and_none_is_set(
    world: World, settings: dict[str, Any], wrong: set[str]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        world.services.administration.configure(REF, settings, {})
    assert set(refused.value.problems) == wrong
    assert world.services.charge_points.get(REF).settings.strict is False


def test_an_idle_charge_point_is_forgotten_with_its_configuration(world: World) -> None:
    keepers = world.services.keepers
    keepers.configuration.note_unknown(REF, "A")
    keepers.local_lists.note_conflict(REF)
    keepers.charging_profiles.note_installed(an_installed_profile())
    world.sessions.insert(a_session(1, status=SessionStatus.COMPLETED), [], 1)
    world.services.administration.remove(REF)
    assert world.charge_points.find(REF) is None
    assert world.configurations.find(REF).unknown == frozenset()
    assert keepers.local_lists.get(REF).state is ListState.UNKNOWN
    assert keepers.charging_profiles.installed(REF) == []
    assert world.sessions.find("acme", "session-1") is not None


def test_one_that_is_connected_takes_force_and_loses_its_connection(world: World) -> None:
    world.services.charge_points.open_connection(REF, "gw-1", "c-1")
    with pytest.raises(NeedsForce):
        world.services.administration.remove(REF)
    world.services.administration.remove(REF, force=True)
    assert world.charge_points.find(REF) is None
    assert world.link.closed == [("gw-1", REF, 2)]


def test_one_that_charges_takes_force(world: World) -> None:
    world.sessions.insert(a_session(1), [], 1)
    with pytest.raises(NeedsForce):
        world.services.administration.remove(REF)
    world.services.administration.remove(REF, force=True)
    assert world.charge_points.find(REF) is None


def test_nobody_cannot_be_looked_after(world: World) -> None:
    service = world.services.administration
    for attempt in (
        lambda: service.decide(NOBODY, Registration.ACCEPTED),
        lambda: service.configure(NOBODY, {"strict": True}, {}),
        lambda: service.configure(NOBODY, {}, {}),
        lambda: service.remove(NOBODY, force=True),
    ):
        with pytest.raises(NotFound):
            attempt()
