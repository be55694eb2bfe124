"""Charge points as CSV: what an operator knows of them before they connect."""

import re
from collections.abc import Iterable, Iterator

from app.domain.charge_point import IDENTITY_TEXT
from app.domain.csv_table import ReadCell, Row, read_table, whole

COLUMNS = ("charge_point_id", "security_profile", "key")
NEW_KEY = "new"
WRONG_IDENTITY = "Use 1 to 128 characters without '/' or control bytes."
_IDENTITY = re.compile(IDENTITY_TEXT)
_KEY = re.compile(r"(?:[0-9A-Fa-f]{2}){16,20}")
_HIGHEST_PROFILE = 3


def read_csv(lines: Iterable[str]) -> Iterator[Row]:
    """The rows of a file; the values are `security_profile` and `key`, each None where the cell is empty.

    `key` is a key that the charge point has, or `new` where one is to be made. Raises InvalidInput on a
    wrong header.
    """
    return read_table(lines, "charge_point_id", _READ)


def is_identity(text: str) -> bool:
    """Whether a charge point may be called so."""
    return _IDENTITY.fullmatch(text) is not None


def _identity(cell: str) -> str:
    identity = cell.strip()
    if not is_identity(identity):
        raise ValueError(WRONG_IDENTITY)
    return identity


def _profile(cell: str) -> int | None:
    profile = whole(cell)
    if profile is not None and profile > _HIGHEST_PROFILE:
        raise ValueError("Give 0, 1, 2 or 3, or nothing for the tenant's own.")
    return profile


def _key(cell: str) -> str | None:
    key = cell.strip()
    if key and key.casefold() != NEW_KEY and not _KEY.fullmatch(key):
        raise ValueError(f"Give 32 to 40 hexadecimal digits, `{NEW_KEY}` to have one made, or nothing.")
    return NEW_KEY if key.casefold() == NEW_KEY else key or None


_READ: dict[str, ReadCell] = {"charge_point_id": _identity, "security_profile": _profile, "key": _key}
