"""Contract of `TenantRepository`."""

from dataclasses import replace

import pytest

from app.domain.errors import Conflict
from app.domain.tenant import Tenant, TenantConfiguration, TenantStatus, configured
from app.services.ports import PageRequest
from app.storage.mongo import Databases
from tests.builders import a_tenant
from tests.contract.stores import Stores


def another(stores: Stores, suffix: str = "a", prefixes: tuple[str, ...] = ()) -> Tenant:
    return a_tenant(f"t{stores.unique}{suffix}", prefixes)


def test_what_was_inserted_is_found_whole(stores: Stores) -> None:
    settings = {"data_transfer_vendors": {"v": ["a"]}, "heartbeat_interval": 10, "queue_enabled": False}
    tenant = replace(
        another(stores, "a", (f"{stores.unique}-", f"{stores.unique} ä")),
        configuration=configured(TenantConfiguration(), settings),
        status=TenantStatus.SUSPENDED,
    )
    stores.tenants.insert(tenant)
    assert stores.tenants.find(tenant.id) == tenant
    assert tenant in stores.tenants.all()
    assert stores.tenants.find(f"x{stores.unique}") is None


def test_every_change_raises_the_version(stores: Stores) -> None:
    versions = [stores.tenants.version()]
    tenant = another(stores)
    stores.tenants.insert(tenant)
    versions.append(stores.tenants.version())
    stores.tenants.replace(replace(tenant, name="Other"))
    versions.append(stores.tenants.version())
    assert versions == sorted(set(versions))
    found = stores.tenants.find(tenant.id)
    assert found is not None
    assert found.name == "Other"


def test_an_id_is_taken_once(stores: Stores) -> None:
    stores.tenants.insert(another(stores))
    before = stores.tenants.find(another(stores).id)
    with pytest.raises(Conflict):
        stores.tenants.insert(replace(another(stores), name="Other"))
    assert stores.tenants.find(another(stores).id) == before


def test_a_prefix_belongs_to_one_tenant(stores: Stores) -> None:
    mine = (f"{stores.unique}-A", f"{stores.unique}-B")
    stores.tenants.insert(another(stores, "a", mine))
    with pytest.raises(Conflict):
        stores.tenants.insert(another(stores, "b", (f"{stores.unique}-C", mine[1])))
    assert stores.tenants.find(another(stores, "b").id) is None


def test_many_tenants_may_have_no_prefix(stores: Stores) -> None:
    for suffix in ("a", "b"):
        stores.tenants.insert(another(stores, suffix))
        found = stores.tenants.find(another(stores, suffix).id)
        assert found is not None
        assert found.charge_point_prefixes == ()


def test_a_new_tenant_is_ready_and_empty(stores: Stores) -> None:
    tenant = another(stores)
    stores.tenants.insert(tenant)
    assert stores.sessions.next_transaction_id(tenant.id) == 1
    assert stores.sessions.list_page(tenant.id, PageRequest()).items == ()


def test_preparing_can_be_repeated(stores: Stores) -> None:
    for _ in range(2):
        stores.tenants.prepare()
    assert stores.tenants.find(stores.id) == stores.tenant


@pytest.mark.integration
def test_settings_of_another_version_are_left_alone_and_missing_ones_have_their_default(
    real: Stores, databases: Databases
) -> None:
    databases.platform["tenants"].update_one(
        {"_id": real.id},
        {"$set": {"configuration.from_the_future": 1}, "$unset": {"configuration.api_rate_limit": 1}},
    )
    assert real.tenants.find(real.id) == real.tenant


@pytest.mark.integration
def test_each_tenant_has_a_database_of_its_own(real: Stores, databases: Databases) -> None:
    tenant = another(real)
    real.tenants.insert(tenant)
    names = databases.client.list_database_names()
    assert {f"ocpp_{real.id}", f"ocpp_{tenant.id}"} <= set(names)
