"""Commands from MQTT: read strictly, acknowledged after they were stored, refused with a reason."""

import json
import queue
import threading
from types import SimpleNamespace
from typing import Any, cast

import paho.mqtt.client as paho
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from app.domain.errors import InvalidInput, Retryable
from app.process import Process
from tests.builders import NOON, REF, at
from tests.fakes.world import World
from workers.command_message import command_id_in, read_command
from workers.command_shares import Claims, Share
from workers.mqtt_commands import CommandListener

BODY: dict[str, Any] = {
    "command_id": "mine",
    "command_type": "reset",
    "timestamp": "2026-03-01T12:00:00Z",
    "parameters": {"type": "Soft"},
}
TOPIC = "ocpp/commands/acme/CP-1"
PLAIN = "ocpp/commands/+/+"
SHARED = f"$share/ocpp-commands-installation/{PLAIN}"


def problems_of(body: Any) -> dict[str, Any]:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(InvalidInput) as refused:
        read_command(REF, payload)
    return dict(refused.value.problems)


# --- reading -----------------------------------------------------------------------------------------


def test_a_command_is_read() -> None:
    request = read_command(REF, json.dumps(BODY | {"expires_in": 20}).encode())
    assert (request.charge_point, request.command_id, request.command_type) == (REF, "mine", "reset")
    assert (request.parameters, request.issued_at, request.expires_in_s) == ({"type": "Soft"}, NOON, 20)
    assert request.requested_by == "mqtt"


@pytest.mark.parametrize("left_out", ["timestamp", "parameters"])
def test_time_and_parameters_may_be_left_out_or_null(left_out: str) -> None:
    for body in ({k: v for k, v in BODY.items() if k != left_out}, BODY | {left_out: None}):
        request = read_command(REF, json.dumps(body).encode())
        assert (request.issued_at is None) == (left_out == "timestamp")


@pytest.mark.parametrize("payload", [b"", b"hello", b"[]", b"null", b'"x"', b"\xff", b"{", b"7"])
def test_what_is_no_json_object_is_refused(payload: bytes) -> None:
    assert problems_of(payload) == {}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"command_id": None}, {"command_id"}),
        ({"command_id": ""}, {"command_id"}),
        ({"command_id": 7}, {"command_id"}),
        ({"command_id": "x" * 129}, {"command_id"}),
        ({"command_type": None}, {"command_type"}),
        ({"command_type": ["reset"]}, {"command_type"}),
        ({"timestamp": "noon"}, {"timestamp"}),
        ({"timestamp": 1772366400}, {"timestamp"}),
        ({"parameters": []}, {"parameters"}),
        ({"parameters": "type=Soft"}, {"parameters"}),
        ({"expires_in": 0}, {"expires_in"}),
        ({"expires_in": -1}, {"expires_in"}),
        ({"expires_in": True}, {"expires_in"}),
        ({"expires_in": "60"}, {"expires_in"}),
        ({"expires_in": 1e300}, {"expires_in"}),
        ({"expires_in": 604801}, {"expires_in"}),
        ({"charge_point_id": "CP-1", "x": 1}, {"charge_point_id", "x"}),
        ({"command_id": 1, "timestamp": "x", "y": 1}, {"command_id", "timestamp", "y"}),
    ],
)
def test_every_wrong_field_is_named(changes: dict[str, Any], named: set[str]) -> None:
    assert set(problems_of(BODY | changes)) == named


@given(st.binary())
def test_no_message_makes_reading_break(payload: bytes) -> None:
    with pytest.raises(InvalidInput):
        read_command(REF, payload)
    command_id_in(payload)


@pytest.mark.parametrize(
    ("payload", "command_id"),
    [
        (b'{"command_id":"mine","x":1}', "mine"),
        (b'{"command_id":7}', None),
        (b"[]", None),
        (b"{", None),
        (b'{"command_id":"' + b"x" * 300 + b'"}', "x" * 128),
    ],
)
def test_the_id_of_a_wrong_command_is_read_where_it_can_be(payload: bytes, command_id: str | None) -> None:
    assert command_id_in(payload) == command_id


# --- taking ------------------------------------------------------------------------------------------


class Mail:
    """A listener, the messages it got, and which of them it has acknowledged."""

    def __init__(self, process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
        self.listener = CommandListener(process)
        self.acknowledged: list[int] = []
        monkeypatch.setattr(self.listener._client, "ack", lambda mid, qos: self.acknowledged.append(mid))
        monkeypatch.setattr("workers.mqtt_commands._RETRY_S", 0)

    def arrives(self, payload: Any, topic: str = TOPIC) -> None:
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        message = SimpleNamespace(topic=topic, payload=data, mid=len(self.acknowledged) + 1, qos=1)
        self.listener._take(cast(paho.MQTTMessage, message))


@pytest.fixture
def mail(process: Process, monkeypatch: pytest.MonkeyPatch) -> Mail:
    return Mail(process, monkeypatch)


def responses(world: World, tenant_id: str = "acme") -> list[tuple[str | None, str, Any]]:
    bodies = [event.body for event in world.outbox.events(tenant_id)]
    return [(body["command_id"], body["status"], (body["error"] or {}).get("code")) for body in bodies]


def test_a_command_is_stored_and_then_acknowledged(mail: Mail, world: World) -> None:
    mail.arrives(BODY)
    assert world.services.commands.get("acme", "mine").payload == {"type": "Soft"}
    assert mail.acknowledged == [1]
    assert responses(world) == [("mine", "queued", None)]


def test_a_duplicate_is_acknowledged_and_makes_no_second_command(mail: Mail, world: World) -> None:
    mail.arrives(BODY)
    mail.arrives(BODY)
    assert mail.acknowledged == [1, 2]
    assert responses(world) == [("mine", "queued", None)]


@pytest.mark.parametrize(
    ("payload", "response"),
    [
        (b"not json", (None, "failed", "invalid_input")),
        (BODY | {"colour": "red"}, ("mine", "failed", "invalid_input")),
        (BODY | {"command_type": "explode"}, ("mine", "failed", "invalid_input")),
        (BODY | {"parameters": {"type": "soft"}}, ("mine", "failed", "invalid_input")),
        (BODY | {"timestamp": "2026-03-01T10:00:00Z"}, ("mine", "expired", "expired")),
    ],
)
def test_what_cannot_be_taken_is_answered_with_the_reason_and_acknowledged(
    mail: Mail, world: World, payload: Any, response: tuple[str | None, str, str]
) -> None:
    mail.arrives(payload)
    assert responses(world) == [response]
    assert mail.acknowledged == [1]


def test_the_fields_that_are_wrong_are_named_in_the_response(mail: Mail, world: World) -> None:
    mail.arrives(BODY | {"colour": "red"})
    (event,) = world.outbox.events("acme")
    assert event.body["error"]["problems"] == {"colour": ["Unknown field."]}
    json.dumps(event.body)


def test_a_command_for_an_unknown_charge_point_is_answered_on_its_own_topic(mail: Mail, world: World) -> None:
    mail.arrives(BODY, "ocpp/commands/acme/nobody")
    (event,) = world.outbox.events("acme")
    assert event.charge_point.charge_point_id == "nobody"
    assert responses(world) == [("mine", "failed", "not_found")]


@pytest.mark.parametrize("topic", ["ocpp/commands/nobody/CP-1", "ocpp/other/acme/CP-1", "ocpp/commands/acme"])
def test_a_command_for_nobody_is_dropped(mail: Mail, world: World, topic: str) -> None:
    """There is no tenant whose responses topic could carry the answer."""
    mail.arrives(BODY, topic)
    assert mail.acknowledged == [1]
    assert responses(world) == []


def test_an_escaped_id_reaches_its_charge_point(mail: Mail, world: World) -> None:
    world.add_charge_point("acme", "A/B+C")
    mail.arrives(BODY, "ocpp/commands/acme/A%2FB%2BC")
    assert world.services.commands.get("acme", "mine").charge_point_id == "A/B+C"


def test_while_the_store_is_down_nothing_is_acknowledged(
    mail: Mail, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker keeps it; so does the listener, which tries again."""
    insert, failures = world.commands.insert, [Retryable("down"), Retryable("down")]

    def fail_twice(*args: Any) -> bool:
        assert mail.acknowledged == []
        if failures:
            raise failures.pop()
        return insert(*args)

    monkeypatch.setattr(world.commands, "insert", fail_twice)
    mail.arrives(BODY)
    assert mail.acknowledged == [1]
    assert world.services.commands.get("acme", "mine").id == "mine"


def test_a_listener_that_is_stopped_meanwhile_leaves_the_command_to_the_next(
    mail: Mail, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> bool:
        mail.listener.stop()
        raise Retryable("down")

    monkeypatch.setattr(world.commands, "insert", fail)
    mail.arrives(BODY)
    assert mail.acknowledged == []


def test_a_message_that_breaks_us_does_not_come_back_for_ever(
    mail: Mail, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: Any) -> bool:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(world.commands, "insert", break_down)
        mail.arrives(BODY)
    mail.arrives(BODY)
    assert mail.acknowledged == [1, 2]
    assert world.services.commands.get("acme", "mine").created_at == at(0)


def test_a_suspended_tenant_hears_why(mail: Mail, world: World) -> None:
    world.services.tenant_lifecycle.suspend("acme")
    world.services.tenants.directory.refresh()
    mail.arrives(BODY)
    assert mail.acknowledged == [1]
    assert responses(world) == [("mine", "failed", "tenant_suspended")]


def test_a_feature_that_is_switched_off_is_named(mail: Mail, world: World) -> None:
    world.services.tenants.configure("acme", {"features": {"remote_control": False}})
    world.services.tenants.directory.refresh()
    mail.arrives(BODY)
    assert responses(world) == [("mine", "failed", "feature_disabled")]
    (told,) = world.outbox.events("acme")
    assert told.body["error"]["feature"] == "remote_control"


@pytest.mark.parametrize(
    ("command_type", "parameters"),
    [
        ("InstallCertificate", {"certificate_type": "CentralSystemRootCertificate", "certificate": "x"}),
        ("delete_certificate", {}),
        ("certificate_signed", {}),
        ("ChangeConfiguration", {"key": "AuthorizationKey", "value": "5ec0" * 10}),
        ("change_configuration", {"key": "authorizationkey", "value": "5ec0" * 10}),
        ("change_configuration", {"key": "SecurityProfile", "value": "0"}),
    ],
)
def test_what_changes_keys_or_certificates_is_not_taken_from_a_broker(
    mail: Mail, world: World, command_type: str, parameters: dict[str, Any]
) -> None:
    mail.arrives(BODY | {"command_type": command_type, "parameters": parameters})
    assert responses(world) == [("mine", "failed", "not_permitted")]
    assert mail.acknowledged == [1]
    (entry,) = world.audit.of("acme")
    assert (entry.result, entry.code) == ("refused", "not_permitted")
    assert "5ec0" not in repr(world.audit.entries)


def test_any_other_key_may_be_changed(mail: Mail, world: World) -> None:
    change = {"key": "HeartbeatInterval", "value": "60"}
    mail.arrives(BODY | {"command_type": "change_configuration", "parameters": change})
    assert responses(world) == [("mine", "queued", None)]


@pytest.mark.parametrize(
    "sent", ["2026-03-01T12:05:00Z", "2026-03-01T13:05:00+01:00", "2026-03-01T11:59:59Z"]
)
def test_clocks_may_differ_a_little(mail: Mail, world: World, sent: str) -> None:
    mail.arrives(BODY | {"timestamp": sent})
    assert responses(world) == [("mine", "queued", None)]


@pytest.mark.parametrize("sent", ["2026-03-01T12:05:01Z", "2027-03-01T12:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_command_from_the_future_would_live_for_ever(mail: Mail, world: World, sent: str) -> None:
    mail.arrives(BODY | {"timestamp": sent})
    assert responses(world) == [("mine", "failed", "invalid_input")]
    (told,) = world.outbox.events("acme")
    assert set(told.body["error"]["problems"]) == {"timestamp"}


def test_every_command_is_on_record_taken_or_refused(mail: Mail, world: World) -> None:
    mail.arrives(BODY)
    mail.arrives(BODY | {"command_id": "other", "x": 1})
    taken, refused = world.audit.of("acme")
    assert (taken.actor_kind, taken.action, taken.result) == ("mqtt", "commands.send", "done")
    assert taken.target == {"charge_point_id": "CP-1", "command_id": "mine"}
    assert (refused.result, refused.code) == ("refused", "invalid_input")
    assert refused.target["command_id"] == "other"


@pytest.mark.parametrize("reason", ["Success", "Not authorized"])
def test_only_who_is_let_in_subscribes(
    mail: Mail, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], reason: str
) -> None:
    client, asked = mail.listener._client, []
    monkeypatch.setattr(client, "subscribe", lambda topic, qos: asked.append(topic))
    monkeypatch.setattr(client, "unsubscribe", lambda topic: None)
    mail.listener._subscribe(client, None, None, ReasonCode(PacketTypes.CONNACK, reason), None)
    refused = reason != "Success"
    assert asked == ([] if refused else ["ocpp/commands/+/+"])
    told = capsys.readouterr()
    assert ("broker_refuses" in told.out + told.err) is refused


class FullClient:
    """Hands over more messages than there is room for, and its end waits for its thread, as paho's does."""

    def __init__(self, listener: CommandListener, message: paho.MQTTMessage) -> None:
        self._listener = listener
        self._message = message
        self._thread = threading.Thread(target=self._flood, daemon=True)
        self.ended = False

    def _flood(self) -> None:
        for _ in range(5):
            self._listener._receive(cast(paho.Client, self), None, self._message)

    def loop_start(self) -> None:
        self._thread.start()
        while not self._listener._inbox.full():
            self._thread.join(0.001)
        self._listener.stop()

    def is_connected(self) -> bool:
        return True

    def disconnect(self) -> None:
        """Nothing to be told."""

    def loop_stop(self) -> None:
        self._thread.join(5)
        self.ended = not self._thread.is_alive()


def test_a_flood_of_commands_does_not_keep_it_from_ending(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = CommandListener(process)
    client = FullClient(listener, paho.MQTTMessage(1, TOPIC.encode()))
    monkeypatch.setattr(listener, "_inbox", queue.Queue(maxsize=2))
    monkeypatch.setattr(listener, "_client", client)
    monkeypatch.setattr(listener, "_connect", lambda: None)
    listener.run()
    assert client.ended


@pytest.mark.parametrize(
    ("reason", "event"), [("Granted QoS 1", "commands_subscribed"), ("Unspecified error", "broker_refuses")]
)
def test_a_subscription_that_the_broker_refuses_is_told(
    mail: Mail, capsys: pytest.CaptureFixture[str], reason: str, event: str
) -> None:
    mail.listener._subscribed(None, None, 1, [ReasonCode(PacketTypes.SUBACK, reason)], None)
    told = capsys.readouterr()
    assert event in told.out + told.err


@pytest.mark.parametrize(
    ("number", "of", "calls"),
    [
        (1, 1, [("+", PLAIN), ("-", SHARED)]),
        (1, 2, [("+", SHARED), ("-", PLAIN)]),
        (2, 2, [("+", SHARED), ("-", PLAIN)]),
        (3, 2, [("-", SHARED)]),
    ],
)
def test_with_shares_the_broker_deals_commands_out(
    process: Process, monkeypatch: pytest.MonkeyPatch, number: int, of: int, calls: list[tuple[str, str]]
) -> None:
    listener, made = CommandListener(process, Share(number, of, Claims())), []
    monkeypatch.setattr(listener._client, "subscribe", lambda topic, qos: made.append(("+", topic)))
    monkeypatch.setattr(listener._client, "unsubscribe", lambda topic: made.append(("-", topic)))
    success = ReasonCode(PacketTypes.CONNACK, "Success")
    listener._subscribe(listener._client, None, None, success, None)
    assert made == calls


def test_a_leftover_share_is_emptied_and_ends(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    listener = CommandListener(process, Share(2, 1, Claims()))
    taken: list[paho.MQTTMessage] = []
    client = SimpleNamespace(
        loop_start=lambda: None, is_connected=lambda: True, disconnect=lambda: None, loop_stop=lambda: None
    )
    monkeypatch.setattr(listener, "_client", client)
    monkeypatch.setattr(listener, "_connect", lambda: None)
    monkeypatch.setattr(listener, "_take", taken.append)
    monkeypatch.setattr("workers.mqtt_commands._EMPTY_AFTER_TURNS", 0)
    waits = paho.MQTTMessage(1, TOPIC.encode())
    listener._inbox.put(waits)
    listener.run()
    assert taken == [waits]
