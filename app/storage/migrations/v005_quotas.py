"""Charge points are counted, so that a tenant's quota holds however many come at once."""

from pymongo.database import Database

from app.storage.migrations.step import Advance, Scope
from app.storage.mongo import Document
from app.storage.quotas import is_counted, prepare_quota

SCOPE = Scope.TENANT
ALWAYS = True
_COUNTED = "charge_points"


def pending(database: Database[Document]) -> int:
    """One, or none."""
    return 0 if is_counted(database, _COUNTED) else 1


def apply(database: Database[Document], advance: Advance) -> int:
    """Count once what is there."""
    changed = pending(database)
    prepare_quota(database, _COUNTED)
    advance(changed)
    return changed
