"""Refused identities in memory."""

from collections.abc import Sequence
from dataclasses import replace

from app.services.ports import Page, PageRequest
from app.services.refusals import MAX_REFUSED, RefusedIdentity
from tests.fakes.paging import page_of


class FakeRefusedIdentityRepository:
    """`RefusedIdentityRepository` in memory."""

    def __init__(self) -> None:
        self._listed: dict[tuple[str, str], RefusedIdentity] = {}

    def record(self, tenant_id: str, refused: Sequence[RefusedIdentity]) -> None:
        """Add to the counts; the oldest leave."""
        for one in refused:
            known = self._listed.get((tenant_id, one.identity))
            if known is not None:
                one = replace(one, first_at=known.first_at, count=known.count + one.count)
            self._listed[tenant_id, one.identity] = one
        for one in self._of(tenant_id)[MAX_REFUSED:]:
            self.remove(tenant_id, one.identity)

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[RefusedIdentity]:
        """Newest first."""
        return page_of(self._of(tenant_id), page)

    def remove(self, tenant_id: str, identity: str) -> bool:
        """False if it was not there."""
        return self._listed.pop((tenant_id, identity), None) is not None

    def _of(self, tenant_id: str) -> list[RefusedIdentity]:
        found = [one for (owner, _), one in self._listed.items() if owner == tenant_id]
        return sorted(found, key=lambda one: (one.last_at, one.identity), reverse=True)
