"""A backup holds everything as of moments that fit together, and comes back whole, once, or not at all."""

import stat
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from app.domain.command import CommandStatus
from app.domain.consistency import USUAL
from app.domain.context import ChargePointRef
from app.domain.errors import Conflict, InvalidInput, NotFound
from app.domain.session import EnergyValue, SessionStatus
from app.embedded import EmbeddedServers, free_port
from app.storage import mongo
from app.storage.backup import dump, load, read_manifest
from app.storage.backup.settle import CONNECTED_SINCE, GIVEN_SINCE
from app.storage.consistency import OF_A_TENANT, OF_THE_PLATFORM, Look, PlatformLook
from app.storage.migrations import NEWEST
from app.storage.mongo import Databases
from app.storage.outbox import MongoOutbox
from app.storage.session_documents import session_document
from app.storage.sessions import MongoSessions
from app.storage.tenants import MongoTenants
from app.storage.untold import Untold
from tests.builders import NOON, a_charge_point, a_command, a_session, a_tenant, an_event, at
from tests.contract.stores import Stores

pytestmark = pytest.mark.integration


def silent(_place: str, _more: int) -> None:
    """Nobody looks."""


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Another installation, which is empty."""
    servers = EmbeddedServers.in_directory(
        tmp_path_factory.mktemp("elsewhere"), mongodb_port=free_port(), redis_port=None
    )
    with servers:
        databases = Databases(mongo.connect(servers.mongodb_uri))
        yield databases
        databases.client.close()


@pytest.fixture
def empty(elsewhere: Databases) -> Databases:
    for name in elsewhere.client.list_database_names():
        if name.startswith("ocpp_"):
            elsewhere.client.drop_database(name)
    return elsewhere


@pytest.fixture
def ref(real: Stores, databases: Databases) -> ChargePointRef:
    """A charge point that is connected, with a session that ended and one that runs."""
    ref = ChargePointRef(real.id, "CP-1")
    real.charge_points.insert(a_charge_point(ref), 10)
    connection = {"gateway_id": "gw-1", "connection_id": "c-1", "opened_at": NOON, "silent": False}
    known = {"connection": connection, "epoch": 1}
    databases.collection(real.id, "charge_points").update_one({"_id": "CP-1"}, {"$set": known})
    ended = a_session(
        real.sessions.next_transaction_id(real.id),
        ref,
        status=SessionStatus.COMPLETED,
        stop_time=at(600),
        stop_meter_value=5000,
        meter_values=(EnergyValue(at(60), 2000),),
    )
    databases.collection(real.id, "sessions").insert_one(session_document(ended))
    keep_reading(databases, real.id, ended.id, 60, 2000)
    real.sessions.insert(a_session(real.sessions.next_transaction_id(real.id), ref, connector_id=2), [], 1)
    return ref


def keep_reading(databases: Databases, tenant_id: str, owner: str, seconds: int, wh: int) -> None:
    databases.collection(tenant_id, "meter_values").insert_one(
        {
            "_id": f"{owner}|{seconds}",
            "owner": owner,
            "tenant_id": tenant_id,
            "timestamp": at(seconds),
            "sampled_values": [{"value": str(wh)}],
            "attributed": "transaction" if owner.startswith("session-") else None,
        }
    )


def everything(databases: Databases, tenant_id: str) -> dict[str, list[Any]]:
    database = databases.of(tenant_id)
    return {
        name: sorted(database[name].find(), key=lambda document: str(document["_id"]))
        for name in database.list_collection_names()
        if name not in ("counters", "charge_points", "commands", "local_lists") and database[name].find_one()
    }


def disagreements(databases: Databases, tenant_id: str) -> list[Any]:
    tenant = MongoTenants(databases).find(tenant_id)
    assert tenant is not None
    look = Look(databases, tenant, at(86_400), USUAL, frozenset(), lambda _number: None)
    platform = PlatformLook(databases, at(86_400), lambda _number: None)
    return [one for check in OF_A_TENANT for one in check(look) if one.check != "outbox_stuck"] + [
        one for check in OF_THE_PLATFORM for one in check(platform)
    ]


def test_a_tenant_moves_to_another_installation(
    real: Stores, databases: Databases, empty: Databases, ref: ChargePointRef, tmp_path: Path
) -> None:
    written = dump(databases, tmp_path / "backup", real.id, silent)
    assert read_manifest(tmp_path / "backup", NEWEST) == written
    load(empty, tmp_path / "backup", written, silent, force=False)
    assert MongoTenants(empty).find(real.id) == real.tenant
    assert everything(empty, real.id) == everything(databases, real.id)
    assert disagreements(empty, real.id) == []


def test_nobody_else_can_read_a_backup(
    real: Stores, databases: Databases, ref: ChargePointRef, tmp_path: Path
) -> None:
    dump(databases, tmp_path / "backup", real.id, silent)
    modes = {path.is_dir(): stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "backup").rglob("*")}
    assert modes == {True: 0o700, False: 0o600}
    assert stat.S_IMODE((tmp_path / "backup").stat().st_mode) == 0o700


def test_what_happened_since_the_backup_does_not_come_back(
    real: Stores, databases: Databases, empty: Databases, ref: ChargePointRef, tmp_path: Path
) -> None:
    """Charge points remember numbers that were given out later; commands were sent since."""
    queued = {"status": CommandStatus.QUEUED, "expires_at": NOON + timedelta(days=3650)}
    real.commands.insert(a_command("cmd-1", ref, **queued), [an_event()], 1)
    written = dump(databases, tmp_path / "backup", real.id, silent)
    given_since = real.sessions.next_transaction_id(real.id)
    load(empty, tmp_path / "backup", written, silent, force=False)
    restored = MongoSessions(empty, Untold(empty, MongoOutbox(empty), ()))
    assert restored.next_transaction_id(real.id) > given_since + GIVEN_SINCE / 2
    point = empty.collection(real.id, "charge_points").find_one({"_id": "CP-1"})
    assert point is not None
    assert (point["connection"], point["epoch"]) == (None, 1 + CONNECTED_SINCE)
    command = empty.collection(real.id, "commands").find_one({"_id": "cmd-1"})
    assert command is not None
    assert command["expires_at"] < NOON + timedelta(days=3650)


def test_what_is_there_is_not_overwritten_unless_one_insists(
    real: Stores, databases: Databases, empty: Databases, ref: ChargePointRef, tmp_path: Path
) -> None:
    written = dump(databases, tmp_path / "backup", real.id, silent)
    load(empty, tmp_path / "backup", written, silent, force=False)
    empty.collection(real.id, "sessions").delete_many({})
    with pytest.raises(Conflict, match=f"ocpp_{real.id}"):
        load(empty, tmp_path / "backup", written, silent, force=False)
    assert empty.collection(real.id, "sessions").count_documents({}) == 0
    load(empty, tmp_path / "backup", written, silent, force=True)
    assert everything(empty, real.id) == everything(databases, real.id)
    assert disagreements(empty, real.id) == []


def test_a_tenant_of_the_same_prefix_keeps_it(
    real: Stores, databases: Databases, empty: Databases, ref: ChargePointRef, tmp_path: Path
) -> None:
    databases.platform["tenants"].update_one({"_id": real.id}, {"$set": {"charge_point_prefixes": ["ACME-"]}})
    written = dump(databases, tmp_path / "backup", real.id, silent)
    databases.platform["tenants"].update_one({"_id": real.id}, {"$unset": {"charge_point_prefixes": 1}})
    MongoTenants(empty).insert(a_tenant("other", ("ACME-",)))
    with pytest.raises(Conflict, match="'other' has the same"):
        load(empty, tmp_path / "backup", written, silent, force=True)
    assert f"ocpp_{real.id}" not in empty.client.list_database_names()


def test_a_damaged_backup_touches_nothing(
    real: Stores, databases: Databases, empty: Databases, ref: ChargePointRef, tmp_path: Path
) -> None:
    written = dump(databases, tmp_path / "backup", real.id, silent)
    damaged = tmp_path / "backup" / f"ocpp_{real.id}" / "sessions.bson"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"x")
    (tmp_path / "backup" / f"ocpp_{real.id}" / "counters.bson").unlink()
    with pytest.raises(InvalidInput) as refused:
        load(empty, tmp_path / "backup", written, silent, force=True)
    assert refused.value.problems == {
        f"ocpp_{real.id}/sessions.bson": ["Is not as it was written."],
        f"ocpp_{real.id}/counters.bson": ["Is missing."],
    }
    assert not [name for name in empty.client.list_database_names() if name.startswith("ocpp_")]


def test_no_backup_and_one_of_a_later_version(
    real: Stores, databases: Databases, ref: ChargePointRef, tmp_path: Path
) -> None:
    with pytest.raises(NotFound, match="no backup"):
        read_manifest(tmp_path, NEWEST)
    dump(databases, tmp_path / "backup", real.id, silent)
    with pytest.raises(Conflict, match="is there already"):
        dump(databases, tmp_path / "backup", real.id, silent)
    with pytest.raises(NotFound):
        dump(databases, tmp_path / "another", "nobody", silent)
    with pytest.raises(Conflict, match="later version"):
        read_manifest(tmp_path / "backup", NEWEST - 1)
    path = tmp_path / "backup" / "manifest.json"
    path.write_bytes(orjson.dumps(orjson.loads(path.read_bytes()) | {"format": 2}))
    with pytest.raises(Conflict, match="later version"):
        read_manifest(tmp_path / "backup", NEWEST)


def test_sessions_and_readings_fit_together_however_busy_it_is(
    real: Stores, databases: Databases, empty: Databases, ref: ChargePointRef, tmp_path: Path
) -> None:
    """Each ended session gets late readings all the time, as the batch writes them: one after the other."""
    stop = threading.Event()
    for number in range(10, 80):
        ended = {"status": SessionStatus.COMPLETED, "stop_time": at(600), "stop_meter_value": 5000}
        session = a_session(number, ref, connector_id=number, **ended)
        databases.collection(real.id, "sessions").insert_one(session_document(session))
    databases.collection(real.id, "counters").update_one({"_id": "transaction_id"}, {"$set": {"value": 5000}})

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            owner = f"session-{10 + number % 70}"
            keep_reading(databases, real.id, owner, 600 + number, number)
            value = {"timestamp": at(600 + number), "value": number, "unit": "Wh"}
            databases.collection(real.id, "sessions").update_one(
                {"_id": owner}, {"$addToSet": {"meter_values": value}}
            )
            if number % 5 == 0:
                began = a_session(1000 + number, ref, connector_id=1000 + number)
                databases.collection(real.id, "sessions").insert_one(session_document(began))
                keep_reading(databases, real.id, began.id, number, number)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        written = dump(databases, tmp_path / "backup", real.id, silent)
    finally:
        stop.set()
        writer.join()
    load(empty, tmp_path / "backup", written, silent, force=False)
    assert disagreements(empty, real.id) == []
