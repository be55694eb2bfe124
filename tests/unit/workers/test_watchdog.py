"""Deaf is who has room, and at look after look takes nothing from a queue in which messages wait."""

from collections.abc import Collection, Mapping

import pytest

from app.domain.errors import Retryable
from workers.watchdog import DEAF_AFTER_LOOKS, LOOK_EVERY_S, Watchdog


class Queues:
    """A worker's queues, and how many messages wait in them; None: Redis is away."""

    def __init__(self) -> None:
        self.waiting: dict[str, int] | None = {"sweeps": 0, "ocpp.acme": 0}

    def lengths(self, asked: Collection[str]) -> Mapping[str, int]:
        if self.waiting is None:
            raise Retryable("Redis: gone")
        return {queue: self.waiting.get(queue, 0) for queue in asked}


@pytest.fixture
def queues() -> Queues:
    return Queues()


@pytest.fixture
def dog(queues: Queues) -> Watchdog:
    return Watchdog(["sweeps", "ocpp.acme"], queues.lengths)


def looks(dog: Watchdog, count: int, *, is_busy: bool = False) -> list[str]:
    """The queues that it was found deaf to, at so many looks."""
    found = [dog.look(is_busy=is_busy) for _ in range(count)]
    return [queue for queue in found if queue is not None]


def test_it_is_noticed_within_fifteen_to_twenty_seconds() -> None:
    """Longer than it takes to connect again, and soon enough."""
    assert 15 <= LOOK_EVERY_S * (DEAF_AFTER_LOOKS - 1) < LOOK_EVERY_S * DEAF_AFTER_LOOKS <= 20


def test_an_idle_worker_is_well(dog: Watchdog) -> None:
    assert looks(dog, 100) == []


def test_a_worker_that_takes_nothing_is_deaf(dog: Watchdog, queues: Queues) -> None:
    queues.waiting = {"sweeps": 0, "ocpp.acme": 3}
    assert looks(dog, DEAF_AFTER_LOOKS - 1) == []
    assert looks(dog, 1) == ["ocpp.acme"]


def test_a_worker_under_load_is_well_though_messages_always_wait(dog: Watchdog, queues: Queues) -> None:
    queues.waiting = {"sweeps": 0, "ocpp.acme": 3000}
    for _ in range(30):
        assert looks(dog, DEAF_AFTER_LOOKS - 1) == []
        dog.took("ocpp.acme")


def test_messages_that_others_took_were_no_sign(dog: Watchdog, queues: Queues) -> None:
    queues.waiting = {"sweeps": 0, "ocpp.acme": 3}
    looks(dog, DEAF_AFTER_LOOKS - 1)
    queues.waiting["ocpp.acme"] = 0
    looks(dog, 1)
    queues.waiting["ocpp.acme"] = 1
    assert looks(dog, DEAF_AFTER_LOOKS - 1) == []


def test_deaf_to_one_queue_is_deaf_though_others_are_heard(dog: Watchdog, queues: Queues) -> None:
    queues.waiting = {"sweeps": 1, "ocpp.acme": 1}
    looks(dog, DEAF_AFTER_LOOKS - 1)
    dog.took("sweeps")
    assert looks(dog, 1) == ["ocpp.acme"]


def test_while_redis_is_away_nobody_is_deaf(dog: Watchdog, queues: Queues) -> None:
    """The count begins when it is back: connecting again takes a while."""
    queues.waiting = {"ocpp.acme": 3}
    looks(dog, DEAF_AFTER_LOOKS - 1)
    queues.waiting = None
    assert looks(dog, 30) == []
    queues.waiting = {"ocpp.acme": 3}
    assert looks(dog, DEAF_AFTER_LOOKS) == ["ocpp.acme"]


def test_who_has_no_room_is_not_deaf(dog: Watchdog, queues: Queues) -> None:
    queues.waiting = {"ocpp.acme": 3}
    assert looks(dog, 30, is_busy=True) == []
    assert looks(dog, DEAF_AFTER_LOOKS - 1) == []


def test_the_queue_of_a_tenant_that_left_is_nobodys(dog: Watchdog, queues: Queues) -> None:
    queues.waiting = {"sweeps": 0, "ocpp.acme": 3}
    looks(dog, DEAF_AFTER_LOOKS - 1)
    queues.waiting = {"sweeps": 0}
    assert looks(dog, 30) == []
