"""Worker pools: as many workers as each tenant's configuration says, live."""

import signal
import subprocess
from typing import Any

import pytest

from app.health import Pulse, Role
from tests.builders import a_tenant
from tests.fakes.world import World
from workers import pools
from workers.pool_metrics import PoolMetrics
from workers.pools import Place, Pools, wanted_places


class FakeWorker:
    """A process that runs until somebody ends it."""

    def __init__(self) -> None:
        self.returncode: int | None = None
        self.signals: list[int] = []

    def poll(self) -> int | None:
        return self.returncode

    def send_signal(self, number: int) -> None:
        self.signals.append(number)
        self.returncode = 0

    def wait(self, _: float) -> int:
        return 0


class House:
    """Pools over fakes."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.started: dict[Place, FakeWorker] = {}
        self.pulse = Pulse()
        start: Any = self._start
        self.metrics = PoolMetrics(is_asked=True)
        directory = world.services.tenants.directory
        self.pools = Pools(directory, self.pulse, self.metrics, start, again_after_s=5)
        self.ports: dict[Place, int] = {}

    def _start(self, place: Place, port: int) -> FakeWorker:
        self.started[place], self.ports[place] = FakeWorker(), port
        return self.started[place]

    def wants(self, tenant_id: str, size: int, now: float = 0) -> set[Place]:
        self.world.services.tenants.configure(tenant_id, {"worker_pool_size": size})
        return self.look(now)

    def look(self, now: float = 0) -> set[Place]:
        self.world.services.tenants.directory.refresh()
        self.pools.adjust(now)
        return set(self.pools.running)


@pytest.fixture
def house(world: World) -> House:
    return House(world)


def test_without_a_pool_a_tenant_is_served_by_the_shared_workers() -> None:
    assert wanted_places([a_tenant(), a_tenant("beta", worker_pool_size=2)]) == {("beta", 1), ("beta", 2)}


def test_a_pool_grows_and_shrinks_with_the_configuration(house: House) -> None:
    assert house.look() == set()
    assert house.wants("acme", 2) == {("acme", 1), ("acme", 2)}
    first = house.started["acme", 1]
    assert house.wants("acme", 3) == {("acme", 1), ("acme", 2), ("acme", 3)}
    assert house.started["acme", 1] is first
    assert house.wants("acme", 1) == {("acme", 1)}
    assert (first.signals, house.started["acme", 2].signals) == ([], [signal.SIGTERM])
    assert house.wants("acme", 0) == set()


def test_a_tenant_that_is_not_served_needs_no_workers(house: House) -> None:
    house.wants("acme", 1)
    house.world.services.tenant_lifecycle.suspend("acme")
    assert house.look() == set()
    house.world.services.tenant_lifecycle.resume("acme")
    assert house.look() == {("acme", 1)}


def test_a_worker_that_ended_by_itself_comes_back_soon_and_not_at_once(house: House) -> None:
    house.wants("acme", 1)
    dead = house.started["acme", 1]
    dead.returncode = 1
    assert house.look(now=1) == set()
    assert house.look(now=5) == set()
    assert house.look(now=6) == {("acme", 1)}
    assert house.started["acme", 1] is not dead


def test_a_keeper_is_well_while_all_its_workers_run(house: House) -> None:
    house.wants("acme", 1)
    assert house.pulse.role is Role.ACTIVE
    house.started["acme", 1].returncode = 1
    house.look(now=1)
    waits = house.pulse.role
    house.look(now=6)
    assert (waits, house.pulse.role) == (Role.WAITING, Role.ACTIVE)


def test_each_worker_has_a_port_of_its_own(house: House) -> None:
    house.wants("acme", 2)
    assert 0 < house.ports["acme", 1] != house.ports["acme", 2] > 0


def test_the_workers_end_with_their_keeper(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "_LOOK_EVERY_S", 0)
    house.wants("acme", 2)
    house.pools.stop()
    house.pools.run()
    assert all(worker.signals == [signal.SIGTERM] for worker in house.started.values())


def test_a_worker_takes_its_tenants_queue_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(subprocess, "Popen", commands.append)
    pools.start_worker(("acme", 2), 40_123)
    (command,) = commands
    assert command[:3] == ["env", "HEALTH_HOST=127.0.0.1", "HEALTH_PORT=40123"]  # not its keeper's
    assert command[command.index("-Q") + 1] == "ocpp.acme"
    assert command[command.index("-n") + 1] == "acme-2@%h"
