"""The consistency checker, over the stores of these settings."""

import time
from collections.abc import Callable, Mapping
from functools import partial

from app.bootstrap.adapters import Adapters, build_adapters
from app.clock import SystemClock
from app.domain.consistency import USUAL, Disagreement, Patience
from app.domain.tenant import Tenant
from app.services.consistency import Check, ConsistencyService
from app.settings import Settings
from app.storage.consistency import OF_A_TENANT, OF_THE_PLATFORM, Look, PlatformLook
from app.storage.tenants import MongoTenants


def build_consistency(
    adapters: Adapters, note_read: Callable[[int], None] = lambda _number: None
) -> ConsistencyService:
    """`note_read` is told how many documents were read since it was told last."""
    databases, clock = adapters.databases, SystemClock()

    def of_tenant(
        tenant: Tenant, patience: Patience, live_gateways: frozenset[str] | None
    ) -> Mapping[str, Check]:
        look = Look(databases, tenant, clock.now(), patience, live_gateways, note_read)
        return {check.__name__: partial(check, look) for check in OF_A_TENANT}

    def of_platform() -> Mapping[str, Check]:
        look = PlatformLook(databases, clock.now(), note_read)
        return {check.__name__: partial(check, look) for check in OF_THE_PLATFORM}

    return ConsistencyService(MongoTenants(databases), adapters.link, of_tenant, of_platform, time.sleep)


def find_disagreements(
    settings: Settings, tenant_id: str | None = None, patience: Patience = USUAL
) -> list[Disagreement]:
    """All that disagrees on the stores of these settings. Raises NotFound, Retryable."""
    adapters = build_adapters(settings)
    try:
        return list(build_consistency(adapters).find(tenant_id, patience))
    finally:
        adapters.databases.client.close()
