"""Charging profiles in MongoDB: what is installed, one document each, and the templates."""

from collections.abc import Sequence

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from app.domain.charging_profile import InstalledProfile, ProfileTemplate, as_fields, profile_of
from app.domain.context import ChargePointRef
from app.services.ports import Page, PageRequest
from app.storage.counters import CHARGING_PROFILE_ID, Counters
from app.storage.mongo import Databases, Document, store_errors
from app.storage.paging import read_page

NAME = "installed_profiles"
TEMPLATES = "profile_templates"


def _installed_of(document: Document) -> InstalledProfile:
    return InstalledProfile(
        document["tenant_id"],
        document["charge_point_id"],
        document["connector_id"],
        profile_of(document["profile"]),
        document["installed_at"],
        document["command_id"],
        document["template"],
    )


class MongoChargingProfiles:
    """Port `ChargingProfileRepository`. `_id` is the profile's id and the charge point's."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self._counters = Counters(databases, block=1)

    def _collection(self, tenant_id: str) -> Collection[Document]:
        return self._databases.collection(tenant_id, NAME)

    def next_charging_profile_id(self, tenant_id: str) -> int:
        """From the tenant's counter."""
        return self._counters.next_value(tenant_id, CHARGING_PROFILE_ID)

    def installed(self, ref: ChargePointRef) -> list[InstalledProfile]:
        """Sorted here: there are a handful."""
        with store_errors():
            found = self._collection(ref.tenant_id).find({"charge_point_id": ref.charge_point_id})
            profiles = [_installed_of(document) for document in found]
        return sorted(profiles, key=_order)

    def put(self, installed: InstalledProfile) -> None:
        """Insert or replace."""
        document = {
            "tenant_id": installed.tenant_id,
            "charge_point_id": installed.charge_point_id,
            "connector_id": installed.connector_id,
            "profile": as_fields(installed.profile),
            "installed_at": installed.installed_at,
            "command_id": installed.command_id,
            "template": installed.template,
        }
        with store_errors():
            self._collection(installed.tenant_id).replace_one({"_id": installed.id}, document, upsert=True)

    def remove(self, ref: ChargePointRef, profile_ids: Sequence[int]) -> None:
        """By the ids of OCPP."""
        query = {
            "charge_point_id": ref.charge_point_id,
            "profile.charging_profile_id": {"$in": list(profile_ids)},
        }
        with store_errors():
            self._collection(ref.tenant_id).delete_many(query)


def _order(one: InstalledProfile) -> tuple[int, str, int, int]:
    profile = one.profile
    return one.connector_id, profile.purpose.value, profile.stack_level, profile.charging_profile_id


class MongoProfileTemplates:
    """Port `ProfileTemplateRepository`. `_id` is the name."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    def _collection(self, tenant_id: str) -> Collection[Document]:
        return self._databases.collection(tenant_id, TEMPLATES)

    def find(self, tenant_id: str, name: str) -> ProfileTemplate | None:
        """By name."""
        with store_errors():
            document = self._collection(tenant_id).find_one({"_id": name})
        return _template_of(document) if document else None

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[ProfileTemplate]:
        """In order of name."""
        return read_page(self._collection(tenant_id), page, _template_of)

    def insert(self, template: ProfileTemplate) -> bool:
        """Once for each name."""
        try:
            with store_errors():
                self._collection(template.tenant_id).insert_one(
                    {"_id": template.name, **_document_of(template)}
                )
        except DuplicateKeyError:
            return False
        return True

    def replace(self, template: ProfileTemplate) -> None:
        """All of it."""
        with store_errors():
            self._collection(template.tenant_id).replace_one({"_id": template.name}, _document_of(template))

    def remove(self, tenant_id: str, name: str) -> None:
        """For good."""
        with store_errors():
            self._collection(tenant_id).delete_one({"_id": name})


def _document_of(template: ProfileTemplate) -> Document:
    return {
        "tenant_id": template.tenant_id,
        "profile": dict(template.profile),
        "created_at": template.created_at,
        "updated_at": template.updated_at,
        "description": template.description,
    }


def _template_of(document: Document) -> ProfileTemplate:
    return ProfileTemplate(
        document["tenant_id"],
        document["_id"],
        document["profile"],
        document["created_at"],
        document["updated_at"],
        document["description"],
    )
