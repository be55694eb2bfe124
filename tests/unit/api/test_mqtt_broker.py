"""What a broker asks over HTTP before it lets somebody in, or to a topic."""

from typing import Any

import pytest
from flask import Flask

from app.api import create_app
from app.domain.mqtt_access import MqttCredential, MqttRole
from app.settings import Settings
from tests.fakes.world import World
from tests.unit.api.calls import Api, assert_problem

AUTH, ACL = "/api/v1/mqtt/auth", "/api/v1/mqtt/acl"
SHOWN = "what-the-broker-shows-" * 2
FROM_BROKER = {"X-Broker-Secret": SHOWN}
ALLOW, DENY = {"result": "allow", "is_superuser": False}, {"result": "deny", "is_superuser": False}


@pytest.fixture
def settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("MQTT_ACCESS", "http")
    monkeypatch.setenv("MQTT_HTTP_SECRET", SHOWN)
    monkeypatch.setenv("MQTT_URL", "mqtt://ocpp-server:its%20own%40secret@broker.example")
    return Settings.from_env()


@pytest.fixture
def account(world: World) -> tuple[MqttCredential, str]:
    acme = world.services.tenants.get("acme")
    return world.services.mqtt_access.create(acme, "billing", MqttRole.INTEGRATOR)


def ask(anybody: Api, path: str, **body: Any) -> Any:
    answer = anybody.post(path, body, headers=FROM_BROKER)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_json()


def test_an_account_comes_in_with_its_password(anybody: Api, account: tuple[MqttCredential, str]) -> None:
    made, password = account
    assert ask(anybody, AUTH, username=made.username, password=password) == ALLOW
    assert (
        ask(anybody, AUTH, username=made.username, password=password, clientid=made.username, peer="1")
        == ALLOW
    )
    assert ask(anybody, AUTH, username=made.username, password=password, clientid="another") == DENY


@pytest.mark.parametrize(
    ("client_id", "told"),
    [
        ("acme.billing", ALLOW),
        ("acme.billing-2", ALLOW),
        ("x", DENY),
        ("acme.other", DENY),
        ("beta.billing", DENY),
        ("ACME.billing", DENY),
        (" acme.billing", DENY),
    ],
)
def test_a_program_calls_itself_as_its_account(
    anybody: Api, account: tuple[MqttCredential, str], client_id: str, told: dict[str, Any]
) -> None:
    """The same client id twice: the broker ends the first one's connection."""
    made, password = account
    assert ask(anybody, AUTH, username=made.username, password=password, clientid=client_id) == told


@pytest.mark.parametrize(
    "username", ["acme.billing", "acme.nobody", "", "ocpp-server", "\x00", "\N{SNOWMAN}"]
)
@pytest.mark.parametrize("password", ["", "wrong", "its own@secre", "\x00\N{SNOWMAN}"])
def test_nobody_else_does(
    anybody: Api, account: tuple[MqttCredential, str], username: str, password: str
) -> None:
    assert ask(anybody, AUTH, username=username, password=password) == DENY


def test_a_password_that_was_rotated_or_removed_is_none(
    anybody: Api, world: World, account: tuple[MqttCredential, str]
) -> None:
    made, password = account
    _, following = world.services.mqtt_access.rotate("acme", made.id)
    assert ask(anybody, AUTH, username=made.username, password=password) == DENY
    assert ask(anybody, AUTH, username=made.username, password=following) == ALLOW
    world.services.mqtt_access.remove("acme", made.id)
    assert ask(anybody, AUTH, username=made.username, password=following) == DENY
    assert ask(anybody, ACL, username=made.username, action="subscribe", topic="ocpp/events/acme/#") == DENY


def test_the_servers_own_user_may_do_everything(anybody: Api) -> None:
    told = ask(anybody, AUTH, username="ocpp-server", password="its own@secret")
    assert told == {"result": "allow", "is_superuser": True}


@pytest.mark.parametrize("url", ["mqtt://broker.example", "mqtt://ocpp@broker.example"])
def test_a_server_without_a_password_is_nobody(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("MQTT_URL", url)
    client = Api(create_app(world.services, Settings.from_env()).test_client(), None)
    for username in ("", "ocpp"):
        assert ask(client, AUTH, username=username, password="") == DENY


@pytest.mark.parametrize(
    ("action", "topic", "told"),
    [
        ("subscribe", "ocpp/events/acme/#", ALLOW),
        ("subscribe", "$share/g/ocpp/status/acme/#", ALLOW),
        ("publish", "ocpp/commands/acme/CP-1", ALLOW),
        ("subscribe", "ocpp/events/beta/#", DENY),
        ("subscribe", "#", DENY),
        ("publish", "ocpp/commands/beta/CP-1", DENY),
        ("publish", "ocpp/events/acme/CP-1/session", DENY),
        ("publish", "\x00", DENY),
        ("publish", "x" * 65_535, DENY),
    ],
)
def test_a_topic_is_ones_own_or_not(
    anybody: Api, account: tuple[MqttCredential, str], action: str, topic: str, told: dict[str, Any]
) -> None:
    assert ask(anybody, ACL, username=account[0].username, action=action, topic=topic) == told


def test_the_servers_own_user_is_not_asked_for_topics(anybody: Api) -> None:
    """A broker asks nothing more about a superuser; who only calls himself so may do nothing."""
    assert ask(anybody, ACL, username="ocpp-server", action="subscribe", topic="#") == DENY


@pytest.mark.parametrize("path", [AUTH, ACL])
@pytest.mark.parametrize("secret", [None, "", "wrong", SHOWN + "x", SHOWN[:-1], SHOWN.upper(), "\xe9" * 44])
def test_only_the_broker_may_ask(anybody: Api, path: str, secret: str | None) -> None:
    """Before anybody looks at the body."""
    headers = {} if secret is None else {"X-Broker-Secret": secret}
    assert_problem(anybody.post(path, {"x": 1}, headers=headers), 401, "not_authenticated")


@pytest.mark.parametrize("path", [AUTH, ACL])
def test_a_person_is_no_broker(platform_admin: Api, path: str) -> None:
    assert_problem(platform_admin.post(path, {}), 401, "not_authenticated")


@pytest.mark.parametrize("access", ["none", "mosquitto"])
@pytest.mark.parametrize("path", [AUTH, ACL])
@pytest.mark.parametrize("secret", ["", SHOWN])
def test_where_no_broker_asks_there_is_nothing(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch, access: str, path: str, secret: str
) -> None:
    monkeypatch.setenv("MQTT_ACCESS", access)
    app: Flask = create_app(world.services, Settings.from_env())
    answer = Api(app.test_client(), None).post(path, {}, headers={"X-Broker-Secret": secret})
    assert_problem(answer, 404, "not_found")


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        (AUTH, {"password": "x"}, "username"),
        (AUTH, {"username": "x"}, "password"),
        (AUTH, {"username": "x" * 201, "password": "x"}, "username"),
        (AUTH, {"username": "x", "password": "x" * 1_025}, "password"),
        (AUTH, {"username": {"$ne": 1}, "password": "x"}, "username"),
        (ACL, {"username": "x", "topic": "y"}, "action"),
        (ACL, {"username": "x", "topic": "y", "action": "all"}, "action"),
        (ACL, {"username": "x", "topic": "", "action": "publish"}, "topic"),
        (ACL, {"username": "x", "topic": "y" * 65_536, "action": "publish"}, "topic"),
    ],
)
def test_a_question_that_is_none_is_named(anybody: Api, path: str, body: dict[str, Any], named: str) -> None:
    assert_problem(anybody.post(path, body, headers=FROM_BROKER), 422, "invalid_input", named)
