"""Tenants' accounts at a real Mosquitto with its dynamic-security plugin: who may read and write what."""

import contextlib
import queue
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from app.domain.errors import Conflict, Retryable
from app.domain.mqtt_access import MqttCredential, MqttRole
from app.domain.tenant import Tenant
from app.messaging import mqtt
from app.messaging.mosquitto import Mosquitto
from app.services.mqtt_access import MqttAccessService
from tests.builders import NOON, a_tenant
from tests.fakes.clock import FakeClock
from tests.fakes.mqtt_access import FakeMqttCredentialRepository
from tests.mosquitto import RealMosquitto, needs_mosquitto

pytestmark = [pytest.mark.integration, needs_mosquitto]
WITHIN_S = 5.0
A_MOMENT_S = 0.5


@dataclass
class Program:
    """A program of a tenant, connected."""

    url: str
    granted: list[int] = field(default_factory=list)
    heard: "queue.Queue[tuple[str, bytes]]" = field(default_factory=queue.Queue)
    client_id: str = ""

    def __post_init__(self) -> None:
        self._events: queue.Queue[Any] = queue.Queue()
        self.ended: queue.Queue[bool] = queue.Queue()
        self._client = mqtt.build_client(self.url, self.client_id)
        self._client.on_connect = lambda _c, _u, _f, reason, _p: self._events.put(not reason.is_failure)
        self._client.on_subscribe = lambda _c, _u, _m, reasons, _p: self._events.put(
            [r.value for r in reasons]
        )
        self._client.on_publish = lambda *_: self._events.put("published")
        self._client.on_message = lambda _c, _u, said: self.heard.put((said.topic, bytes(said.payload)))
        self._client.on_disconnect = lambda *_: self.ended.put(True)

    def __enter__(self) -> "Program":
        mqtt.connect(self._client, self.url)
        self._client.loop_start()
        self.is_in = self._events.get(timeout=WITHIN_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def may_subscribe(self, topic: str) -> bool:
        self._client.subscribe(topic, qos=1)
        return bool(self._events.get(timeout=WITHIN_S)[0] < 128)

    def publish(self, topic: str, payload: bytes = b"x", *, retain: bool = False) -> None:
        self._client.publish(topic, payload, qos=1, retain=retain)
        self._events.get(timeout=WITHIN_S)

    def hears(self) -> list[str]:
        """Topics, until nothing comes for a moment."""
        topics = []
        with contextlib.suppress(queue.Empty):
            while True:
                topics.append(self.heard.get(timeout=A_MOMENT_S)[0])
        return topics


@dataclass
class Broker(RealMosquitto):
    """With what the server does there."""

    credentials: FakeMqttCredentialRepository = field(default_factory=FakeMqttCredentialRepository)

    @property
    def access(self) -> MqttAccessService:
        return self.access_as(self.own_url)

    def access_as(self, server_url: str, admin_url: str = "") -> MqttAccessService:
        """For a server that comes as the user of `server_url`, and an administrator."""
        told = Mosquitto(admin_url or self.own_url, server_url)
        return MqttAccessService(self.credentials, told, FakeClock(), is_kept=True)

    def program(self, tenant: Tenant, name: str, role: MqttRole = MqttRole.INTEGRATOR) -> Program:
        made, password = self.access.create(tenant, name, role)
        return Program(self.url(made.username, password))


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path)
    broker.start()
    try:
        broker.access.sync()
        yield broker
    finally:
        broker.stop()


ACME, BETA = a_tenant("acme"), a_tenant("beta")
FORBIDDEN = [
    "#",
    "ocpp/#",
    "ocpp/+/acme/#",
    "ocpp/events/#",
    "ocpp/events/+/+/session",
    "ocpp/events/beta/#",
    "ocpp/status/beta/CP-1",
    "ocpp/responses/+/#",
    "ocpp/commands/acme/#",
    "ocpp/commands/beta/#",
    "$share/group/ocpp/events/beta/#",
    "$share/group/ocpp/#",
    "$SYS/#",
    "$CONTROL/#",
    "$CONTROL/dynamic-security/v1/response",
]


def test_a_program_reads_its_own_tenants_topics_only(broker: Broker) -> None:
    with broker.program(ACME, "reader", MqttRole.SUBSCRIBER) as reader:
        for topic in ("ocpp/events/acme/#", "ocpp/status/acme/+", "ocpp/responses/acme/CP-1"):
            assert reader.may_subscribe(topic), topic
        assert reader.may_subscribe("$share/group/ocpp/events/acme/#")
        for topic in FORBIDDEN:
            assert not reader.may_subscribe(topic), topic
        with Program(broker.own_url) as server:
            for tenant in ("beta", "acme"):
                server.publish(f"ocpp/events/{tenant}/CP-1/session")
                server.publish(f"ocpp/status/{tenant}/CP-1")
        assert set(reader.hears()) == {"ocpp/events/acme/CP-1/session", "ocpp/status/acme/CP-1"}


def test_retained_messages_of_others_are_not_read(broker: Broker) -> None:
    with Program(broker.own_url) as server:
        server.publish("ocpp/status/beta/CP-1", retain=True)
        server.publish("ocpp/status/acme/CP-1", retain=True)
    with broker.program(ACME, "late", MqttRole.SUBSCRIBER) as reader:
        reader.may_subscribe("ocpp/status/acme/#")
        reader.may_subscribe("ocpp/status/#")
        assert reader.hears() == ["ocpp/status/acme/CP-1"]


@pytest.mark.parametrize("role", list(MqttRole))
def test_a_program_writes_commands_of_its_tenant_if_it_may(broker: Broker, role: MqttRole) -> None:
    with Program(broker.own_url) as server, broker.program(ACME, "writer", role) as writer:
        assert server.may_subscribe("ocpp/#")
        for topic in (
            "ocpp/commands/acme/CP-1",
            "ocpp/commands/beta/CP-1",
            "ocpp/events/acme/CP-1/session",
            "ocpp/responses/acme/CP-1",
            "ocpp/status/acme/CP-1",
            "$CONTROL/dynamic-security/v1",
        ):
            writer.publish(topic)
        expected = ["ocpp/commands/acme/CP-1"] if role is MqttRole.INTEGRATOR else []
        assert server.hears() == expected


def test_a_last_will_is_no_way_round(broker: Broker) -> None:
    made, password = broker.access.create(ACME, "dying", MqttRole.INTEGRATOR)
    with Program(broker.own_url) as server:
        assert server.may_subscribe("ocpp/#")
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id="dying")
        client.username_pw_set(made.username, password)
        client.will_set("ocpp/commands/beta/CP-1", b"x", qos=1)
        with contextlib.suppress(OSError):
            client.connect("127.0.0.1", broker.port)
            client.loop_start()
            time.sleep(A_MOMENT_S)  # whether it is let in at all is the broker's business
            connected = client.socket()
            assert connected is not None
            connected.close()
            client.loop_stop()
        assert server.hears() == []


def test_a_rotated_and_a_removed_account_end_at_once(broker: Broker) -> None:
    made, password = broker.access.create(ACME, "changing", MqttRole.SUBSCRIBER)
    with Program(broker.url(made.username, password)) as program:
        assert program.is_in
        _, following = broker.access.rotate(ACME.id, made.id)
        assert program.ended.get(timeout=WITHIN_S)
    with Program(broker.url(made.username, password)) as program:
        assert not program.is_in
    with Program(broker.url(made.username, following)) as program:
        assert program.is_in
        broker.access.remove(ACME.id, made.id)
        assert program.ended.get(timeout=WITHIN_S)
    with Program(broker.url(made.username, following)) as program:
        assert not program.is_in


def test_two_tenants_may_use_the_same_names(broker: Broker) -> None:
    with broker.program(ACME, "billing") as acme, broker.program(BETA, "billing") as beta:
        assert acme.may_subscribe("ocpp/events/acme/#")
        assert not acme.may_subscribe("ocpp/events/beta/#")
        assert beta.may_subscribe("ocpp/events/beta/#")
        assert not beta.may_subscribe("ocpp/events/acme/#")


def test_a_stranger_at_the_broker_is_removed_and_a_lost_account_is_named(broker: Broker) -> None:
    known, _ = broker.access.create(ACME, "known", MqttRole.SUBSCRIBER)
    stranger, _ = broker.access.create(ACME, "stranger", MqttRole.SUBSCRIBER)
    broker.credentials.remove(stranger)
    report = broker.access.sync()
    assert (report.strangers_removed, report.missing) == ((stranger.username,), ())
    Mosquitto(broker.own_url, broker.own_url).remove(known)
    assert broker.access.sync().missing == (known.username,)
    _, password = broker.access.rotate(ACME.id, known.id)
    with Program(broker.url(known.username, password)) as program:
        assert program.is_in
        assert program.may_subscribe("ocpp/events/acme/#")


def test_an_account_that_was_left_behind_gets_the_role_of_its_successor(broker: Broker) -> None:
    """The broker was away when an integrator's was to be removed; a subscriber's of that name is no more."""
    left, _ = broker.access.create(ACME, "billing", MqttRole.INTEGRATOR)
    broker.credentials.remove(left)
    with Program(broker.own_url) as server, broker.program(ACME, "billing", MqttRole.SUBSCRIBER) as program:
        assert server.may_subscribe("ocpp/#")
        program.publish("ocpp/commands/acme/CP-1")
        assert server.hears() == []
        assert program.may_subscribe("ocpp/events/acme/#")


def test_many_are_made_at_once(broker: Broker) -> None:
    """Each hears the answers to all."""
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda n: broker.access.create(ACME, f"p{n}", MqttRole.SUBSCRIBER), range(6)))
    for credential, password in made:
        with Program(broker.url(credential.username, password)) as program:
            assert program.is_in


def test_the_servers_own_name_is_not_given_away(broker: Broker) -> None:
    with pytest.raises(Conflict):
        Mosquitto(broker.own_url, "mqtt://acme.server:x@127.0.0.1").put(
            MqttCredential("c1", "acme", "server", MqttRole.INTEGRATOR, "-", NOON, "cli"), "stolen"
        )


def test_rights_that_somebody_changed_at_the_broker_are_set_right(broker: Broker) -> None:
    made, password = broker.access.create(ACME, "changed", MqttRole.SUBSCRIBER)
    more = {"acltype": "publishClientSend", "topic": "ocpp/#", "allow": True}
    less = {"acltype": "publishClientReceive", "topic": "ocpp/#"}
    for change in (
        {"command": "addRoleACL", "rolename": "ocpp-tenant.acme.subscriber", **more},
        {"command": "addClientRole", "username": made.username, "rolename": "admin"},
        {"command": "removeRoleACL", "rolename": "ocpp-server", **less},
    ):  # the last one ends our own connection, and is then sent again
        Mosquitto(broker.own_url, broker.own_url)._run([change], ("not found",))
    assert broker.access.sync().repaired == (made.username,)
    assert broker.access.sync().repaired == ()
    with Program(broker.own_url) as server, Program(broker.url(made.username, password)) as program:
        assert server.may_subscribe("ocpp/#")
        assert not program.may_subscribe("$CONTROL/#")
        program.publish("ocpp/commands/beta/CP-1")
        assert server.hears() == []


def test_a_broker_that_is_in_line_is_left_alone(broker: Broker) -> None:
    with broker.program(ACME, "busy", MqttRole.SUBSCRIBER) as program:
        assert program.may_subscribe("ocpp/status/acme/#")
        report = broker.access.sync()
        assert (report.accounts, report.strangers_removed, report.repaired, report.missing) == (1, (), (), ())
        with Program(broker.own_url) as server:
            server.publish("ocpp/status/acme/CP-1")
        assert program.hears() == ["ocpp/status/acme/CP-1"]
        assert program.ended.empty()


def test_a_broker_that_lost_everything_starts_with_what_was_there(broker: Broker) -> None:
    reader, password = broker.access.create(ACME, "reader", MqttRole.SUBSCRIBER)
    writer, another = broker.access.create(BETA, "writer", MqttRole.INTEGRATOR)
    broker.stop()
    broker.book.write_text(broker.access.new_broker_file())
    broker.start()
    with (
        Program(broker.own_url) as server,
        Program(broker.url(reader.username, password)) as acme,
        Program(broker.url(writer.username, another)) as beta,
    ):
        assert server.may_subscribe("ocpp/#")
        assert acme.may_subscribe("ocpp/events/acme/#")
        for topic in FORBIDDEN:
            assert not acme.may_subscribe(topic), topic
        for topic in ("ocpp/commands/acme/CP-1", "ocpp/commands/beta/CP-1"):
            acme.publish(topic)
            beta.publish(topic)
        assert server.hears() == ["ocpp/commands/beta/CP-1"]
    with Program(broker.url(reader.username, another)) as stranger:
        assert not stranger.is_in
    report = broker.access.sync()
    assert (report.strangers_removed, report.repaired, report.missing) == ((), (), ())


def test_an_administrator_of_its_own_lets_the_server_in(broker: Broker) -> None:
    server_url = broker.url("server", "another-secret")
    broker.access_as(server_url).sync()
    with Program(server_url) as server:
        assert server.may_subscribe("ocpp/#")
        assert not server.may_subscribe("$CONTROL/#")
        server.publish("ocpp/status/acme/CP-1")
        assert server.hears() == ["ocpp/status/acme/CP-1"]


def test_a_tenant_that_goes_leaves_nothing(broker: Broker) -> None:
    for role in MqttRole:
        broker.access.create(ACME, role.value, role)
    stays, password = broker.access.create(BETA, "stays", MqttRole.SUBSCRIBER)
    for _ in range(2):
        broker.access.remove_all(ACME.id)
    assert "acme" not in broker.book.read_text()
    with Program(broker.url(stays.username, password)) as beta:
        assert beta.may_subscribe("ocpp/events/beta/#")


def test_nobody_takes_anothers_place(broker: Broker) -> None:
    """MQTT 3.1.1, 3.1.4-2: the same client id again ends the first connection."""
    acme, password = broker.access.create(ACME, "billing", MqttRole.SUBSCRIBER)
    beta, another = broker.access.create(BETA, "billing", MqttRole.SUBSCRIBER)
    port = broker.tenants_port
    with (
        Program(broker.url(acme.username, password, port), client_id="the-same") as first,
        Program(broker.url(beta.username, another, port), client_id="the-same") as second,
    ):
        assert first.may_subscribe("ocpp/status/acme/#")
        assert second.may_subscribe("ocpp/status/beta/#")
        with Program(broker.own_url) as server:
            server.publish("ocpp/status/acme/CP-1")
        assert (first.hears(), second.hears()) == (["ocpp/status/acme/CP-1"], [])
        assert first.ended.empty()


@pytest.mark.parametrize("url", ["mqtt://ocpp:wrong@127.0.0.1:{port}", "mqtt://127.0.0.1:1"])
def test_a_broker_that_is_not_to_be_had_changes_nothing(broker: Broker, url: str) -> None:
    made, password = broker.access.create(ACME, "stays", MqttRole.SUBSCRIBER)
    away = broker.access_as(broker.own_url, url.format(port=broker.port))
    for attempt in (
        lambda: away.create(ACME, "new", MqttRole.SUBSCRIBER),
        lambda: away.rotate(ACME.id, made.id),
        lambda: away.remove(ACME.id, made.id),
    ):
        with pytest.raises(Retryable, match=r"does not let us in|refused"):
            attempt()
    assert away.list(ACME.id) == [made]
    with Program(broker.url(made.username, password)) as program:
        assert program.is_in


def test_an_account_that_is_no_administrator_is_told_so(broker: Broker) -> None:
    made, password = broker.access.create(ACME, "small", MqttRole.SUBSCRIBER)
    small = broker.access_as(broker.own_url, broker.url(made.username, password))
    with pytest.raises(Retryable, match="no administrator"):
        small.sync()


def test_nobody_comes_in_without_an_account(broker: Broker) -> None:
    with Program(f"mqtt://127.0.0.1:{broker.port}") as nobody:
        assert not nobody.is_in
