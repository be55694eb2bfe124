"""What Mosquitto is told of who may do what; a real one is in `tests/integration/test_mosquitto.py`."""

from dataclasses import replace

from app.domain.mqtt_access import MqttCredential, MqttRole
from app.messaging.mosquitto_roles import (
    are_same,
    is_a_tenants,
    role_name,
    roles_of,
    server_acls,
    tenant_acls,
)
from tests.builders import NOON

READER = MqttCredential("c1", "acme", "reader", MqttRole.SUBSCRIBER, "-", NOON, "cli")
WRITER = replace(READER, id="c2", name="writer", role=MqttRole.INTEGRATOR)


def test_a_subscriber_may_read_and_an_integrator_may_write_as_well() -> None:
    kinds = {role: {(acl["acltype"], acl["topic"]) for acl in tenant_acls("acme", role)} for role in MqttRole}
    more = kinds[MqttRole.INTEGRATOR] - kinds[MqttRole.SUBSCRIBER]
    assert more == {("publishClientSend", "ocpp/commands/acme/#")}
    assert kinds[MqttRole.SUBSCRIBER] == {
        (kind, f"{prefix}ocpp/{branch}/acme/#")
        for branch in ("events", "status", "responses")
        for kind, prefix in (
            ("subscribePattern", ""),
            ("publishClientReceive", ""),
            ("subscribePattern", "$share/+/"),
        )
    }


def test_no_role_of_a_tenant_names_another() -> None:
    for role in MqttRole:
        topics = [acl["topic"] for acl in tenant_acls("acme", role)]
        assert all(topic.removeprefix("$share/+/").split("/")[2] == "acme" for topic in topics)


def test_there_is_one_role_for_each_tenant_and_kind() -> None:
    again = replace(READER, id="c3", name="another")
    other = replace(READER, id="c4", tenant_id="beta")
    roles = roles_of([READER, WRITER, again, other])
    assert list(roles) == [
        "ocpp-tenant.acme.integrator",
        "ocpp-tenant.acme.subscriber",
        "ocpp-tenant.beta.subscriber",
    ]
    assert all(is_a_tenants(name) for name in roles)
    assert not is_a_tenants("admin")
    assert not is_a_tenants("ocpp-server")
    assert role_name("acme", MqttRole.SUBSCRIBER) in roles


def test_rules_are_the_same_in_whatever_order() -> None:
    acls = server_acls()
    assert are_same(acls, acls[::-1])
    assert not are_same(acls, acls[1:])
    assert not are_same(acls, [{**acls[0], "allow": False}, *acls[1:]])
    assert not are_same(acls, [{**acls[0], "topic": "#"}, *acls[1:]])
