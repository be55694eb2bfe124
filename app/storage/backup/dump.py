"""Writes a backup."""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.database import Database
from pymongo.read_concern import ReadConcern

from app.clock import SystemClock
from app.domain.errors import Conflict, NotFound
from app.domain.tenant import database_name
from app.storage import api_keys, mqtt_credentials, outbox, sessions, tenants, users
from app.storage.backup.manifest import FORMAT, BackupFile, Manifest, Progress, sha256_of, told_at
from app.storage.backup.pairs import readings_of_nobody, sessions_with_readings
from app.storage.certificates import SIGNED
from app.storage.charge_points import NAME as CHARGE_POINTS
from app.storage.counters import NAME as COUNTERS
from app.storage.leases import NAME as LEASES
from app.storage.meter_values import NAME as METER_VALUES
from app.storage.migrations import NEWEST, check_schema
from app.storage.mongo import PLATFORM_DATABASE, Databases, store_errors

_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
_LAST = (outbox.NAME, CHARGE_POINTS, COUNTERS)
"""Read in this order after all others: an event is in its document or, later, in the outbox; what refers to a
charge point is older than it; and every number that was given out is counted."""
_OF_A_TENANT = (users.NAME, api_keys.NAME, mqtt_credentials.NAME, SIGNED)
"""What a tenant has in the platform's database, beside itself."""
_TELL_EVERY = 1000


def dump(databases: Databases, folder: Path, tenant_id: str | None, progress: Progress) -> Manifest:
    """Write all databases, or all that is one tenant's, into a new folder that only this user can read.

    Raises Conflict (the folder is there; databases of another schema), NotFound (no such tenant), Retryable.
    """
    if folder.exists():
        raise Conflict(f"{folder} is there already; give the name of a new folder.")
    if not check_schema(databases):
        raise Conflict("The databases are of an earlier version; run `python -m app.cli migrate` first.")
    ids = _tenants_of(databases, tenant_id)
    draft = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    clock = SystemClock()
    started_at = clock.now()
    writer = _Writer(databases, draft, progress)
    files = [file for one in ids for file in writer.tenant(one)]
    files += writer.platform(tenant_id)
    manifest = Manifest(
        FORMAT, NEWEST, tenant_id, tuple(ids), told_at(started_at), told_at(clock.now()), tuple(files)
    )
    manifest.write(draft)
    draft.rename(folder)
    return manifest


def _tenants_of(databases: Databases, tenant_id: str | None) -> list[str]:
    query = {} if tenant_id is None else {"_id": tenant_id}
    with store_errors():
        ids = sorted(found["_id"] for found in databases.platform[tenants.NAME].find(query, {"_id": 1}))
    if tenant_id is not None and not ids:
        raise NotFound(f"There is no tenant '{tenant_id}'.")
    return ids


class _Writer:
    """One file after the other; only what a majority has is read, so nothing that may be rolled back."""

    def __init__(self, databases: Databases, folder: Path, progress: Progress) -> None:
        self._databases = databases
        self._folder = folder
        self._progress = progress

    def tenant(self, tenant_id: str) -> Iterator[BackupFile]:
        """Sessions and their readings first, together; then the rest in the order that `_LAST` explains."""
        database = self._raw(database_name(tenant_id))
        with store_errors():
            there = set(database.list_collection_names())
        paired = {sessions.NAME, METER_VALUES}
        if there & paired:
            yield from self._paired(database)
        others = sorted(there - paired - set(_LAST))
        for name in [*others, *(name for name in _LAST if name in there)]:
            yield self._write(database, name, database[name].find())

    def platform(self, tenant_id: str | None) -> Iterator[BackupFile]:
        """All but leases; of one tenant, itself and what is its own. After the tenants' databases."""
        database = self._raw(PLATFORM_DATABASE)
        with store_errors():
            there = sorted(set(database.list_collection_names()) - {LEASES})
        for name in there:
            if tenant_id is None:
                yield self._write(database, name, database[name].find())
            elif name == tenants.NAME:
                yield self._write(database, name, database[name].find({"_id": tenant_id}))
            elif name in _OF_A_TENANT:
                yield self._write(database, name, database[name].find({"tenant_id": tenant_id}))

    def _raw(self, name: str) -> Database[Any]:
        return self._databases.client.get_database(
            name, codec_options=_RAW, read_concern=ReadConcern("majority")
        )

    def _paired(self, database: Database[RawBSONDocument]) -> Iterator[BackupFile]:
        """Two files at once."""
        readings = _Output(self._folder, database.name, METER_VALUES, self._progress)
        of_sessions = _Output(self._folder, database.name, sessions.NAME, self._progress)
        with store_errors():
            for some, theirs in sessions_with_readings(database):
                of_sessions.write(some)
                readings.write(theirs)
            readings.write(readings_of_nobody(database))
        yield of_sessions.close()
        yield readings.close()

    def _write(
        self, database: Database[RawBSONDocument], name: str, documents: Iterable[RawBSONDocument]
    ) -> BackupFile:
        output = _Output(self._folder, database.name, name, self._progress)
        with store_errors():
            output.write(documents)
        return output.close()


class _Output:
    """One collection's file."""

    def __init__(self, folder: Path, database: str, collection: str, progress: Progress) -> None:
        self._place = (database, collection)
        self._progress = progress
        self._relative = f"{database}/{collection}.bson"
        self._path = folder / self._relative
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        self._path.touch(mode=0o600)
        self._file = self._path.open("wb")
        self._documents = 0

    def write(self, documents: Iterable[RawBSONDocument] | Sequence[Any]) -> None:
        """As the server sent them."""
        for document in documents:
            self._file.write(document.raw)
            self._documents += 1
            if self._documents % _TELL_EVERY == 0:
                self._progress(self._relative, _TELL_EVERY)

    def close(self) -> BackupFile:
        """What stands in the manifest of it."""
        self._file.close()
        size = self._path.stat().st_size
        return BackupFile(*self._place, self._relative, self._documents, size, sha256_of(self._path))
