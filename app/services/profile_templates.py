"""Templates of charging profiles: a tenant's own, by name."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from app.domain.charging_profile import ProfileTemplate, as_fields, profile_of
from app.domain.charging_profile_check import Use, problems_of
from app.domain.errors import Conflict, InvalidInput, NotFound
from app.services.ports import Clock, Page, PageRequest


class ProfileTemplateRepository(Protocol):
    """Templates of a tenant."""

    def find(self, tenant_id: str, name: str) -> ProfileTemplate | None: ...

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[ProfileTemplate]:
        """In order of name."""
        ...

    def insert(self, template: ProfileTemplate) -> bool:
        """False if the name is taken."""
        ...

    def replace(self, template: ProfileTemplate) -> None: ...

    def remove(self, tenant_id: str, name: str) -> None: ...


class ProfileTemplateService:
    """Use cases of templates. Changing one changes nothing that was installed from it."""

    def __init__(self, templates: ProfileTemplateRepository, clock: Clock) -> None:
        self._templates = templates
        self._clock = clock

    def get(self, tenant_id: str, name: str) -> ProfileTemplate:
        """Raises NotFound."""
        found = self._templates.find(tenant_id, name)
        if found is None:
            raise NotFound(f"There is no charging profile template '{name}'.")
        return found

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[ProfileTemplate]:
        """In order of name."""
        return self._templates.list_page(tenant_id, page)

    def create(
        self, tenant_id: str, name: str, profile: Mapping[str, Any], description: str | None = None
    ) -> ProfileTemplate:
        """Raises InvalidInput, Conflict (the name is taken)."""
        now = self._clock.now()
        made = ProfileTemplate(tenant_id, name, _checked(profile), now, now, description)
        if not self._templates.insert(made):
            raise Conflict(f"There is a charging profile template '{name}' already.")
        return made

    def change(
        self, tenant_id: str, name: str, profile: Mapping[str, Any], description: str | None = None
    ) -> ProfileTemplate:
        """Raises NotFound, InvalidInput."""
        known = self.get(tenant_id, name)
        changed = replace(
            known, profile=_checked(profile), description=description, updated_at=self._clock.now()
        )
        self._templates.replace(changed)
        return changed

    def remove(self, tenant_id: str, name: str) -> None:
        """Raises NotFound."""
        self.get(tenant_id, name)
        self._templates.remove(tenant_id, name)


def _checked(profile: Mapping[str, Any]) -> dict[str, Any]:
    """As it will be stored: exact limits, times in UTC. InvalidInput names each problem under `profile`."""
    problems = problems_of(profile, Use.TEMPLATE)
    if problems:
        named = {f"profile.{path}": sentences for path, sentences in problems.items()}
        raise InvalidInput("The charging profile is not valid.", problems=named)
    fields = as_fields(profile_of(profile))
    del fields["charging_profile_id"]
    return fields
