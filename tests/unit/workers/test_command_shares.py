"""Several processes share the commands: each has its own, and a dead one's go to another."""

from dataclasses import replace

import pytest

from app.process import Process
from app.settings import Settings
from tests.fakes.world import World
from workers import standby as standby_module
from workers.command_shares import Claims, Share, shares_of
from workers.standby import Standby


class Watch:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


class Listeners:
    """A process with its listeners, one for each share."""

    def __init__(self, process: Process, watch: Watch, of: int) -> None:
        claims = Claims(watch.monotonic)
        self.shares = [Share(number, of, claims) for number in range(1, of + 1)]
        self._standbys = {share.number: Standby(share.name("commands"), process) for share in self.shares}

    def turn(self) -> list[int]:
        """The shares that it holds after asking for each."""
        return [share.number for share in self.shares if share.hold(self._standbys[share.number])]


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setattr(standby_module, "time", watch)
    return watch


def test_of_two_processes_each_has_its_share(process: Process, watch: Watch) -> None:
    first, second = Listeners(process, watch, 2), Listeners(process, watch, 2)
    for _ in range(3):
        assert (first.turn(), second.turn()) == ([1], [2])
        watch.now += 10


def test_one_that_is_alone_takes_all_after_a_moment(process: Process, watch: Watch) -> None:
    alone = Listeners(process, watch, 3)
    assert alone.turn() == [1]
    watch.now += 2.9
    assert alone.turn() == [1]
    watch.now += 0.2
    assert alone.turn() == [1, 2, 3]


def test_a_dead_ones_share_goes_to_who_lives(process: Process, watch: Watch, world: World) -> None:
    lives, dies = Listeners(process, watch, 2), Listeners(process, watch, 2)
    assert (lives.turn(), dies.turn()) == ([1], [2])
    watch.now += 14
    world.clock.advance(14)
    assert lives.turn() == [1]
    watch.now += 5
    world.clock.advance(5)
    assert lives.turn() == [1, 2]


def test_one_that_comes_later_gets_one_back(process: Process, watch: Watch) -> None:
    first = Listeners(process, watch, 2)
    first.turn()
    watch.now += 5
    assert first.turn() == [1, 2]
    second = Listeners(process, watch, 2)
    assert second.turn() == []
    watch.now += 301
    assert first.turn() == [2]
    assert second.turn() == [1]
    watch.now += 301
    assert (first.turn(), second.turn()) == ([2], [1])


def test_the_first_share_is_called_as_without_shares() -> None:
    assert [Share(number, 2, Claims()).name("x") for number in (1, 2)] == ["x", "x-2"]


def test_what_is_left_over_of_a_larger_setting_is_emptied(settings: Settings) -> None:
    two = replace(settings, mqtt=replace(settings.mqtt, command_shares=2))
    assert [share.is_left_over for share in shares_of(two)] == [False] * 2 + [True] * 6
    embedded = replace(settings, embedded=replace(settings.embedded, start_mqtt=True))
    assert [share.is_left_over for share in shares_of(embedded)] == [False]


def test_a_leftover_is_nobodys_share(process: Process) -> None:
    claims = Claims()
    leftover = Share(3, 2, claims)
    assert leftover.hold(Standby(leftover.name("commands"), process))
    assert not claims.held
    assert not leftover.speaks(is_active=True)


def test_who_holds_one_share_is_active_and_not_standing_by(process: Process, watch: Watch) -> None:
    stands_by, works = Listeners(process, watch, 2), Listeners(process, watch, 2)
    assert all(share.speaks(is_active=False) for share in stands_by.shares)
    works.turn()
    assert [share.speaks(is_active=share.number == 1) for share in works.shares] == [True, False]
