"""A file store in a folder of this machine, or one that several machines share.

`<folder>/<tenant id>/<key>`: keys are random and made here, so no path ever comes from what a user sends.
"""

import hashlib
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from app.domain.errors import NotFound, Retryable, TooLarge
from app.domain.tenant import TENANT_ID
from app.services.files import StoredFile

_KEY = re.compile(r"[0-9a-f]{32}")
_DRAFT = ".draft-"


class LocalFolder:
    """Port `FileStore`. A file appears whole or not at all: it is written beside its place, then renamed."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes

    def save(self, tenant_id: str, content: Iterable[bytes]) -> StoredFile:
        """Stream into a new file. Raises TooLarge, Retryable; leaves nothing behind then."""
        place = self._place(tenant_id)
        with _disk_errors():
            place.mkdir(parents=True, exist_ok=True)
            handle, draft = tempfile.mkstemp(dir=place, prefix=_DRAFT)  # mode 0600
        try:
            with os.fdopen(handle, "wb") as file:
                size, sha256 = self._write(file, content)
            key = secrets.token_hex(16)
            with _disk_errors():
                Path(draft).rename(place / key)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
        return StoredFile(key, size, sha256)

    def _write(self, file: IO[bytes], content: Iterable[bytes]) -> tuple[int, str]:
        digest, size = hashlib.sha256(), 0
        for chunk in content:
            size += len(chunk)
            if size > self._max_bytes:
                raise TooLarge(f"A file may have at most {self._max_bytes} bytes.")
            digest.update(chunk)
            with _disk_errors():
                file.write(chunk)
        with _disk_errors():
            file.flush()
            os.fsync(file.fileno())
        return size, digest.hexdigest()

    def open(self, tenant_id: str, key: str) -> BinaryIO:
        """A seekable reader. Raises NotFound."""
        path = self._path(tenant_id, key)
        with _disk_errors():
            try:
                return path.open("rb")
            except FileNotFoundError as gone:
                raise NotFound("The file is not here any more.") from gone

    def delete(self, tenant_id: str, key: str) -> None:
        """Harmless if it is not there."""
        with _disk_errors():
            self._path(tenant_id, key).unlink(missing_ok=True)

    def remove_all(self, tenant_id: str) -> None:
        """Every file of a tenant that goes."""
        with _disk_errors():
            if self._place(tenant_id).exists():
                shutil.rmtree(self._place(tenant_id))

    def _place(self, tenant_id: str) -> Path:
        if not TENANT_ID.fullmatch(tenant_id):
            raise ValueError(f"{tenant_id!r} is no tenant id.")
        return self._folder / tenant_id

    def _path(self, tenant_id: str, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key!r} is no key of this store.")
        return self._place(tenant_id) / key


@contextmanager
def _disk_errors() -> Iterator[None]:
    """A full or missing disk is a failing store, not a mistake of the caller."""
    try:
        yield
    except OSError as failure:
        raise Retryable(f"FILES_DIR: {type(failure).__name__}: {failure}") from failure
