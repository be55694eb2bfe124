"""The demo: made once, kept afterwards, and told completely."""

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from app.cli import welcome
from app.cli.demo import prepare_demo
from app.domain.context import ChargePointRef
from app.domain.errors import Retryable
from app.domain.user import Role
from app.settings import MqttSettings, Settings
from tests.fakes.world import World
from tests.unit.cli.running import Run


def test_the_demo_is_made(world: World, tmp_path: Path) -> None:
    users = prepare_demo(world.services, tmp_path)
    assert set(users) == set(Role)
    for role, login in users.items():
        user = world.services.users.authenticate(login["email"], login["password"])
        assert (user.role, user.tenant_id) == (role, None if role == "platform_admin" else "demo")
    demo = world.services.tenants.get("demo")
    assert demo.charge_point_prefixes == ("DEMO-",)
    world.services.charge_points.admit(demo, "DEMO-0001")
    assert world.charge_points.find(ChargePointRef("demo", "DEMO-0001")) is not None
    assert world.id_tags.find("demo", "demo-tag-10") is not None


def test_a_second_time_keeps_what_was_changed(world: World, tmp_path: Path) -> None:
    first = prepare_demo(world.services, tmp_path)
    world.services.tenants.configure("demo", {"queue_enabled": False})
    viewer = world.services.users.find_by_email("viewer@demo.example")
    assert viewer is not None
    world.services.users.set_password(viewer, "changed by somebody")
    assert prepare_demo(world.services, tmp_path) == first
    assert world.services.tenants.get("demo").configuration.queue_enabled is False
    authenticated = world.services.users.authenticate("viewer@demo.example", first["viewer"]["password"])
    assert authenticated.id == viewer.id


def test_the_facts(settings: Settings) -> None:
    with_login = replace(settings, mqtt=MqttSettings("mqtts://user:pw@broker.example:8883"))
    facts = welcome.demo_facts(with_login, {"operator": {"email": "e", "password": "p"}})
    assert facts["ws_url"] == "ws://127.0.0.1:9000/ocpp"
    assert facts["rest_url"] == "http://127.0.0.1:8000"
    assert facts["docs_url"] == "http://127.0.0.1:8000/api/docs"
    assert facts["flower_url"] == "http://127.0.0.1:5555"
    assert facts["mqtt_url"] == "mqtts://broker.example:8883"
    assert (facts["mqtt_username"], facts["mqtt_password"]) == ("user", "pw")
    assert facts["id_tags"][0] == "DEMO-TAG-1"
    assert "mqtt_username" not in welcome.demo_facts(settings, {})


def test_a_server_on_every_address_is_shown_with_one_that_works(settings: Settings) -> None:
    everywhere = replace(settings, web=replace(settings.web, host="0.0.0.0"))
    assert welcome.demo_facts(everywhere, {})["rest_url"] == "http://127.0.0.1:8000"


def test_demo_json_is_private_and_complete(tmp_path: Path) -> None:
    path = tmp_path / "demo.json"
    welcome._write_private(path, {"a": 1})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text()) == {"a": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_a_server_that_never_answers_is_named() -> None:
    with pytest.raises(Retryable, match=r"http://127\.0\.0\.1:1/health did not answer"):
        welcome._wait_until_answering("http://127.0.0.1:1/health", 0.0)


def test_not_in_production(
    world: World, settings: Settings, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Settings, "is_production", property(lambda _: True))
    outcome = run("welcome")
    assert (outcome.status, "not for production" in outcome.err) == (1, True)
    assert world.tenants.all() == []
