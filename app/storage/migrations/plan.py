"""Which steps there are, which version a database is of, and what is still to be done."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

from pymongo.database import Database

from app.domain.errors import Conflict
from app.storage import counters
from app.storage.indexes import former_indexes, missing_indexes
from app.storage.migrations.step import Scope, Step
from app.storage.mongo import Databases, Document, store_errors

_FILE = re.compile(r"v(\d{3})_(\w+)")
_VERSION = {"_id": "schema_version"}
_TENANTS = "tenants"


def _steps() -> Iterator[Step]:
    package = __name__.rpartition(".")[0]
    for found in iter_modules(import_module(package).__path__):
        name = _FILE.fullmatch(found.name)
        if name is not None:
            module = import_module(f"{package}.{found.name}")
            told = (module.__doc__ or "").splitlines()[0]
            always = getattr(module, "ALWAYS", False)
            yield Step(int(name[1]), name[2], told, Scope(module.SCOPE), always, module.pending, module.apply)


STEPS: tuple[Step, ...] = tuple(sorted(_steps(), key=lambda step: step.version))
NEWEST = STEPS[-1].version


@dataclass(frozen=True, slots=True)
class Pending:
    """What a run would do, or has done: `documents` are to be changed, or were."""

    database: str
    step: str
    told: str
    documents: int


def schema_version(database: Database[Document]) -> int:
    """The last step that a database has had; 0 before the first. Raises Retryable."""
    with store_errors():
        found = database[counters.NAME].find_one(_VERSION)
    return int(found["value"]) if found else 0


def note_version(database: Database[Document], version: int) -> None:
    """It has had all steps up to this one. Raises Retryable."""
    with store_errors():
        database[counters.NAME].update_one(_VERSION, {"$set": {"value": version}}, upsert=True)


def steps_for(database: Database[Document], scope: Scope) -> list[Step]:
    """What a database has not had yet, and what it has lost since, in order. Raises Retryable."""
    version = schema_version(database)
    return [
        step
        for step in STEPS
        if step.scope is scope and (step.version > version or (step.always and step.pending(database)))
    ]


def tenant_ids(databases: Databases) -> list[str]:
    """Of all tenants that are stored. Raises Retryable."""
    with store_errors():
        return sorted(found["_id"] for found in databases.platform[_TENANTS].find({}, {"_id": 1}))


def check_schema(databases: Databases) -> bool:
    """Are the databases of this program's version? False: of an earlier one, so `migrate` is to be run.

    Raises Conflict if they are of a later one, which this program would spoil; Retryable.
    """
    version = schema_version(databases.platform)
    if version > NEWEST:
        raise Conflict(
            f"The databases are of schema {version}, and this version of the program knows schema {NEWEST}. "
            "Start the version that has been here before, or restore a backup from before the update."
        )
    return version == NEWEST or not tenant_ids(databases)  # before the first tenant nothing is to be done


def pending(databases: Databases) -> list[Pending]:
    """What `migrate` would do, counted. Reads only. Raises Retryable, Conflict (a later schema)."""
    check_schema(databases)
    ids = tenant_ids(databases)
    found = list(_pending_steps(databases.platform, Scope.PLATFORM))
    for tenant_id in ids:
        found += _pending_steps(databases.of(tenant_id), Scope.TENANT)
    for names, told in (
        (missing_indexes(databases, ids), "Is created."),
        (former_indexes(databases), "Is dropped: it forbids what is allowed now."),
    ):
        found += [
            Pending(name.partition(".")[0], f"index {name.partition('.')[2]}", told, 0) for name in names
        ]
    return found


def _pending_steps(database: Database[Document], scope: Scope) -> Iterator[Pending]:
    for step in steps_for(database, scope):
        with store_errors():
            yield Pending(database.name, step_name(step), step.told, step.pending(database))


def step_name(step: Step) -> str:
    """As its file is called."""
    return f"v{step.version:03}_{step.name}"
