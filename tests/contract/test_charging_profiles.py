"""Contracts of `ChargingProfileRepository` and `ProfileTemplateRepository`."""

from dataclasses import replace
from typing import Any

import pytest

from app.domain.charging_profile import ProfileTemplate
from app.domain.context import ChargePointRef
from app.services.ports import PageRequest
from tests.builders import NOON, a_profile, a_schedule, an_installed_profile, at
from tests.contract.stores import Stores


@pytest.fixture
def ref(stores: Stores) -> ChargePointRef:
    return ChargePointRef(stores.id, "CP-1")


def test_a_profile_comes_back_as_it_was_kept(stores: Stores, ref: ChargePointRef) -> None:
    installed = an_installed_profile(
        7,
        ref,
        2,
        charging_profile_purpose="TxProfile",
        transaction_id=99,
        charging_profile_kind="Recurring",
        recurrency_kind="Weekly",
        valid_from="2026-03-01T00:00:00.000Z",
        valid_to="2026-04-01T00:00:00.000Z",
        charging_schedule=a_schedule(
            (0, 48.3), (3600, 0), duration=7200, min_charging_rate=6.1, charging_rate_unit="W"
        ),
        installed_at=at(5),
        template="night",
    )
    stores.charging_profiles.put(installed)
    assert stores.charging_profiles.installed(ref) == [installed]


def test_each_id_is_there_once(stores: Stores, ref: ChargePointRef) -> None:
    stores.charging_profiles.put(an_installed_profile(7, ref))
    changed = an_installed_profile(7, ref, 2, stack_level=3)
    stores.charging_profiles.put(changed)
    assert stores.charging_profiles.installed(ref) == [changed]


def test_each_charge_point_and_tenant_has_its_own(stores: Stores, ref: ChargePointRef) -> None:
    elsewhere = ChargePointRef(stores.id, "CP-2")
    stores.charging_profiles.put(an_installed_profile(7, ref))
    stores.charging_profiles.put(an_installed_profile(7, elsewhere))
    stores.charging_profiles.remove(ref, [7])
    assert stores.charging_profiles.installed(ref) == []
    assert len(stores.charging_profiles.installed(elsewhere)) == 1
    assert stores.charging_profiles.installed(ChargePointRef("t-without-any", "CP-2")) == []


def test_they_are_in_order(stores: Stores, ref: ChargePointRef) -> None:
    for identity, connector, level in ((1, 2, 0), (2, 0, 5), (3, 0, 1)):
        stores.charging_profiles.put(an_installed_profile(identity, ref, connector, stack_level=level))
    ids = [one.profile.charging_profile_id for one in stores.charging_profiles.installed(ref)]
    assert ids == [3, 2, 1]


def test_removing_takes_all_of_these_and_nothing_else(stores: Stores, ref: ChargePointRef) -> None:
    for identity in (1, 2, 3):
        stores.charging_profiles.put(an_installed_profile(identity, ref))
    stores.charging_profiles.remove(ref, [1, 3, 4])
    assert [one.profile.charging_profile_id for one in stores.charging_profiles.installed(ref)] == [2]


def test_ids_are_never_given_twice(stores: Stores) -> None:
    ids = [stores.charging_profiles.next_charging_profile_id(stores.id) for _ in range(25)]
    assert len(set(ids)) == 25
    assert min(ids) >= 1


# --- templates -----------------------------------------------------------------------------------


def a_template(stores: Stores, name: str = "night", **fields: Any) -> ProfileTemplate:
    profile = a_profile()
    del profile["charging_profile_id"]
    return ProfileTemplate(stores.id, name, profile, NOON, at(1), **fields)


def test_a_template_comes_back_as_it_was_kept(stores: Stores) -> None:
    template = a_template(stores, description="Less at night")
    assert stores.profile_templates.insert(template) is True
    assert stores.profile_templates.find(stores.id, "night") == template
    assert stores.profile_templates.find(stores.id, "day") is None
    assert stores.profile_templates.find("t-without-any", "night") is None


def test_a_name_is_taken_once(stores: Stores) -> None:
    template = a_template(stores)
    stores.profile_templates.insert(template)
    assert stores.profile_templates.insert(replace(template, description="other")) is False
    assert stores.profile_templates.find(stores.id, "night") == template


def test_a_template_is_replaced_and_removed(stores: Stores) -> None:
    template = a_template(stores)
    stores.profile_templates.insert(template)
    changed = replace(template, description="other", updated_at=at(9))
    stores.profile_templates.replace(changed)
    assert stores.profile_templates.find(stores.id, "night") == changed
    stores.profile_templates.remove(stores.id, "night")
    stores.profile_templates.remove(stores.id, "night")
    assert stores.profile_templates.find(stores.id, "night") is None


def test_templates_come_by_name(stores: Stores) -> None:
    for name in ("c", "a", "b"):
        stores.profile_templates.insert(a_template(stores, name))
    first = stores.profile_templates.list_page(stores.id, PageRequest(limit=2))
    rest = stores.profile_templates.list_page(stores.id, PageRequest(limit=2, cursor=first.next_cursor))
    assert [one.name for one in (*first.items, *rest.items)] == ["a", "b", "c"]
