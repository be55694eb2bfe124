"""Boots: the verdict, and what the tenant wants sent then, which by default is nothing (B9-B13, item 7)."""

from typing import Any

import pytest

from app.domain.charge_point import Registration
from app.domain.command import NO_ANSWER, Command
from app.domain.tenant import Tenant
from app.ocpp.catalog import load_catalog
from app.services.batch import BatchNeeds
from tests.builders import NOON, REF, a_call, a_tenant
from tests.fakes.world import World, fake_world

BASELINE = {"MeterValueSampleInterval": "60", "LocalPreAuthorize": "true"}


@pytest.fixture
def world() -> World:
    """With the real catalog, and a charge point that is connected."""
    world = fake_world(load_catalog())
    world.services.tenants.create("acme", "Acme")
    world.add_charge_point("acme", "CP-1")
    world.link.gateways.add("gw-1")
    world.services.charge_points.open_connection(REF, "gw-1", "c-1")
    return world


def boot(world: World, tenant: Tenant, sequence: int = 1, **inventory: Any) -> Registration:
    call = a_call(sequence=sequence, received_at=world.clock.now())
    batch = world.services.batches.load(tenant, BatchNeeds(charge_points={"CP-1"}))
    verdict = world.services.boots.boot(batch, 0, call, inventory)
    assert world.services.batches.flush(batch) == {}
    return verdict


def commands(world: World) -> list[Command]:
    """In the order in which they went out."""
    return [world.services.commands.get("acme", sent.command_id) for _, sent in world.link.delivered]


def pushed(world: World) -> list[tuple[str, Any]]:
    return [(command.action, command.parameters.get("key")) for command in commands(world)]


def answer(world: World, status: str) -> None:
    """To all that is open."""
    for command in commands(world):
        if not command.status.is_final:
            world.services.commands.complete(REF, command.id, {"status": status})


def test_a_boot_keeps_inventory_and_the_intervals_it_told(world: World) -> None:
    tenant = a_tenant(heartbeat_interval=10, meter_values_interval=20)
    assert boot(world, tenant, charge_point_vendor="V") is Registration.ACCEPTED
    stored = world.services.charge_points.get(REF)
    assert stored.inventory == {"charge_point_vendor": "V"}
    assert stored.configuration == {"heartbeat_interval": 10, "meter_values_interval": 20}
    assert stored.last_boot == NOON


def test_a_charge_point_that_was_removed_meanwhile_is_rejected(world: World) -> None:
    world.charge_points.delete(REF)
    assert boot(world, a_tenant()) is Registration.REJECTED
    assert world.charge_points.find(REF) is None


# --- quiet mode --------------------------------------------------------------------------------------


def test_by_default_nothing_is_sent(world: World) -> None:
    """Item 7: also `meter_values_interval` is only kept."""
    boot(world, a_tenant(meter_values_interval=5), firmware_version="2")
    assert commands(world) == []


def test_the_tenants_keys_are_sent_after_a_boot(world: World) -> None:
    boot(world, a_tenant(boot_configuration=BASELINE))
    assert [command.payload for command in commands(world)] == [
        {"key": key, "value": value} for key, value in BASELINE.items()
    ]
    assert {command.requested_by for command in commands(world)} == {"system"}


def test_what_it_has_already_is_not_sent(world: World) -> None:
    reported = [
        {"key": "metervaluesampleinterval", "value": 60},
        {"key": "LocalPreAuthorize", "value": False},
    ]
    world.services.keepers.configuration.note_reported(REF, reported, [])
    boot(world, a_tenant(boot_configuration=BASELINE))
    assert pushed(world) == [("ChangeConfiguration", "LocalPreAuthorize")]


def test_once_taken_they_are_not_sent_again(world: World) -> None:
    tenant = a_tenant(boot_configuration=BASELINE)
    boot(world, tenant)
    answer(world, "Accepted")
    boot(world, tenant, sequence=2)
    assert len(commands(world)) == 2


@pytest.mark.parametrize("status", ["Rejected", "NotSupported"])
def test_what_it_does_not_take_is_not_tried_at_every_boot(world: World, status: str) -> None:
    """G27."""
    tenant = a_tenant(boot_configuration=BASELINE)
    boot(world, tenant, firmware_version="1")
    answer(world, status)
    boot(world, tenant, sequence=2, firmware_version="1")
    assert len(commands(world)) == 2
    boot(world, tenant, sequence=3, firmware_version="2")
    assert len(commands(world)) == 4


def test_another_value_is_tried(world: World) -> None:
    boot(world, a_tenant(boot_configuration={"BlinkRepeat": "1"}))
    answer(world, "Rejected")
    boot(world, a_tenant(boot_configuration={"BlinkRepeat": "2"}), sequence=2)
    assert len(commands(world)) == 2


def test_one_that_boots_instead_of_answering_is_left_alone_for_an_hour(world: World) -> None:
    """G27: some restart over a key; asked again at each boot they would never stop."""
    tenant = a_tenant(boot_configuration={"BlinkRepeat": "1"})
    boot(world, tenant)
    world.services.commands.fail(REF, commands(world)[0].id, NO_ANSWER)
    boot(world, tenant, sequence=2)
    assert len(commands(world)) == 1
    world.clock.advance(3601)
    boot(world, tenant, sequence=3)
    assert len(commands(world)) == 2


def test_one_that_says_yes_and_keeps_its_own_value_is_left_alone_for_an_hour(world: World) -> None:
    """G27: it may restart over each change, and tells the old value again after each start."""
    tenant = a_tenant(boot_configuration={"BlinkRepeat": "1"})
    keeps = [{"key": "BlinkRepeat", "value": "0", "readonly": False}]
    for sequence in (1, 2, 3):
        boot(world, tenant, sequence=sequence)
        answer(world, "Accepted")
        world.services.keepers.configuration.note_reported(REF, keeps, [], everything=True)
        assert len(commands(world)) == 1
    world.clock.advance(3601)
    boot(world, tenant, sequence=4)
    assert len(commands(world)) == 2


def test_keys_that_can_only_be_read_are_left_alone(world: World) -> None:
    reported = [{"key": "BlinkRepeat", "value": "0", "readonly": True}]
    world.services.keepers.configuration.note_reported(REF, reported, [])
    boot(world, a_tenant(boot_configuration={"BlinkRepeat": "1"}))
    assert commands(world) == []


def test_all_keys_are_asked_for_after_the_changes_where_the_tenant_wants_that(world: World) -> None:
    boot(world, a_tenant(boot_configuration={"BlinkRepeat": "1"}, read_configuration_at_boot=True))
    assert pushed(world) == [("ChangeConfiguration", "BlinkRepeat"), ("GetConfiguration", None)]


@pytest.mark.parametrize("admission", [Registration.PENDING, Registration.REJECTED])
def test_who_is_not_accepted_gets_nothing(world: World, admission: Registration) -> None:
    """A35."""
    world.charge_points.change(REF, {"admission": admission})
    tenant = a_tenant(boot_configuration=BASELINE, read_configuration_at_boot=True)
    assert boot(world, tenant) is admission
    assert commands(world) == []


def test_the_same_boot_twice_sends_once(world: World) -> None:
    """The broker may deliver it again."""
    tenant = a_tenant(boot_configuration=BASELINE, read_configuration_at_boot=True)
    boot(world, tenant)
    boot(world, tenant)
    assert len(commands(world)) == 3


def test_a_late_copy_of_an_older_boot_sends_and_changes_nothing(world: World) -> None:
    """G9."""
    boot(world, a_tenant(), sequence=2, charge_point_model="new")
    boot(world, a_tenant(boot_configuration=BASELINE), sequence=1, charge_point_model="old")
    assert commands(world) == []
    assert world.services.charge_points.get(REF).inventory == {"charge_point_model": "new"}


def test_a_key_that_cannot_be_sent_costs_the_boot_nothing(world: World) -> None:
    """A profile is never lowered, whatever the baseline says (E2)."""
    world.charge_points.change(REF, {"security": {"profile": 2}})
    tenant = a_tenant(boot_configuration={"SecurityProfile": "1", "BlinkRepeat": "1"})
    assert boot(world, tenant) is Registration.ACCEPTED
    assert pushed(world) == [("ChangeConfiguration", "BlinkRepeat")]


# --- charging defaults -------------------------------------------------------------------------------

NIGHT = {
    "stack_level": 1,
    "charging_profile_purpose": "ChargePointMaxProfile",
    "charging_profile_kind": "Absolute",
    "charging_schedule": {
        "charging_rate_unit": "W",
        "start_schedule": "2026-03-01T00:00:00.000Z",
        "charging_schedule_period": [{"start_period": 0, "limit": 5000}],
    },
}


def test_a_default_limit_is_sent_once(world: World) -> None:
    limited = a_tenant(charging_defaults={"limit": 16})
    boot(world, limited)
    (command,) = commands(world)
    profile = command.payload["csChargingProfiles"]
    assert command.payload["connectorId"] == 0
    assert (profile["chargingProfilePurpose"], profile["stackLevel"]) == ("TxDefaultProfile", 0)
    assert profile["chargingSchedule"] == {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.0}],
    }
    answer(world, "Accepted")
    boot(world, limited, 2)
    assert len(commands(world)) == 1


def test_another_limit_is_sent_after_the_next_boot(world: World) -> None:
    boot(world, a_tenant(charging_defaults={"limit": 16}))
    answer(world, "Accepted")
    boot(world, a_tenant(charging_defaults={"limit": 10, "unit": "W"}), 2)
    assert [
        c.payload["csChargingProfiles"]["chargingSchedule"]["chargingRateUnit"] for c in commands(world)
    ] == [
        "A",
        "W",
    ]


def test_a_default_may_be_a_template(world: World) -> None:
    world.services.keepers.profile_templates.create("acme", "night", NIGHT)
    tenant = a_tenant(charging_defaults={"profile_template": "night"})
    boot(world, tenant)
    answer(world, "Accepted")
    boot(world, tenant, 2)
    (command,) = commands(world)
    assert command.parameters["template"] == "night"
    assert command.payload["csChargingProfiles"]["chargingProfilePurpose"] == "ChargePointMaxProfile"


def test_a_template_that_is_gone_costs_no_boot_its_answer(world: World) -> None:
    assert boot(world, a_tenant(charging_defaults={"profile_template": "gone"})) is Registration.ACCEPTED
    assert commands(world) == []


def test_without_a_default_nothing_is_sent(world: World) -> None:
    boot(world, a_tenant(charging_defaults={"unit": "W"}))
    assert commands(world) == []
