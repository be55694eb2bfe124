"""Deaf is who has room, and for 15 seconds takes nothing from a queue in which messages wait."""

from collections.abc import Collection, Mapping

import pytest

from app.domain.errors import Retryable
from workers.watchdog import DEAF_AFTER_S, Watchdog


class Queues:
    """A worker's queues, and how many messages wait in them; None: Redis is away."""

    def __init__(self) -> None:
        self.waiting: dict[str, int] | None = {"sweeps": 0, "ocpp.acme": 0}

    def lengths(self, asked: Collection[str]) -> Mapping[str, int]:
        if self.waiting is None:
            raise Retryable("Redis: gone")
        return {queue: self.waiting[queue] for queue in asked}


@pytest.fixture
def queues() -> Queues:
    return Queues()


@pytest.fixture
def dog(queues: Queues) -> Watchdog:
    return Watchdog(lambda: list(queues.waiting or ()), queues.lengths)


def looks(dog: Watchdog, *moments: float) -> list[str | None]:
    return [dog.look(at, is_busy=False) for at in moments]


def test_an_idle_worker_is_well(dog: Watchdog) -> None:
    assert looks(dog, 0, 100, 200) == [None, None, None]


def test_a_worker_that_takes_nothing_is_deaf(dog: Watchdog, queues: Queues) -> None:
    queues.waiting = {"sweeps": 0, "ocpp.acme": 3}
    assert looks(dog, 0, DEAF_AFTER_S - 0.1, DEAF_AFTER_S) == [None, None, "ocpp.acme"]


def test_a_worker_under_load_is_well_though_messages_always_wait(dog: Watchdog, queues: Queues) -> None:
    queues.waiting = {"sweeps": 0, "ocpp.acme": 3000}
    for at in range(0, 100, 5):
        assert looks(dog, at) == [None]
        dog.took("ocpp.acme")


def test_messages_that_others_took_were_no_sign(dog: Watchdog, queues: Queues) -> None:
    queues.waiting = {"sweeps": 0, "ocpp.acme": 3}
    looks(dog, 0, 10)
    queues.waiting["ocpp.acme"] = 0
    looks(dog, 12)
    queues.waiting["ocpp.acme"] = 1
    assert looks(dog, 16, 30) == [None, None]


def test_deaf_to_one_queue_is_deaf_though_others_are_heard(dog: Watchdog, queues: Queues) -> None:
    queues.waiting = {"sweeps": 1, "ocpp.acme": 1}
    looks(dog, 0, 10)
    dog.took("sweeps")
    assert looks(dog, DEAF_AFTER_S) == ["ocpp.acme"]


def test_while_redis_is_away_nobody_is_deaf(dog: Watchdog, queues: Queues) -> None:
    """The time begins when it is back: connecting again takes a while."""
    queues.waiting = {"ocpp.acme": 3}
    looks(dog, 0, 10)
    queues.waiting = None
    assert looks(dog, 14, 20) == [None, None]
    queues.waiting = {"ocpp.acme": 3}
    assert looks(dog, 21, 30, 21 + DEAF_AFTER_S) == [None, None, "ocpp.acme"]


def test_who_has_no_room_is_not_deaf(dog: Watchdog, queues: Queues) -> None:
    queues.waiting = {"ocpp.acme": 3}
    assert [dog.look(at, is_busy=True) for at in (0, 20, 40)] == [None] * 3
    assert looks(dog, 45, 50) == [None, None]


def test_the_queue_of_a_tenant_that_left_is_nobodys(dog: Watchdog, queues: Queues) -> None:
    queues.waiting = {"sweeps": 0, "ocpp.acme": 3}
    looks(dog, 0, 10)
    queues.waiting = {"sweeps": 0}
    assert looks(dog, 20) == [None]
