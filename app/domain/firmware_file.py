"""Firmware images that are kept here for charge points to fetch."""

import re
from dataclasses import dataclass
from datetime import datetime

FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class FirmwareFile:
    """One image. `version` is what charge points should report with it; `key` finds the content."""

    id: str
    tenant_id: str
    name: str
    version: str | None
    size: int
    sha256: str
    created_at: datetime
    created_by: str
    key: str


def safe_file_name(name: str, otherwise: str) -> str:
    """The last part of a name that somebody sent, made harmless; `otherwise` if nothing is left of it."""
    last = name.replace("\\", "/").rpartition("/")[2]
    cleaned = _UNSAFE.sub("_", last).lstrip("._-")[:100]
    return cleaned or otherwise
