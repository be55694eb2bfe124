"""A pong proves life like a Heartbeat (A40)."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.domain.errors import Retryable
from gateway.pongs import Pongs
from tests.builders import REF
from tests.fakes.world import World, fake_world

pytestmark = pytest.mark.asyncio


@pytest.fixture
def world() -> World:
    made = fake_world()
    made.services.tenants.create("acme", "Acme", ["CP-"])
    made.services.tenants.directory.refresh()
    made.add_charge_point("acme", "CP-1")
    return made


async def test_pongs_make_who_was_silent_be_online(world: World) -> None:
    """All of some seconds with one look at the store of times, and no write where nothing changes."""
    world.services.charge_points.open_connection(REF, "gw-1", "c-1")
    world.services.charge_points.mark_silent(REF, 1)
    with ThreadPoolExecutor(1) as threads:
        pongs = Pongs(world.services, threads)
        pongs.note(REF)
        pongs.note(REF)
        await pongs.flush()
    assert world.services.charge_points.get(REF).is_live


@pytest.mark.parametrize("failure", [Retryable("away"), ZeroDivisionError()])
async def test_pongs_that_cannot_be_noted_end_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def fail(*_: object) -> None:
        raise failure

    monkeypatch.setattr(world.services.charge_points, "hear", fail)
    with ThreadPoolExecutor(1) as threads:
        pongs = Pongs(world.services, threads)
        pongs.note(REF)
        await pongs.flush()
        pongs.note(REF)
        await pongs.flush()
