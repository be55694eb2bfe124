"""What is known of firmware images, in MongoDB. Their contents are in the file store."""

from dataclasses import asdict

from pymongo.collection import Collection

from app.domain.firmware_file import FirmwareFile
from app.services.ports import Page, PageRequest
from app.storage.mongo import Databases, Document, members_of, store_errors
from app.storage.paging import read_page

NAME = "firmware_files"


def _image_of(document: Document) -> FirmwareFile:
    return FirmwareFile(id=document["_id"], **members_of(FirmwareFile, document))


class MongoFirmwareFiles:
    """Port `FirmwareFileRepository`."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    def _collection(self, tenant_id: str) -> Collection[Document]:
        return self._databases.collection(tenant_id, NAME)

    def insert(self, tenant_id: str, image: FirmwareFile) -> None:
        """A new one; its id is random."""
        document = asdict(image)
        document["_id"] = document.pop("id")
        with store_errors():
            self._collection(tenant_id).insert_one(document)

    def find(self, tenant_id: str, file_id: str) -> FirmwareFile | None:
        """By id."""
        with store_errors():
            document = self._collection(tenant_id).find_one({"_id": file_id})
        return _image_of(document) if document else None

    def delete(self, tenant_id: str, file_id: str) -> bool:
        """False if there was none."""
        with store_errors():
            return self._collection(tenant_id).delete_one({"_id": file_id}).deleted_count > 0

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[FirmwareFile]:
        """Newest first."""
        return read_page(self._collection(tenant_id), page, _image_of, newest_by="created_at")
