"""Services over fakes, with one tenant and one charge point that is known and accepted."""

import pytest

from app.domain.tenant import Tenant
from tests.fakes.world import World, fake_world


@pytest.fixture
def world() -> World:
    world = fake_world()
    world.services.tenants.create("acme", "Acme", ["ACME-"])
    world.services.tenants.directory.refresh()
    world.add_charge_point("acme", "CP-1")
    world.link.gateways.add("gw-1")
    return world


@pytest.fixture
def tenant(world: World) -> Tenant:
    return world.services.tenants.get("acme")
