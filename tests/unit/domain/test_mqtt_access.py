"""Who may read and write which MQTT topics."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InvalidInput
from app.domain.mqtt_access import MqttCredential, MqttRole, check_name, may, readable
from tests.builders import NOON


def a_credential(role: MqttRole = MqttRole.INTEGRATOR, tenant_id: str = "acme") -> MqttCredential:
    return MqttCredential("c1", tenant_id, "billing", role, "secret-hash", NOON, "cli")


@pytest.mark.parametrize("role", list(MqttRole))
@pytest.mark.parametrize(
    "topic",
    [
        "ocpp/events/acme/#",
        "ocpp/events/acme/+/session",
        "ocpp/events/acme/CP-1/session",
        "ocpp/status/acme/CP-1",
        "ocpp/responses/acme/+",
        "$share/group/ocpp/events/acme/#",
    ],
)
def test_everybody_reads_what_is_their_tenants(role: MqttRole, topic: str) -> None:
    assert may(a_credential(role), "subscribe", topic)
    assert not may(a_credential(role), "publish", topic)
    assert not may(a_credential(role, "beta"), "subscribe", topic)


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "#",
        "+/#",
        "ocpp/#",
        "ocpp/+/acme/#",
        "+/events/acme/#",
        "ocpp/events/#",
        "ocpp/events/+/CP-1",
        "ocpp/events/acme",
        "ocpp/events/acme/",
        "ocpp/events/acme#",
        "ocpp/events/acme+/x",
        "ocpp/events/acme2/CP-1",
        "ocpp/events/ACME/CP-1",
        "ocpp/events//acme/CP-1",
        "/ocpp/events/acme/CP-1",
        "ocpp/commands/acme/#",
        "ocpp/other/acme/#",
        "$share/group/ocpp/events/beta/#",
        "$share/group/ocpp/#",
        "$share/ocpp/events/acme/#",
        "$share/group",
        "$share",
        "$share/a/$share/b/ocpp/events/acme/#",
        "$queue/ocpp/events/acme/#",
        "$SYS/#",
        "$CONTROL/dynamic-security/v1",
    ],
)
def test_nobody_reads_anything_else(topic: str) -> None:
    assert not may(a_credential(), "subscribe", topic)
    assert not may(a_credential(), "publish", topic)


def test_an_integrator_writes_commands_of_its_tenant() -> None:
    assert may(a_credential(), "publish", "ocpp/commands/acme/CP-1")
    assert may(a_credential(), "publish", "ocpp/commands/acme/A%2FB%2BC")
    assert not may(a_credential(MqttRole.SUBSCRIBER), "publish", "ocpp/commands/acme/CP-1")


@pytest.mark.parametrize(
    "topic",
    [
        "ocpp/commands/beta/CP-1",
        "ocpp/commands/acme",
        "ocpp/commands/acme/",
        "ocpp/commands/acme/#",
        "ocpp/commands/acme/+",
        "ocpp/commands/acme2/CP-1",
        "$share/group/ocpp/commands/acme/CP-1",
    ],
)
def test_and_nothing_else(topic: str) -> None:
    assert not may(a_credential(), "publish", topic)


@pytest.mark.parametrize("action", ["", "PUBLISH", "all", "unsubscribe"])
def test_what_nobody_has_heard_of_nobody_may(action: str) -> None:
    assert not may(a_credential(), action, "ocpp/events/acme/#")
    assert not may(a_credential(), action, "ocpp/commands/acme/CP-1")


@given(st.text(alphabet="acme/+#$shreocp.evntbqu\x00", max_size=40))
def test_whatever_is_allowed_begins_with_what_is_ones_own(topic: str) -> None:
    if may(a_credential(), "subscribe", topic):
        plain = topic.split("/", 2)[2] if topic.startswith("$share/") else topic
        assert any(plain.startswith(own.removesuffix("#")) for own in readable("acme"))


@pytest.mark.parametrize("name", ["a", "billing", "b-1_x", "0", "a" * 40])
def test_a_name(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize(
    "name", ["", "-a", "_a", "A", "a.b", "a b", "a/b", "a+", "a#", "a\n", "a\x00", "ä", "a" * 41]
)
def test_no_name(name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_name(name)
    assert set(refused.value.problems) == {"name"}


def test_a_hash_is_not_shown() -> None:
    assert "secret-hash" not in repr(a_credential())
