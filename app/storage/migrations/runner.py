"""Runs the steps that are missing, in order, in one process at a time."""

import time
from collections.abc import Callable
from uuid import uuid4

from pymongo.database import Database

from app.clock import SystemClock
from app.domain.errors import Conflict
from app.storage.indexes import create_platform_indexes, create_tenant_indexes
from app.storage.leases import MongoLeases
from app.storage.migrations.plan import (
    NEWEST,
    Pending,
    note_version,
    pending,
    schema_version,
    step_name,
    steps_for,
    tenant_ids,
)
from app.storage.migrations.step import Advance, Scope
from app.storage.mongo import Databases, Document, store_errors

LEASE = "migrate"
LEASE_S = 60.0
WAIT_S = 90.0
Progress = Callable[[str, int], None]
"""Told the place and how many documents were changed there just now."""


def migrate(
    databases: Databases, progress: Progress = lambda _place, _changed: None, wait_s: float = WAIT_S
) -> list[Pending]:
    """Bring all databases to this version, with their indexes; answers what was done. Safe to repeat.

    Waits while another process does it. The platform's version is written last: it says that all is done.
    Raises Conflict (another one is still at it, or the databases are of a later version), Retryable.
    """
    if not pending(databases):
        return []
    lease = _Lease(databases, progress)
    lease.take(wait_s)
    try:
        done = _run(databases.platform, Scope.PLATFORM, lease)
        create_platform_indexes(databases)
        for tenant_id in tenant_ids(databases):
            done += _run(databases.of(tenant_id), Scope.TENANT, lease)
            create_tenant_indexes(databases, tenant_id)
            note_version(databases.of(tenant_id), NEWEST)
            lease.renew()
        note_version(databases.platform, NEWEST)
        return done
    finally:
        lease.release()


def prepare_tenant(databases: Databases, tenant_id: str) -> None:
    """A database for a tenant that nobody knows yet: indexes, counters, and of this version."""
    database = databases.of(tenant_id)
    create_tenant_indexes(databases, tenant_id)
    for step in steps_for(database, Scope.TENANT):
        with store_errors():
            step.apply(database, lambda _changed: None)
    note_version(database, NEWEST)


def _run(database: Database[Document], scope: Scope, lease: "_Lease") -> list[Pending]:
    done: list[Pending] = []
    for step in steps_for(database, scope):
        with store_errors():
            changed = step.apply(database, lease.advance(f"{database.name} {step_name(step)}"))
        if scope is Scope.TENANT and step.version > schema_version(database):
            note_version(database, step.version)
        done.append(Pending(database.name, step_name(step), step.told, changed))
    return done


class _Lease:
    """Held while steps run, and renewed with every part of them."""

    def __init__(self, databases: Databases, progress: Progress) -> None:
        self._leases = MongoLeases(databases)
        self._clock = SystemClock()
        self._holder = uuid4().hex
        self._progress = progress

    def take(self, wait_s: float) -> None:
        """Raises Conflict if another process has it for longer than that."""
        ends_at = time.monotonic() + wait_s
        while not self._hold():
            if time.monotonic() > ends_at:
                raise Conflict("Another process is migrating the databases; wait until it is done.")
            time.sleep(0.2)

    def renew(self) -> None:
        """Raises Conflict if it was lost: then another process may have begun."""
        if not self._hold():
            raise Conflict("This took too long between two steps, and another process goes on with it.")

    def advance(self, place: str) -> Advance:
        """What a step tells its progress to."""

        def advance(changed: int) -> None:
            self._progress(place, changed)
            self.renew()

        return advance

    def release(self) -> None:
        """Let the next one in."""
        self._leases.release(LEASE, self._holder)

    def _hold(self) -> bool:
        return self._leases.hold(LEASE, self._holder, self._clock.now(), LEASE_S)
