"""What the use cases need for files: a store that streams, and links that expire."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO, Protocol

from app.domain.errors import NotFound, NotPermitted
from app.services.ports import TenantRepository
from app.services.tenants import is_served


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What the store has made of a stream. `key` is the store's own: no part of it comes from a user."""

    key: str
    size: int
    sha256: str


class FileStore(Protocol):
    """Contents of files, by tenant. Raises `Retryable` when the store fails."""

    def save(self, tenant_id: str, content: Iterable[bytes]) -> StoredFile:
        """Keep a stream, all of it or nothing. Raises TooLarge."""
        ...

    def open(self, tenant_id: str, key: str) -> BinaryIO:
        """A seekable reader, so that a part can be read. Raises NotFound."""
        ...

    def delete(self, tenant_id: str, key: str) -> None:
        """Forget it; harmless if it is not there."""
        ...

    def remove_all(self, tenant_id: str) -> None:
        """Forget every file of a tenant that goes."""
        ...


class Purpose(StrEnum):
    """What a link is good for."""

    UPLOAD = "u"
    DOWNLOAD = "d"


@dataclass(frozen=True, slots=True)
class Link:
    """What a signed link allows: an upload to this job, or the download of this firmware file."""

    purpose: Purpose
    tenant_id: str
    subject: str


class FileLinks(Protocol):
    """Signed links that expire."""

    def url(self, link: Link, lifetime_s: int, file_name: str = "") -> str:
        """Where a charge point finds it; without a name it ends with `/` and is a directory."""
        ...

    def read(self, token: str) -> Link:
        """What a token allows. Raises NotPermitted (not ours), Gone (expired)."""
        ...


class LinkService:
    """Links that live as long as their tenant wants."""

    def __init__(self, links: FileLinks, tenants: TenantRepository) -> None:
        self._links = links
        self._tenants = tenants

    def url(self, link: Link, file_name: str = "") -> str:
        """A fresh link. Raises NotFound (tenant)."""
        tenant = self._tenants.find(link.tenant_id)
        if tenant is None:
            raise NotFound(f"There is no tenant '{link.tenant_id}'.")
        return self._links.url(link, tenant.configuration.file_link_s, file_name)

    def read(self, token: str, purpose: Purpose) -> Link:
        """What a token allows. Raises NotPermitted (not ours, not for this, suspended tenant), Gone."""
        link = self._links.read(token)
        if link.purpose is not purpose or not is_served(self._tenants.find(link.tenant_id)):
            raise NotPermitted("This link is not good for that.")
        return link
