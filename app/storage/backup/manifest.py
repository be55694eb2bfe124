"""What a backup holds, and whether it still does."""

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import orjson

from app.domain.errors import Conflict, InvalidInput, NotFound

NAME = "manifest.json"
FORMAT = 1
_PIECE = 1 << 20
Progress = Callable[[str, int], None]
"""Told a place, and how many documents or files it is further."""


@dataclass(frozen=True, slots=True)
class BackupFile:
    """One collection. `path` is within the backup."""

    database: str
    collection: str
    path: str
    documents: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """`tenant_id` None: a whole installation. `schema` is that of the newest of its databases."""

    format: int
    schema: int
    tenant_id: str | None
    tenant_ids: tuple[str, ...]
    started_at: str
    finished_at: str
    files: tuple[BackupFile, ...]

    @property
    def documents(self) -> int:
        """In all files."""
        return sum(file.documents for file in self.files)

    def write(self, folder: Path) -> None:
        """Last of all: a folder without it is no backup."""
        path = folder / NAME
        path.touch(mode=0o600)
        path.write_bytes(orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2))


def read_manifest(folder: Path, newest_schema: int) -> Manifest:
    """Raises NotFound, InvalidInput (not a manifest of ours), Conflict (of a later version)."""
    try:
        told = orjson.loads((folder / NAME).read_bytes())
    except FileNotFoundError as missing:
        raise NotFound(
            f"There is no {NAME} in {folder}: it is no backup, or not a complete one."
        ) from missing
    except orjson.JSONDecodeError as broken:
        raise InvalidInput(f"{folder / NAME} cannot be read: {broken}") from broken
    if told.get("format") != FORMAT or told["schema"] > newest_schema:
        raise Conflict("The backup is of a later version of this program; restore it with that.")
    files = tuple(BackupFile(**file) for file in told.pop("files"))
    return Manifest(**(told | {"files": files, "tenant_ids": tuple(told["tenant_ids"])}))


def verify(folder: Path, manifest: Manifest, progress: Progress) -> None:
    """Every file is there as it was written. Raises InvalidInput that names each one which is not."""
    problems: dict[str, list[str]] = {}
    for file in manifest.files:
        path = folder / file.path
        if not path.is_file():
            problems[file.path] = ["Is missing."]
        elif sha256_of(path) != file.sha256:
            problems[file.path] = ["Is not as it was written."]
        progress(f"verified {file.path}", 1)
    if problems:
        raise InvalidInput("The backup is damaged; nothing was restored.", problems=problems)


def sha256_of(path: Path) -> str:
    """Of a file's content."""
    digest = hashlib.sha256()
    with path.open("rb") as content:
        while piece := content.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def told_at(at: datetime) -> str:
    """As in the manifest."""
    return at.isoformat(timespec="seconds")
