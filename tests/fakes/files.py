"""A file store in memory."""

import hashlib
import io
from collections.abc import Iterable
from typing import BinaryIO

from app.domain.errors import NotFound, TooLarge
from app.services.files import StoredFile


class FakeFileStore:
    """`FileStore` in memory; what it holds is in `contents`."""

    def __init__(self, max_bytes: int = 10_000_000) -> None:
        self.max_bytes = max_bytes
        self.contents: dict[tuple[str, str], bytes] = {}
        self._made = 0

    def save(self, tenant_id: str, content: Iterable[bytes]) -> StoredFile:
        """All of it or nothing."""
        whole = b""
        for chunk in content:
            whole += chunk
            if len(whole) > self.max_bytes:
                raise TooLarge(f"A file may have at most {self.max_bytes} bytes.")
        self._made += 1
        key = f"{self._made:032x}"
        self.contents[tenant_id, key] = whole
        return StoredFile(key, len(whole), hashlib.sha256(whole).hexdigest())

    def open(self, tenant_id: str, key: str) -> BinaryIO:
        """Raises NotFound."""
        if (tenant_id, key) not in self.contents:
            raise NotFound("The file is not here any more.")
        return io.BytesIO(self.contents[tenant_id, key])

    def delete(self, tenant_id: str, key: str) -> None:
        """Harmless if it is not there."""
        self.contents.pop((tenant_id, key), None)

    def remove_all(self, tenant_id: str) -> None:
        """Of a tenant that goes."""
        self.contents = {key: content for key, content in self.contents.items() if key[0] != tenant_id}
