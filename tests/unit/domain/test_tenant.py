"""Tenants: legal ids and prefixes."""

import pytest

from app.domain.errors import InvalidInput
from app.domain.tenant import RESERVED_TENANT_IDS, TenantStatus, new_tenant
from app.domain.tenant_configuration import TenantConfiguration
from tests.builders import NOON

DEFAULTS = TenantConfiguration()


@pytest.mark.parametrize("tenant_id", ["a", "0", "tenant-123", "a_b", "a" * 48])
def test_a_legal_id_names_a_database(tenant_id: str) -> None:
    tenant = new_tenant(tenant_id, "Name", [], DEFAULTS, NOON)
    assert tenant.database_name == f"ocpp_{tenant_id}"
    assert len(tenant.database_name) < 64
    assert tenant.status is TenantStatus.ACTIVE


@pytest.mark.parametrize(
    "tenant_id",
    ["", "A", "-a", "_a", "a.b", "a/b", "a b", "ä", "a\n", "a" * 49, *sorted(RESERVED_TENANT_IDS)],
)
def test_an_illegal_or_reserved_id_is_refused(tenant_id: str) -> None:
    """`platform` would share the platform's own database."""
    with pytest.raises(InvalidInput) as refused:
        new_tenant(tenant_id, "Name", [], DEFAULTS, NOON)
    assert list(refused.value.problems) == ["id"]


@pytest.mark.parametrize("prefix", ["", "a/b", "a+", "#", "a\x00", "a\x7f", "x" * 65])
def test_a_prefix_that_no_identity_can_have_is_refused(prefix: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        new_tenant("acme", "Name", ["OK-", prefix], DEFAULTS, NOON)
    assert list(refused.value.problems) == ["charge_point_prefix"]


def test_all_wrong_fields_of_a_new_tenant_are_named_at_once() -> None:
    with pytest.raises(InvalidInput) as refused:
        new_tenant("NO", "  ", ["/"], DEFAULTS, NOON)
    assert set(refused.value.problems) == {"id", "name", "charge_point_prefix"}
