"""Celery's queues in a real Redis: how old the oldest task is, whichever end it is at."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from celery import Celery

from app.messaging import redis_client
from app.messaging.celery_app import Side, build_celery, queue_ages, queue_lengths
from app.messaging.redis_client import RedisGuard
from app.settings import RedisSettings, Settings
from tests.contract.conftest import Servers

pytestmark = pytest.mark.integration
CLOCK = "app.messaging.redis_transport.time.time"


@pytest.fixture
def guard(servers: Servers) -> RedisGuard:
    return RedisGuard(redis_client.connect(servers.redis_url))


@pytest.fixture
def celery(servers: Servers, guard: RedisGuard) -> Iterator[Celery]:
    with build_celery(
        replace(Settings.from_env(), redis=RedisSettings(servers.redis_url)), Side.PUBLISHER
    ) as app:
        yield app


@pytest.fixture
def queue(guard: RedisGuard) -> Iterator[str]:
    name = f"test-{uuid4().hex}"
    yield name
    with guard.calling() as client:
        client.delete(f"cel:{name}")


def test_the_age_is_that_of_the_task_which_comes_next(
    celery: Celery, guard: RedisGuard, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert queue_ages(guard, [queue, "nobodys"]) == {queue: 0, "nobodys": 0}
    for sent_at in (1_000, 1_040):
        monkeypatch.setattr(CLOCK, lambda now=sent_at: now)
        celery.send_task("some.task", queue=queue)
    monkeypatch.setattr(CLOCK, lambda: 1_060.5)
    assert queue_ages(guard, [queue, "nobodys"]) == {queue: 60.5, "nobodys": 0}

    with celery.connection_for_read() as connection:
        channel: Any = connection.default_channel
        channel.connection.brpop_timeout = 1
        taken = channel.basic_get(queue)
        assert queue_ages(guard, [queue]) == {queue: 20.5}
        channel.basic_reject(taken.delivery_tag, requeue=True)
        assert queue_lengths(guard, [queue]) == {queue: 2}  # what is put back gets in line again
        channel.basic_ack(channel.basic_get(queue).delivery_tag)
    assert queue_ages(guard, [queue]) == {queue: 60.5}  # and is as old as it was


def test_a_task_that_does_not_tell_its_time_counts_as_new(guard: RedisGuard, queue: str) -> None:
    with guard.calling() as client:
        client.lpush(f"cel:{queue}", b'{"body": "", "headers": {}, "properties": {}}')
    assert queue_ages(guard, [queue]) == {queue: 0}


def test_clocks_that_differ_make_no_age_below_zero(
    celery: Celery, guard: RedisGuard, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CLOCK, lambda: 2_000)
    celery.send_task("some.task", queue=queue)
    monkeypatch.setattr(CLOCK, lambda: 1_000)
    assert queue_ages(guard, [queue]) == {queue: 0}
