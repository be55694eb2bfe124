"""Celery's settings: those that were measured, none forgotten."""

from pathlib import Path

import pytest

from app.messaging.celery_app import Side, build_celery, queue_lengths, remove_queue
from app.messaging.redis_client import RedisGuard
from app.settings import Settings


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.delenv("APP_ENV", raising=False)
    return Settings.from_env()


@pytest.mark.parametrize("side", Side)
def test_a_task_is_acknowledged_after_its_work_and_leaves_no_result(settings: Settings, side: Side) -> None:
    conf = build_celery(settings, side).conf
    assert conf.task_acks_late is True
    assert conf.task_reject_on_worker_lost is True
    assert conf.task_acks_on_failure_or_timeout is True
    assert conf.worker_prefetch_multiplier == 1
    assert conf.result_backend is None
    assert conf.task_ignore_result is True
    assert conf.worker_hijack_root_logger is False


@pytest.mark.parametrize("side", Side)
def test_only_json_crosses_the_broker(settings: Settings, side: Side) -> None:
    conf = build_celery(settings, side).conf
    assert (conf.task_serializer, conf.accept_content) == ("json", ["json"])


@pytest.mark.parametrize("side", Side)
def test_a_lost_workers_messages_come_back_within_seconds(settings: Settings, side: Side) -> None:
    options = build_celery(settings, side).conf.broker_transport_options
    assert options["visibility_timeout"] + options["unacked_restore_interval"] <= 20
    assert options["unacked_restore_throttle"] == 1
    assert options["queue_order_strategy"] == "round_robin"
    assert options["priority_steps"] == [0]


def test_a_publisher_notices_a_dead_broker_within_a_second_and_does_not_try_again(settings: Settings) -> None:
    """The dispatcher goes round the queue instead."""
    conf = build_celery(settings, Side.PUBLISHER).conf
    assert conf.broker_transport_options["socket_timeout"] <= 1
    assert conf.broker_transport_options["socket_connect_timeout"] <= 1
    assert conf.task_publish_retry is False


def test_a_worker_waits_for_the_brokers_return(settings: Settings) -> None:
    conf = build_celery(settings, Side.WORKER).conf
    assert conf.broker_connection_retry_on_startup is True
    assert conf.broker_connection_max_retries is None


def test_nothing_connects_before_it_is_used(settings: Settings) -> None:
    """The address is one where nobody listens."""
    assert build_celery(settings, Side.PUBLISHER).conf.broker_url == "redis://127.0.0.1:1/0"


class FakeRedis:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def pipeline(self, *, transaction: bool) -> "FakeRedis":
        return self

    def __enter__(self) -> "FakeRedis":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to give back."""

    def llen(self, key: str) -> None:
        self.asked.append(key)

    def execute(self) -> list[int]:
        return [3] * len(self.asked)

    def delete(self, key: str) -> None:
        self.asked.append(key)


def test_lengths_of_queues_are_read_where_celery_keeps_them(settings: Settings) -> None:
    client = FakeRedis()
    lengths = queue_lengths(RedisGuard(client), ["calls", "ocpp.acme"])  # type: ignore[arg-type]
    assert lengths == {"calls": 3, "ocpp.acme": 3}
    prefix = build_celery(settings, Side.PUBLISHER).conf.broker_transport_options["global_keyprefix"]
    assert client.asked == [f"{prefix}calls", f"{prefix}ocpp.acme"]


def test_the_queue_of_a_tenant_that_goes_is_removed_there(settings: Settings) -> None:
    client = FakeRedis()
    remove_queue(RedisGuard(client), "acme")  # type: ignore[arg-type]
    prefix = build_celery(settings, Side.PUBLISHER).conf.broker_transport_options["global_keyprefix"]
    assert client.asked == [f"{prefix}ocpp.acme"]
