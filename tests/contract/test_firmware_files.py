"""Contract of FirmwareFileRepository."""

from app.domain.firmware_file import FirmwareFile
from app.services.ports import PageRequest
from tests.builders import at
from tests.contract.stores import Stores


def insert(stores: Stores, file_id: str, seconds: float = 0, version: str | None = "2.0") -> FirmwareFile:
    image = FirmwareFile(file_id, stores.id, "fw.bin", version, 5, "ab" * 32, at(seconds), "user-1", "0" * 32)
    stores.firmware_files.insert(stores.id, image)
    return image


def test_an_image_comes_back_whole(stores: Stores) -> None:
    made, nameless = insert(stores, "fw-1"), insert(stores, "fw-2", version=None)
    assert stores.firmware_files.find(stores.id, "fw-1") == made
    assert stores.firmware_files.find(stores.id, "fw-2") == nameless
    assert stores.firmware_files.find("t-without-any", "fw-1") is None


def test_what_is_deleted_is_gone(stores: Stores) -> None:
    insert(stores, "fw-1")
    assert stores.firmware_files.delete("t-without-any", "fw-1") is False
    assert stores.firmware_files.delete(stores.id, "fw-1") is True
    assert stores.firmware_files.delete(stores.id, "fw-1") is False
    assert stores.firmware_files.find(stores.id, "fw-1") is None


def test_the_newest_comes_first(stores: Stores) -> None:
    for number in range(3):
        insert(stores, f"fw-{number}", number)
    first = stores.firmware_files.list_page(stores.id, PageRequest(limit=2))
    rest = stores.firmware_files.list_page(stores.id, PageRequest(limit=2, cursor=first.next_cursor))
    assert [image.id for image in (*first.items, *rest.items)] == ["fw-2", "fw-1", "fw-0"]
