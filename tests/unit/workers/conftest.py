"""A process over fakes, as the programs of `workers` get it."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from celery import Celery, _state

from app.health import Pulse
from app.ocpp.catalog import load_catalog
from app.process import Process
from app.settings import Settings
from tests.fakes.leases import FakeLeases
from tests.fakes.world import World, fake_world


@pytest.fixture
def world() -> World:
    world = fake_world(load_catalog())
    for tenant_id in ("acme", "beta"):
        world.services.tenants.create(tenant_id, tenant_id.title())
        world.add_charge_point(tenant_id, "CP-1")
    world.services.tenants.directory.refresh()
    return world


@pytest.fixture
def leases() -> FakeLeases:
    return FakeLeases()


@pytest.fixture
def celery(monkeypatch: pytest.MonkeyPatch) -> Celery:
    """An application of its own: by default Celery hands tasks of one application to all later ones."""
    monkeypatch.setattr(_state, "_on_app_finalizers", set())
    return Celery("tests", set_as_current=False)


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    for name in ("APP_ENV", "MONGODB_URI", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    monkeypatch.setenv("MQTT_URL", "mqtt://127.0.0.1:1")
    return Settings.from_env()


@pytest.fixture
def process(world: World, settings: Settings, leases: FakeLeases) -> Process:
    adapters = SimpleNamespace(link=world.link, leases=leases, messages=SimpleNamespace(), redis=None)
    return cast(
        Process, SimpleNamespace(settings=settings, services=world.services, adapters=adapters, pulse=Pulse())
    )
