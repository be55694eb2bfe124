"""A REST interface over fakes: two tenants, one user per role in each, and a platform admin."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.api import create_app, equipment_of
from app.api.current import equip
from app.domain.user import Role
from app.ocpp.catalog import load_catalog
from app.settings import Settings
from tests.fakes.world import World, fake_world
from tests.unit.api.calls import PASSWORD, SECRET, Api

NOWHERE = Path("nowhere")


@pytest.fixture
def world() -> World:
    world = fake_world(load_catalog())
    for tenant_id, prefix in (("acme", "ACME-"), ("beta", "BETA-")):
        world.services.tenants.create(tenant_id, tenant_id.title(), [prefix])
        for role in (Role.TENANT_ADMIN, Role.OPERATOR, Role.VIEWER):
            world.services.users.create(f"{role.value}@{tenant_id}.example", PASSWORD, role, tenant_id)
    world.services.users.create("platform_admin@platform.example", PASSWORD, Role.PLATFORM_ADMIN, None)
    return world


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in ("APP_ENV", "WEB_THREADS", "ACCESS_TOKEN_S", "REFRESH_TOKEN_S"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("JWT_SECRET_KEY", SECRET)
    return Settings.from_env()


@pytest.fixture(scope="session")
def apps() -> list[tuple[Settings, Flask]]:
    """Those made so far: each is equipped anew for each test, which takes a thousandth of the time."""
    return []


@pytest.fixture
def app(world: World, settings: Settings, apps: list[tuple[Settings, Flask]]) -> Flask:
    key = replace(
        settings,
        var_dir=NOWHERE,
        files=replace(settings.files, directory=NOWHERE),
        ca=replace(settings.ca, root_file=NOWHERE),
    )
    found = next((app for made_for, app in apps if made_for == key), None)
    if found is None:
        found = create_app(world.services, settings)
        apps.append((key, found))
    equip(found, equipment_of(world.services, settings))
    return found


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def anybody(client: FlaskClient) -> Api:
    """Nobody in particular: no token."""
    return Api(client, None)


@pytest.fixture
def as_user(client: FlaskClient) -> Callable[..., Api]:
    """`as_user(role, tenant)`: logged in."""

    def log_in(role: Role, tenant_id: str = "acme") -> Api:
        owner = "platform" if role is Role.PLATFORM_ADMIN else tenant_id
        body = {"email": f"{role.value}@{owner}.example", "password": PASSWORD}
        answer = client.post("/api/v1/auth/login", json=body)
        return Api(client, answer.get_json()["access_token"])

    return log_in


@pytest.fixture
def operator(as_user: Callable[..., Api]) -> Api:
    return as_user(Role.OPERATOR)


@pytest.fixture
def platform_admin(as_user: Callable[..., Api]) -> Api:
    return as_user(Role.PLATFORM_ADMIN)


@pytest.fixture
def tenant_admin(as_user: Callable[..., Api]) -> Api:
    return as_user(Role.TENANT_ADMIN)
