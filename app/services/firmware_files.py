"""Firmware images: uploaded by operators, fetched by charge points."""

from collections.abc import Iterable
from typing import BinaryIO, Protocol
from uuid import uuid4

from app.domain.errors import InvalidInput, NotFound
from app.domain.firmware_file import FILE_NAME, FirmwareFile
from app.services.files import FileStore
from app.services.ports import Clock, Page, PageRequest

MAX_VERSION = 50  # as long as BootNotification's firmwareVersion


class FirmwareFileRepository(Protocol):
    """What is known of a tenant's images; their contents are in the file store."""

    def insert(self, tenant_id: str, image: FirmwareFile) -> None: ...

    def find(self, tenant_id: str, file_id: str) -> FirmwareFile | None: ...

    def delete(self, tenant_id: str, file_id: str) -> bool:
        """False if there was none."""
        ...

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[FirmwareFile]:
        """Newest first."""
        ...


class FirmwareFileService:
    """Use cases of firmware images."""

    def __init__(self, images: FirmwareFileRepository, store: FileStore, clock: Clock) -> None:
        self._images = images
        self._store = store
        self._clock = clock

    def add(
        self, tenant_id: str, name: str, version: str | None, content: Iterable[bytes], created_by: str
    ) -> FirmwareFile:
        """Keep an image. Raises InvalidInput (name, version, no content), TooLarge."""
        problems = {}
        if not FILE_NAME.fullmatch(name):
            problems["name"] = ["Use 1 to 100 letters, digits, '.', '_' and '-', beginning with no sign."]
        if version is not None and not 1 <= len(version) <= MAX_VERSION:
            problems["version"] = [f"Use 1 to {MAX_VERSION} characters."]
        if problems:
            raise InvalidInput("The firmware file is not valid.", problems=problems)
        stored = self._store.save(tenant_id, content)
        if not stored.size:
            self._store.delete(tenant_id, stored.key)
            raise InvalidInput("The file is empty.", problems={"body": ["Send the file as the body."]})
        image = FirmwareFile(
            id=f"fw-{uuid4().hex[:16]}",
            tenant_id=tenant_id,
            name=name,
            version=version,
            size=stored.size,
            sha256=stored.sha256,
            created_at=self._clock.now(),
            created_by=created_by,
            key=stored.key,
        )
        self._images.insert(tenant_id, image)
        return image

    def find(self, tenant_id: str, file_id: str) -> FirmwareFile | None:
        """None if there is none."""
        return self._images.find(tenant_id, file_id)

    def get(self, tenant_id: str, file_id: str) -> FirmwareFile:
        """Raises NotFound."""
        image = self.find(tenant_id, file_id)
        if image is None:
            raise NotFound(f"There is no firmware file '{file_id}'.")
        return image

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[FirmwareFile]:
        """Newest first."""
        return self._images.list_page(tenant_id, page)

    def open(self, image: FirmwareFile) -> BinaryIO:
        """Its content. Raises NotFound."""
        return self._store.open(image.tenant_id, image.key)

    def delete(self, tenant_id: str, file_id: str) -> None:
        """Links to it lead nowhere from now on. Raises NotFound."""
        image = self.get(tenant_id, file_id)
        if not self._images.delete(tenant_id, file_id):
            raise NotFound(f"There is no firmware file '{file_id}'.")
        self._store.delete(tenant_id, image.key)
