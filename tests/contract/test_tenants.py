"""Contract of `TenantRepository`."""

from dataclasses import replace

import pytest

from app.domain.charge_point import ChargePoint
from app.domain.errors import Conflict
from app.domain.tenant import Tenant, TenantStatus
from app.domain.tenant_configuration import TenantConfiguration, configured
from app.services.ports import PageRequest
from app.storage.mongo import Databases
from app.storage.tenant_data import MongoTenantData
from tests.builders import NOON, a_tenant
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


def test_only_the_newest_revision_can_be_replaced(stores: Stores) -> None:
    tenant = another(stores)
    stores.tenants.insert(tenant)
    assert stores.tenants.replace(replace(tenant, name="First")) is True
    assert stores.tenants.replace(replace(tenant, name="Late")) is False
    found = stores.tenants.find(tenant.id)
    assert found is not None
    assert (found.name, found.revision) == ("First", 1)
    version = stores.tenants.version()
    assert stores.tenants.replace(replace(another(stores, "nobody"), name="x")) is False
    assert stores.tenants.version() == version, "nothing changed"


def test_a_change_cannot_take_a_prefix(stores: Stores) -> None:
    mine, theirs = another(stores, "a", (f"{stores.unique}-A",)), another(stores, "b")
    stores.tenants.insert(mine)
    stores.tenants.insert(theirs)
    with pytest.raises(Conflict):
        stores.tenants.replace(replace(theirs, charge_point_prefixes=mine.charge_point_prefixes))
    assert stores.tenants.find(theirs.id) == theirs
    assert stores.tenants.replace(replace(mine, charge_point_prefixes=())) is True
    assert stores.tenants.replace(replace(theirs, charge_point_prefixes=mine.charge_point_prefixes)) is True


def test_when_it_goes_is_kept(stores: Stores) -> None:
    tenant = replace(another(stores), status=TenantStatus.DELETING, delete_at=NOON)
    stores.tenants.insert(tenant)
    assert stores.tenants.find(tenant.id) == tenant


def test_tenants_are_listed_by_status_page_by_page(stores: Stores) -> None:
    for suffix in ("a", "b"):
        stores.tenants.insert(replace(another(stores, suffix), status=TenantStatus.DELETING))
    stores.tenants.insert(another(stores, "c"))
    deleting, cursor = [], None
    while True:
        page = stores.tenants.list_page(PageRequest(1, cursor, {"status": "deleting"}))
        deleting += [tenant.id for tenant in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    ours = [tenant_id for tenant_id in deleting if stores.unique in tenant_id]
    assert ours == [another(stores, "a").id, another(stores, "b").id]


def test_a_removed_tenant_is_gone_with_its_data_and_its_id_is_free(stores: Stores) -> None:
    tenant = another(stores, "a", (f"{stores.unique}-",))
    stores.tenants.insert(tenant)
    version = stores.tenants.version()
    stores.tenants.remove(tenant.id)
    stores.tenants.remove(tenant.id)
    assert stores.tenants.find(tenant.id) is None
    assert stores.tenants.version() > version
    stores.tenants.insert(tenant)


def test_its_database_is_dropped(real: Stores, databases: Databases) -> None:
    tenant = another(real)
    real.tenants.insert(tenant)
    real.charge_points.insert(ChargePoint(tenant.id, "CP-1", None))
    real.tenants.remove(tenant.id)
    assert tenant.database_name not in databases.client.list_database_names()


def test_everything_of_a_tenant_is_read_for_its_export(real: Stores, databases: Databases) -> None:
    real.charge_points.insert(ChargePoint(real.id, "CP-1", None))
    found = list(MongoTenantData(databases).documents(real.id))
    assert [(kind, document["_id"]) for kind, document in found] == [
        ("tenant", real.id),
        ("charge_points", "CP-1"),
    ]
