"""Databases of earlier versions become those of this one: step by step, once, and whatever is killed."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo.database import Database

from app.domain.errors import Conflict
from app.embedded import EmbeddedServers, free_port
from app.storage import migrations
from app.storage.leases import MongoLeases
from app.storage.migrations import NEWEST, check_schema, migrate, pending, schema_version
from app.storage.migrations.plan import STEPS, note_version
from app.storage.migrations.runner import LEASE
from app.storage.migrations.step import AT_ONCE, Scope, Step
from app.storage.mongo import Databases, Document
from tests.builders import NOON
from tests.contract.conftest import Servers
from tests.contract.stores import Stores

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Of these tests alone: they make the platform too new, and take the lease from whoever has it."""
    folder = tmp_path_factory.mktemp("migrations")
    with EmbeddedServers.in_directory(folder, mongodb_port=free_port(), redis_port=free_port()) as own:
        yield Servers(own.mongodb_uri, own.redis_url)


@pytest.fixture
def database(real: Stores, databases: Databases) -> Database[Document]:
    """The tenant's, as the first version left one."""
    database = databases.of(real.id)
    for name in database.list_collection_names():
        database.drop_collection(name)
    return database


def step(number: int) -> Step:
    return next(step for step in STEPS if step.version == number)


def test_steps_are_numbered_without_a_gap() -> None:
    assert [step.version for step in STEPS] == list(range(1, NEWEST + 1))
    assert all(step.told.endswith(".") for step in STEPS)


def a_first_counter(database: Database[Document]) -> None:
    database["sessions"].insert_one({"_id": "session-7", "transaction_id": 7, "start_time": NOON})
    database["counters"].insert_one({"_id": "reservation_id", "value": 3})


def counters_are_there(database: Database[Document]) -> None:
    values = {found["_id"]: found["value"] for found in database["counters"].find()}
    assert values == {"transaction_id": 7, "reservation_id": 3, "charging_profile_id": 0}


def readings_of_the_first_version(database: Database[Document]) -> None:
    at = "2026-03-01T12:00:00.000Z"
    ids = [f"session-7|{at}|a", f"CP|1#1|{at}|b"]
    database["meter_values"].insert_many([{"_id": name, "timestamp": NOON} for name in ids])
    database["meter_values"].insert_one({"_id": "session-8|c", "owner": "session-8"})


def they_have_owners(database: Database[Document]) -> None:
    owners = sorted(found["owner"] for found in database["meter_values"].find())
    assert owners == ["CP|1#1", "session-7", "session-8"]


def readings_of_before_the_time_counted(database: Database[Document]) -> None:
    for owner, how in (("session-1", None), ("session-2", "time"), ("session-unmatched-ab", None)):
        known = {} if how is None else {"attributed": how}
        database["meter_values"].insert_one({"_id": f"{owner}|x", "owner": owner, **known})
    database["meter_values"].insert_one({"_id": "session-1#1|x", "owner": "session-1#1"})  # a charge point's


def they_say_how_they_came(database: Database[Document]) -> None:
    found = {one["owner"]: one.get("attributed") for one in database["meter_values"].find()}
    assert found == {
        "session-1": "transaction",
        "session-2": "time",
        "session-unmatched-ab": "transaction",
        "session-1#1": None,
    }


def a_charge_point_in_large_letters(database: Database[Document]) -> None:
    database["charge_points"].insert_many([{"_id": "CP-1"}, {"_id": "CP-2", "id_key": "cp-2"}])


def it_is_found_in_small_ones(database: Database[Document]) -> None:
    assert database["charge_points"].find_one({"id_key": "cp-1"}) == {"_id": "CP-1", "id_key": "cp-1"}


def charge_points_that_nobody_counted(database: Database[Document]) -> None:
    database["charge_points"].insert_many([{"_id": "CP-1"}, {"_id": "CP-2"}])


def they_are_counted(database: Database[Document]) -> None:
    assert database["counters"].find_one({"_id": "charge_points"}) == {"_id": "charge_points", "value": 2}


def a_tenant_that_takes_everybody(database: Database[Document]) -> None:
    database["tenants"].insert_many(
        [
            {"_id": "old", "configuration": {"accept_unknown_charge_points": True}},
            {"_id": "new", "configuration": {"unknown_charge_points": "refuse"}},
        ]
    )


def it_still_takes_everybody(database: Database[Document]) -> None:
    told = {one["_id"]: one["configuration"]["unknown_charge_points"] for one in database["tenants"].find()}
    assert told == {"old": "accept", "new": "refuse"}


@pytest.mark.parametrize(
    ("number", "before", "after", "changed"),
    [
        (1, a_first_counter, counters_are_there, 2),
        (2, readings_of_the_first_version, they_have_owners, 2),
        (3, readings_of_before_the_time_counted, they_say_how_they_came, 2),
        (4, a_charge_point_in_large_letters, it_is_found_in_small_ones, 1),
        (5, charge_points_that_nobody_counted, they_are_counted, 1),
        (6, a_tenant_that_takes_everybody, it_still_takes_everybody, 1),
    ],
)
def test_every_step_counts_changes_and_may_be_repeated(
    database: Database[Document],
    number: int,
    before: Callable[[Database[Document]], None],
    after: Callable[[Database[Document]], None],
    changed: int,
) -> None:
    before(database)
    advanced: list[int] = []
    assert step(number).pending(database) == changed
    assert step(number).apply(database, advanced.append) == sum(advanced) == changed
    after(database)
    assert step(number).pending(database) == 0
    assert step(number).apply(database, advanced.append) == 0
    after(database)


def test_every_step_is_tried() -> None:
    assert NEWEST == 6, "give the new step a row in the test above"


def as_it_once_was(database: Database[Document]) -> None:
    database["charge_points"].insert_many([{"_id": f"CP-{number}"} for number in range(AT_ONCE + 1)])


def of_this(database: Database[Document], found: list[migrations.Pending]) -> dict[str, int]:
    return {one.step: one.documents for one in found if one.database == database.name}


def test_a_dry_run_counts_and_changes_nothing(database: Database[Document], databases: Databases) -> None:
    as_it_once_was(database)
    told = of_this(database, pending(databases))
    assert told["v004_folded_identities"] == AT_ONCE + 1
    assert "index sessions.start_key" in told
    assert database["charge_points"].count_documents({"id_key": None}) == AT_ONCE + 1
    assert database.list_collection_names() == ["charge_points"]
    assert check_schema(databases) is True


def test_a_migration_makes_everything_current(database: Database[Document], databases: Databases) -> None:
    as_it_once_was(database)
    heard: list[tuple[str, int]] = []
    done = of_this(database, migrate(databases, lambda place, changed: heard.append((place, changed))))
    assert done["v004_folded_identities"] == AT_ONCE + 1
    assert [changed for place, changed in heard if place.endswith("identities")] == [AT_ONCE, 1]
    assert schema_version(database) == NEWEST
    assert of_this(database, pending(databases)) == {}
    assert migrate(databases) == []


def test_a_killed_migration_goes_on_where_it_was(database: Database[Document], databases: Databases) -> None:
    as_it_once_was(database)

    def killed(place: str, _changed: int) -> None:
        if place.endswith("identities"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        migrate(databases, killed)
    assert schema_version(database) == 3
    assert database["charge_points"].count_documents({"id_key": None}) == 1
    assert of_this(database, migrate(databases))["v004_folded_identities"] == 1
    assert database["counters"].find_one({"_id": "charge_points"}, {"_id": 0}) == {"value": AT_ONCE + 1}


def test_two_do_not_migrate_at_once(database: Database[Document], databases: Databases) -> None:
    as_it_once_was(database)
    leases = MongoLeases(databases)
    assert leases.hold(LEASE, "the other one", datetime.now(UTC), 30)
    with pytest.raises(Conflict, match="Another process"):
        migrate(databases, wait_s=0)
    leases.release(LEASE, "the other one")
    migrate(databases, wait_s=0)


def test_who_lost_the_lease_stops(database: Database[Document], databases: Databases) -> None:
    as_it_once_was(database)
    leases = databases.platform["leases"]

    def overtaken(_place: str, _changed: int) -> None:
        leases.update_one({"_id": LEASE}, {"$set": {"holder": "the other one"}})

    with pytest.raises(Conflict, match="another process goes on"):
        migrate(databases, overtaken)
    leases.delete_one({"_id": LEASE})
    migrate(databases)


def test_databases_of_a_later_version_are_left_alone(
    database: Database[Document], databases: Databases
) -> None:
    note_version(databases.platform, NEWEST + 1)
    try:
        for refused in (check_schema, pending, migrate):
            with pytest.raises(Conflict, match=f"schema {NEWEST + 1}"):
                refused(databases)
    finally:
        note_version(databases.platform, NEWEST)


def test_those_of_an_earlier_one_are_told_apart(database: Database[Document], databases: Databases) -> None:
    note_version(databases.platform, NEWEST - 1)
    assert check_schema(databases) is False
    migrate(databases)
    assert check_schema(databases) is True


def test_a_counter_that_got_lost_is_made_again(real: Stores, databases: Databases) -> None:
    counters = databases.collection(real.id, "counters")
    counters.delete_one({"_id": "transaction_id"})
    databases.collection(real.id, "sessions").insert_one(
        {"_id": "session-30", "transaction_id": 30, "start_time": NOON, "start_key": "k"}
    )
    assert of_this(databases.of(real.id), pending(databases)) == {"v001_counters": 1}
    migrate(databases)
    assert real.sessions.next_transaction_id(real.id) == 31


def test_a_new_tenant_is_of_this_version(real: Stores, databases: Databases) -> None:
    assert schema_version(databases.of(real.id)) == NEWEST


def test_scopes_are_both_used() -> None:
    scopes: set[Any] = {step.scope for step in STEPS}
    assert scopes == set(Scope)
