"""The composition root: everything is wired, nothing connects."""

import dataclasses

import pytest

from app.bootstrap import build_adapters, build_counts, build_health_checks, build_services, health
from app.domain.errors import Retryable
from app.services import Services
from app.settings import Settings


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings that name servers where nobody listens."""
    monkeypatch.setenv("MONGODB_URI", "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("MQTT_URL", "mqtt://127.0.0.1:1")
    return Settings.from_env()


def test_all_services_are_built_without_a_server(nowhere: Settings) -> None:
    services = build_services(nowhere)
    assert all(getattr(services, field.name) is not None for field in dataclasses.fields(Services))


def test_each_server_has_a_check_that_tells_its_absence(nowhere: Settings) -> None:
    adapters = build_adapters(nowhere)
    checks = build_health_checks(nowhere, adapters)
    assert set(checks) == {"mongodb", "redis", "mqtt"}
    for name in ("redis", "mqtt"):
        with pytest.raises(Retryable):
            checks[name]()
    for count in build_counts(adapters):
        with pytest.raises(Retryable):
            count("acme")


def test_a_server_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    failures = [Retryable("not yet"), Retryable("not yet")]

    def check() -> None:
        if failures:
            raise failures.pop()

    monkeypatch.setattr("time.sleep", lambda _: None)
    health._wait_for("mongodb", check, float("inf"))
    assert failures == []


def test_a_server_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    def check() -> None:
        raise Retryable("never")

    with pytest.raises(Retryable, match="never"):
        health._wait_for("mongodb", check, 0.0)
