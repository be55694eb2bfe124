"""Firmware images in memory."""

from app.domain.firmware_file import FirmwareFile
from app.services.ports import Page, PageRequest
from tests.fakes.paging import page_of


class FakeFirmwareFileRepository:
    """`FirmwareFileRepository` in memory."""

    def __init__(self) -> None:
        self._images: dict[tuple[str, str], FirmwareFile] = {}

    def insert(self, tenant_id: str, image: FirmwareFile) -> None:
        """A new one."""
        self._images[tenant_id, image.id] = image

    def find(self, tenant_id: str, file_id: str) -> FirmwareFile | None:
        """By id."""
        return self._images.get((tenant_id, file_id))

    def delete(self, tenant_id: str, file_id: str) -> bool:
        """False if there was none."""
        return self._images.pop((tenant_id, file_id), None) is not None

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[FirmwareFile]:
        """Newest first."""
        own = [image for (owner, _), image in self._images.items() if owner == tenant_id]
        return page_of(sorted(own, key=lambda image: (image.created_at, image.id), reverse=True), page)
