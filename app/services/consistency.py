"""The consistency checker: everything is looked at while the system runs, and what seems wrong once more.

A check reads one document after the other, and somebody may change both sides in between. What is only under
way has moved on by the second look; what is wrong stands there as before.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice

from app.domain.consistency import USUAL, Disagreement, Patience
from app.domain.errors import NotFound, Retryable
from app.domain.tenant import Tenant
from app.services.ports import GatewayLink, TenantRepository

MOST_TOLD = 200
"""Of one check and tenant: what is wrong a million times need not be told a million times."""
LOOK_AGAIN_AFTER_S = 2.0
Check = Callable[[], Iterator[Disagreement]]
ChecksOfTenant = Callable[[Tenant, Patience, frozenset[str] | None], Mapping[str, Check]]


class ConsistencyService:
    """Finds what disagrees; changes nothing.

    `of_tenant` and `of_platform` make the checks, by name. `progress` is told what is being looked at.
    """

    def __init__(
        self,
        tenants: TenantRepository,
        link: GatewayLink,
        of_tenant: ChecksOfTenant,
        of_platform: Callable[[], Mapping[str, Check]],
        pause: Callable[[float], object],
    ) -> None:
        self._tenants = tenants
        self._link = link
        self._of_tenant = of_tenant
        self._of_platform = of_platform
        self._pause = pause

    def find(
        self,
        tenant_id: str | None = None,
        patience: Patience = USUAL,
        progress: Callable[[str, str], None] = lambda _place, _check: None,
    ) -> Iterator[Disagreement]:
        """What is wrong with the platform and all tenants, or with one tenant. Raises NotFound, Retryable."""
        tenants: Sequence[Tenant] = self._tenants.all()
        if tenant_id is not None:
            tenants = [tenant for tenant in tenants if tenant.id == tenant_id]
            if not tenants:
                raise NotFound(f"There is no tenant '{tenant_id}'.")
        else:
            yield from self._confirmed("platform", self._of_platform, progress)
        for tenant in tenants:
            yield from self._confirmed(tenant.id, partial(self._checks, tenant, patience), progress)

    def _checks(self, tenant: Tenant, patience: Patience) -> Mapping[str, Check]:
        return self._of_tenant(tenant, patience, self._live_gateways())

    def _live_gateways(self) -> frozenset[str] | None:
        try:
            return self._link.live_gateways()
        except Retryable:
            return None

    def _confirmed(
        self,
        place: str,
        make: Callable[[], Mapping[str, Check]],
        progress: Callable[[str, str], None],
    ) -> Iterator[Disagreement]:
        doubtful: dict[str, list[Disagreement]] = {}
        for name, check in make().items():
            progress(place, name)
            found = _told_by(name, check)
            if found:
                doubtful[name] = found
        if not doubtful:
            return
        self._pause(LOOK_AGAIN_AFTER_S)
        again = make()
        for name, before in doubtful.items():
            progress(place, name)
            seen = {(one.check, one.subject) for one in before}
            yield from (one for one in _told_by(name, again[name]) if (one.check, one.subject) in seen)


def _told_by(name: str, check: Check) -> list[Disagreement]:
    """What a check finds; one that cannot be made is a finding too. Raises Retryable."""
    found: list[Disagreement] = []
    try:
        found = list(islice(check(), MOST_TOLD + 1))
    except Retryable:
        raise
    except Exception as failure:  # a document that cannot even be read: what the others found still counts
        told = f"It could not be made: {type(failure).__name__}: {failure}"
        return [*found, Disagreement("check_failed", None, name, told)]
    if len(found) > MOST_TOLD:
        found[MOST_TOLD] = replace(found[MOST_TOLD], subject="...", told="And more of these.")
    return found
