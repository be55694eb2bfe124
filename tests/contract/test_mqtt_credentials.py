"""Contract of `MqttCredentialRepository`."""

from dataclasses import replace

import pytest

from app.domain.errors import Conflict
from app.domain.mqtt_access import MqttCredential, MqttRole
from tests.builders import NOON, at
from tests.contract.stores import Stores


def a_credential(stores: Stores, name: str = "billing", **fields: object) -> MqttCredential:
    credential = MqttCredential(
        id=f"{stores.unique}-{name}",
        tenant_id=stores.unique,
        name=name,
        role=MqttRole.INTEGRATOR,
        password_hash="0f" * 32,
        created_at=NOON,
        created_by="user-1",
    )
    return replace(credential, **fields)  # type: ignore[arg-type]


def test_an_account_is_found_by_id_and_username_as_it_is(stores: Stores) -> None:
    made = a_credential(stores, role=MqttRole.SUBSCRIBER, rotated_at=at(1))
    stores.mqtt_credentials.insert(made)
    assert stores.mqtt_credentials.find(stores.unique, made.id) == made
    assert stores.mqtt_credentials.find_by_username(f"{stores.unique}.billing") == made
    assert stores.mqtt_credentials.find(f"{stores.unique}-other", made.id) is None
    assert stores.mqtt_credentials.find(stores.unique, "nobody") is None
    assert stores.mqtt_credentials.find_by_username(f"{stores.unique}.nobody") is None


def test_a_name_is_taken_once_in_each_tenant(stores: Stores) -> None:
    first = a_credential(stores)
    stores.mqtt_credentials.insert(first)
    with pytest.raises(Conflict):
        stores.mqtt_credentials.insert(replace(first, id="another"))
    stores.mqtt_credentials.insert(replace(first, id="another", tenant_id=f"{stores.unique}-other"))
    assert stores.mqtt_credentials.of_tenant(stores.unique) == [first]


def test_those_of_a_tenant_come_in_order_of_name(stores: Stores) -> None:
    made = [a_credential(stores, name) for name in ("zebra", "ant", "mule")]
    for one in (*made, a_credential(stores, "foreign", tenant_id=f"{stores.unique}-other")):
        stores.mqtt_credentials.insert(one)
    assert [one.name for one in stores.mqtt_credentials.of_tenant(stores.unique)] == ["ant", "mule", "zebra"]
    assert {one.id for one in made} <= {one.id for one in stores.mqtt_credentials.all()}


def test_only_the_password_is_replaced(stores: Stores) -> None:
    made, other = a_credential(stores), a_credential(stores, "other")
    stores.mqtt_credentials.insert(made)
    stores.mqtt_credentials.insert(other)
    assert stores.mqtt_credentials.replace_password(made, "aa" * 32, at(1))
    changed = replace(made, password_hash="aa" * 32, rotated_at=at(1))
    assert stores.mqtt_credentials.find(stores.unique, made.id) == changed
    assert stores.mqtt_credentials.find(stores.unique, other.id) == other


def test_what_was_removed_does_not_come_back_nor_take_its_successor_along(stores: Stores) -> None:
    made = a_credential(stores)
    stores.mqtt_credentials.insert(made)
    stores.mqtt_credentials.remove(made)
    assert not stores.mqtt_credentials.replace_password(made, "aa" * 32, at(1))
    assert stores.mqtt_credentials.find(stores.unique, made.id) is None
    successor = replace(made, id=f"{made.id}-2")
    stores.mqtt_credentials.insert(successor)
    stores.mqtt_credentials.remove(made)
    assert not stores.mqtt_credentials.replace_password(made, "aa" * 32, at(1))
    assert stores.mqtt_credentials.find_by_username(made.username) == successor
