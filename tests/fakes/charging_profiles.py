"""Charging profiles in memory: installed ones and templates."""

from collections.abc import Sequence

from app.domain.charging_profile import InstalledProfile, ProfileTemplate
from app.domain.context import ChargePointRef
from app.services.ports import Page, PageRequest
from tests.fakes.paging import page_of


class FakeChargingProfileRepository:
    """`ChargingProfileRepository` in memory."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], InstalledProfile] = {}
        self._numbers: dict[str, int] = {}

    def next_charging_profile_id(self, tenant_id: str) -> int:
        """1, 2, 3, ... per tenant."""
        self._numbers[tenant_id] = self._numbers.get(tenant_id, 0) + 1
        return self._numbers[tenant_id]

    def installed(self, ref: ChargePointRef) -> list[InstalledProfile]:
        """By connector, purpose and stack level."""
        found = [one for one in self._known.values() if one.charge_point == ref]
        return sorted(
            found,
            key=lambda one: (
                one.connector_id,
                one.profile.purpose.value,
                one.profile.stack_level,
                one.profile.charging_profile_id,
            ),
        )

    def put(self, installed: InstalledProfile) -> None:
        """Insert or replace."""
        self._known[installed.tenant_id, installed.id] = installed

    def remove(self, ref: ChargePointRef, profile_ids: Sequence[int]) -> None:
        """By the ids of OCPP."""
        for one in self.installed(ref):
            if one.profile.charging_profile_id in profile_ids:
                del self._known[ref.tenant_id, one.id]


class FakeProfileTemplateRepository:
    """`ProfileTemplateRepository` in memory."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], ProfileTemplate] = {}

    def find(self, tenant_id: str, name: str) -> ProfileTemplate | None:
        """By name."""
        return self._known.get((tenant_id, name))

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[ProfileTemplate]:
        """In order of name."""
        found = [one for (owner, _), one in self._known.items() if owner == tenant_id]
        return page_of(sorted(found, key=lambda one: one.name), page)

    def insert(self, template: ProfileTemplate) -> bool:
        """Once for each name."""
        key = (template.tenant_id, template.name)
        if key in self._known:
            return False
        self._known[key] = template
        return True

    def replace(self, template: ProfileTemplate) -> None:
        """All of it."""
        self._known[template.tenant_id, template.name] = template

    def remove(self, tenant_id: str, name: str) -> None:
        """For good."""
        self._known.pop((tenant_id, name), None)
