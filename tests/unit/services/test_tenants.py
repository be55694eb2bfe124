"""Tenants: found by the longest prefix, followed by version, changed whole or not at all."""

from dataclasses import replace
from typing import Any

import pytest

from app.domain.errors import Conflict, InvalidInput, NotFound, PlatformSetting, Retryable, TenantSuspended
from app.domain.tenant import TenantStatus
from app.domain.tenant_configuration import PLATFORM_SETTINGS, TenantConfiguration
from app.services.tenants import TenantDirectory, TenantService, check_served, is_served
from tests.builders import a_tenant
from tests.fakes.clock import FakeClock
from tests.fakes.tenants import FakeTenantRepository


@pytest.fixture
def repository() -> FakeTenantRepository:
    return FakeTenantRepository()


@pytest.fixture
def service(repository: FakeTenantRepository) -> TenantService:
    return TenantService(repository, FakeClock())


@pytest.fixture
def directory(service: TenantService) -> TenantDirectory:
    """Tenants whose prefixes begin alike."""
    service.create("short", "Short", ["AC"])
    service.create("long", "Long", ["ACME-"])
    service.create("longer", "Longer", ["ACME-EU-", "X"])
    service.create("none", "None")
    service.directory.refresh()
    return service.directory


@pytest.mark.parametrize(
    ("identity", "tenant_id"),
    [
        ("ACME-EU-1", "longer"),
        ("ACME-US-1", "long"),
        ("ACME-EU", "long"),
        ("ACME", "short"),
        ("AC", "short"),
        ("X", "longer"),
        ("X1", "longer"),
        ("ACME-", "long"),
    ],
)
def test_the_longest_prefix_names_the_tenant(
    directory: TenantDirectory, identity: str, tenant_id: str
) -> None:
    found = directory.find_by_identity(identity)
    assert found is not None
    assert found.id == tenant_id


@pytest.mark.parametrize("identity", ["A", "acme-eu-1", "ZACME-1", ""])
def test_who_fits_no_prefix_has_no_tenant(directory: TenantDirectory, identity: str) -> None:
    assert directory.find_by_identity(identity) is None


def test_tenants_are_listed_in_order_of_id(directory: TenantDirectory) -> None:
    assert directory.ids() == ["long", "longer", "none", "short"]
    assert [tenant.id for tenant in directory.all()] == directory.ids()


def test_a_change_is_seen_after_a_refresh_and_read_only_once(
    service: TenantService, repository: FakeTenantRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.create("acme", "Acme")
    assert service.directory.find("acme") is None
    assert service.directory.refresh() is True
    assert service.directory.find("acme") is not None

    def read() -> None:
        raise AssertionError("nothing changed, so nothing is to be read")

    with monkeypatch.context() as watched:
        watched.setattr(repository, "all", read)
        assert service.directory.refresh() is False
    service.configure("acme", {"queue_enabled": False})
    assert service.directory.refresh() is True
    found = service.directory.find("acme")
    assert found is not None
    assert found.configuration.queue_enabled is False


def test_while_the_store_is_down_the_last_known_tenants_stay_in_force(
    directory: TenantDirectory, repository: FakeTenantRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> int:
        raise Retryable("MongoDB: no primary")

    monkeypatch.setattr(repository, "version", fail)
    with pytest.raises(Retryable):
        directory.refresh()
    assert directory.find("long") is not None


def test_a_refresh_that_broke_half_way_is_made_again(
    service: TenantService, repository: FakeTenantRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise Retryable("MongoDB: no primary")

    service.create("acme", "Acme")
    with monkeypatch.context() as broken:
        broken.setattr(repository, "all", fail)
        with pytest.raises(Retryable):
            service.directory.refresh()
    assert service.directory.refresh() is True
    assert service.directory.find("acme") is not None


def test_a_new_tenant_has_the_configuration_it_was_given(service: TenantService) -> None:
    created = service.create("acme", " Acme ", ["A-"], {"heartbeat_interval": 10})
    assert (created.name, created.configuration.heartbeat_interval) == ("Acme", 10)
    assert service.get("acme") == created


def test_id_and_prefix_belong_to_one_tenant(service: TenantService) -> None:
    service.create("acme", "Acme", ["A-"])
    with pytest.raises(Conflict):
        service.create("acme", "Acme again")
    with pytest.raises(Conflict):
        service.create("other", "Other", ["B-", "A-"])


def test_a_wrong_setting_changes_nothing(service: TenantService) -> None:
    before = service.create("acme", "Acme")
    with pytest.raises(InvalidInput):
        service.configure("acme", {"heartbeat_interval": 10, "nonsense": 1})
    assert service.get("acme") == before


def test_nobody_configures_a_tenant_that_is_not_there(service: TenantService) -> None:
    with pytest.raises(NotFound):
        service.configure("nobody", {})


def test_preparing_the_stores_can_be_repeated(
    service: TenantService, repository: FakeTenantRepository
) -> None:
    service.prepare_stores()
    service.prepare_stores()
    assert repository.prepared == 2


def test_only_a_known_tenant_that_is_not_suspended_is_served() -> None:
    tenant = a_tenant()
    assert is_served(tenant)
    assert not is_served(replace(tenant, status=TenantStatus.SUSPENDED))
    assert not is_served(None)


@pytest.mark.parametrize(
    ("identity", "tenant_id"),
    [("acme-eu-1", "longer"), ("Acme-us-1", "long"), ("ACME-EU-1", "longer"), ("x1", "longer"), ("zz", None)],
)
def test_a_prefix_may_be_looked_for_in_any_case(
    directory: TenantDirectory, identity: str, tenant_id: str | None
) -> None:
    """A4."""
    found = directory.find_by_identity_in_any_case(identity)
    assert (found.id if found else None) == tenant_id


def test_prefixes_that_differ_in_case_only_name_nobody_in_any_case(
    service: TenantService, directory: TenantDirectory
) -> None:
    service.create("small", "Small", ["acme-"])
    directory.refresh()
    assert directory.find_by_identity_in_any_case("Acme-1") is not None
    found = directory.find_by_identity_in_any_case("Acme-1")
    assert found is not None
    assert found.id == "short"
    exact = directory.find_by_identity("acme-1")
    assert exact is not None
    assert exact.id == "small"


# --- changes -------------------------------------------------------------------------------------


def test_a_name_and_prefixes_may_change(service: TenantService) -> None:
    service.create("acme", "Acme", ["A-"])
    service.update("acme", name=" Acme Ltd ")
    changed = service.update("acme", prefixes=["A-", "B-"])
    assert (changed.name, changed.charge_point_prefixes) == ("Acme Ltd", ("A-", "B-"))
    assert service.get("acme") == changed


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"name": " "}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"prefixes": ["a/b"]}, "charge_point_prefix"),
        ({"prefixes": ["A-", "A-"]}, "charge_point_prefixes"),
        ({"prefixes": [f"{number}-" for number in range(101)]}, "charge_point_prefixes"),
    ],
)
def test_a_wrong_name_or_prefix_changes_nothing(
    service: TenantService, change: dict[str, Any], named: str
) -> None:
    before = service.create("acme", "Acme", ["A-"])
    with pytest.raises(InvalidInput) as refused:
        service.update("acme", **change)
    assert list(refused.value.problems) == [named]
    assert service.get("acme") == before


def test_a_prefix_of_another_tenant_cannot_be_taken(service: TenantService) -> None:
    service.create("acme", "Acme", ["A-"])
    service.create("beta", "Beta", ["B-"])
    with pytest.raises(Conflict):
        service.update("beta", prefixes=["A-"])


def test_two_changes_at_once_both_count(service: TenantService, repository: FakeTenantRepository) -> None:
    """The second one reads before the first is stored."""
    service.create("acme", "Acme")
    find, rivals = repository.find, [{"command_expiry_s": 5}]

    def find_and_lose(tenant_id: str) -> Any:
        found = find(tenant_id)
        if rivals:
            service.configure("acme", rivals.pop())
        return found

    with pytest.MonkeyPatch.context() as racing:
        racing.setattr(repository, "find", find_and_lose)
        service.configure("acme", {"heartbeat_interval": 10})
    configuration = service.get("acme").configuration
    assert (configuration.heartbeat_interval, configuration.command_expiry_s) == (10, 5)


@pytest.mark.parametrize("name", sorted(PLATFORM_SETTINGS))
def test_a_tenant_does_not_raise_its_own_limits(service: TenantService, name: str) -> None:
    service.create("acme", "Acme")
    value: Any = {"firmware": False} if name == "features" else 7
    with pytest.raises(PlatformSetting, match=name) as refused:
        service.configure("acme", {name: value, "heartbeat_interval": 10}, by_platform=False)
    assert list(refused.value.problems) == [name]
    assert service.get("acme").configuration == TenantConfiguration()
    service.configure("acme", {name: value})
    service.configure("acme", {name: value, "heartbeat_interval": 10}, by_platform=False)
    assert service.get("acme").configuration.heartbeat_interval == 10, "unchanged they may be sent"


@pytest.mark.parametrize("status", [TenantStatus.SUSPENDED, TenantStatus.DELETING])
def test_who_is_not_served_is_told_so(status: TenantStatus) -> None:
    tenant = a_tenant()
    assert check_served(tenant) is tenant
    with pytest.raises(TenantSuspended, match="acme"):
        check_served(replace(tenant, status=status))
