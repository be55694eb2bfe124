"""One process works, the others stand by."""

import pytest

from app.domain.errors import Retryable
from app.process import Process
from tests.fakes.leases import FakeLeases
from tests.fakes.world import World
from workers import standby
from workers.standby import Standby


class Watch:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setattr(standby, "time", watch)
    return watch


def test_of_two_one_is_active(process: Process, watch: Watch) -> None:
    first, second = Standby("work", process), Standby("work", process)
    assert first.holder != second.holder
    assert [first.is_active(), second.is_active(), first.is_active()] == [True, False, True]
    assert Standby("other work", process).is_active()


def test_who_releases_lets_the_next_one_in(process: Process, watch: Watch) -> None:
    first, second = Standby("work", process), Standby("work", process)
    first.is_active()
    second.release()
    assert not second.is_active()
    first.release()
    assert second.is_active()


def test_the_store_is_asked_now_and_then_not_every_time(
    process: Process, watch: Watch, leases: FakeLeases
) -> None:
    one = Standby("work", process)
    one.is_active()
    leases.reachable = False
    watch.now += 2.9
    assert one.is_active()
    watch.now += 0.2
    with pytest.raises(Retryable):
        one.is_active()


def test_after_a_failure_the_store_is_asked_before_the_next_piece_of_work(
    process: Process, watch: Watch, world: World
) -> None:
    first, second = Standby("work", process), Standby("work", process)
    first.is_active()
    world.clock.advance(16)
    assert second.is_active()
    assert first.is_active()  # it does not know yet
    first.doubt()
    assert not first.is_active()


def test_a_lease_is_renewed_long_before_it_ends(process: Process, watch: Watch, world: World) -> None:
    first, second = Standby("work", process), Standby("work", process)
    for _ in range(20):
        assert first.is_active()
        assert not second.is_active()
        watch.now += 3.1
        world.clock.advance(3.1)
