"""Templates of charging profiles."""

import pytest

from app.domain.errors import Conflict, InvalidInput, NotFound
from app.services.ports import PageRequest
from app.services.profile_templates import ProfileTemplateService
from tests.builders import a_profile, a_schedule, at
from tests.fakes.world import World

PROFILE = a_profile()
del PROFILE["charging_profile_id"]


@pytest.fixture
def service(world: World) -> ProfileTemplateService:
    return world.services.keepers.profile_templates


def test_it_is_kept_exact_and_in_utc(service: ProfileTemplateService) -> None:
    odd = {
        **PROFILE,
        "charging_schedule": a_schedule((0, 1.1 + 2.2), start_schedule="2026-03-01T14:00+02:00"),
    }
    made = service.create("acme", "night", odd, "Less at night")
    assert service.get("acme", "night") == made
    assert made.profile["charging_schedule"] == a_schedule((0, 3.3))
    assert (made.description, made.created_at, made.updated_at) == ("Less at night", at(0), at(0))


def test_a_name_is_taken_once_in_each_tenant(service: ProfileTemplateService) -> None:
    service.create("acme", "night", PROFILE)
    with pytest.raises(Conflict):
        service.create("acme", "night", PROFILE)
    service.create("beta", "night", PROFILE)


def test_problems_are_named_under_profile(service: ProfileTemplateService) -> None:
    with pytest.raises(InvalidInput) as refused:
        service.create("acme", "night", {**PROFILE, "charging_profile_id": 7, "stack_level": -1})
    assert set(refused.value.problems) == {"profile.charging_profile_id", "profile.stack_level"}


def test_it_is_changed_and_removed(world: World, service: ProfileTemplateService) -> None:
    service.create("acme", "night", PROFILE, "Old")
    world.clock.advance(60)
    changed = service.change("acme", "night", {**PROFILE, "stack_level": 3})
    assert (changed.profile["stack_level"], changed.description) == (3, None)
    assert (changed.created_at, changed.updated_at) == (at(0), at(60))
    assert service.list_page("acme", PageRequest()).items == (changed,)
    service.remove("acme", "night")
    for missing in (service.get, service.remove):
        with pytest.raises(NotFound):
            missing("acme", "night")
    with pytest.raises(NotFound):
        service.change("acme", "night", PROFILE)
