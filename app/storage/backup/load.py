"""Restores a backup."""

from collections.abc import Iterator
from pathlib import Path

from bson import decode_file_iter
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

from app.domain.errors import Conflict, InvalidInput
from app.domain.tenant import database_name
from app.storage import tenants
from app.storage.backup.manifest import BackupFile, Manifest, Progress, verify
from app.storage.backup.settle import settle_tenant
from app.storage.counters import NAME as COUNTERS
from app.storage.migrations import migrate, prepare_tenant
from app.storage.mongo import PLATFORM_DATABASE, Databases, store_errors

_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
_MOST, _MOST_BYTES = 500, 4_000_000


def load(databases: Databases, folder: Path, manifest: Manifest, progress: Progress, *, force: bool) -> None:
    """Put back what the backup holds. Nothing is touched before every file is found to be whole.

    A whole installation takes the place of all that is there, a tenant that of this tenant; without `force`
    only where there is nothing. Databases come before the platform's: a tenant is known when it is complete.
    Raises InvalidInput (damaged), Conflict (something is there; a prefix is taken), Retryable.
    """
    verify(folder, manifest, progress)
    there = _in_the_way(databases, manifest)
    if there and not force:
        raise Conflict(f"There is something already: {', '.join(there)}. Replace it with --force.")
    _check_prefixes(databases, folder, manifest)
    _clear(databases, manifest, there)
    of_platform = [file for file in manifest.files if file.database == PLATFORM_DATABASE]
    for file in manifest.files:
        if file.database != PLATFORM_DATABASE:
            _insert(databases, folder, file, progress)
    for tenant_id in manifest.tenant_ids:
        prepare_tenant(databases, tenant_id)
        settle_tenant(databases, tenant_id)
    for file in sorted(of_platform, key=lambda file: file.collection == tenants.NAME):
        _insert(databases, folder, file, progress)
    with store_errors():
        databases.platform[COUNTERS].update_one(
            {"_id": "tenants_version"}, {"$inc": {"value": 1}}, upsert=True
        )
    migrate(databases, progress)


def _in_the_way(databases: Databases, manifest: Manifest) -> list[str]:
    """Databases that would be replaced, and a tenant that is known."""
    wanted = {database_name(tenant_id) for tenant_id in manifest.tenant_ids}
    with store_errors():
        there = set(databases.client.list_database_names())
        if manifest.tenant_id is not None:
            known = databases.platform[tenants.NAME].find_one({"_id": manifest.tenant_id})
            return sorted(there & wanted) or ([f"the tenant {manifest.tenant_id}"] if known else [])
        tenants_there = any(True for _ in databases.platform[tenants.NAME].find({}, {"_id": 1}).limit(1))
    ours = {name for name in there if name.startswith(database_name("")) and name != PLATFORM_DATABASE}
    return sorted(ours) or ([PLATFORM_DATABASE] if tenants_there else [])


def _check_prefixes(databases: Databases, folder: Path, manifest: Manifest) -> None:
    """A tenant's prefixes are its own also where it moves to. Raises Conflict."""
    if manifest.tenant_id is None:
        return
    (file,) = (file for file in manifest.files if file.collection == tenants.NAME)
    with (folder / file.path).open("rb") as content:
        prefixes = next(decode_file_iter(content)).get("charge_point_prefixes", [])
    taken = {"_id": {"$ne": manifest.tenant_id}, "charge_point_prefixes": {"$in": prefixes}}
    with store_errors():
        other = databases.platform[tenants.NAME].find_one(taken)
    if other is not None:
        raise Conflict(f"The tenant '{other['_id']}' has the same charge point prefix.")


def _clear(databases: Databases, manifest: Manifest, there: list[str]) -> None:
    """What the backup takes the place of. The platform first: what is half-restored is known to nobody."""
    with store_errors():
        for file in manifest.files:
            if file.database == PLATFORM_DATABASE:
                collection = databases.platform[file.collection]
                if manifest.tenant_id is None:
                    collection.delete_many({})
                elif file.collection == tenants.NAME:
                    collection.delete_many({"_id": manifest.tenant_id})
                else:
                    collection.delete_many({"tenant_id": manifest.tenant_id})
        for name in there:
            if name.startswith(database_name("")) and name != PLATFORM_DATABASE:
                databases.client.drop_database(name)


def _insert(databases: Databases, folder: Path, file: BackupFile, progress: Progress) -> None:
    collection = databases.client.get_database(file.database, codec_options=_RAW)[file.collection]
    count = 0
    with (folder / file.path).open("rb") as content:
        for part in _parts(decode_file_iter(content, _RAW)):
            with store_errors():
                collection.insert_many(part)
            count += len(part)
            progress(file.path, len(part))
    if count != file.documents:
        raise InvalidInput(f"{file.path} holds {count} documents, and should hold {file.documents}.")


def _parts(documents: Iterator[RawBSONDocument]) -> Iterator[list[RawBSONDocument]]:
    part: list[RawBSONDocument] = []
    size = 0
    for document in documents:
        part.append(document)
        size += len(document.raw)
        if len(part) == _MOST or size > _MOST_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part
