"""Every check of the consistency checker finds what it is for, and nothing in data that is whole."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.domain.command import CommandStatus
from app.domain.consistency import OF_A_SESSION, USUAL, Disagreement
from app.domain.context import ChargePointRef
from app.domain.session import EnergyValue, Session, SessionStatus
from app.storage.charge_point_documents import new_document
from app.storage.commands import MongoCommands
from app.storage.consistency import OF_A_TENANT, OF_THE_PLATFORM, Look, PlatformLook
from app.storage.mongo import Databases, Document
from app.storage.outbox import MongoOutbox, outbox_documents
from app.storage.session_documents import session_document
from app.storage.untold import Untold
from tests.builders import a_charge_point, a_command, a_reservation, a_session, an_event
from tests.contract.stores import Stores

pytestmark = pytest.mark.integration

NOW = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)
BEGAN, ENDED = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
LIVE = "gw-live"


@dataclass(frozen=True)
class Town:
    """A tenant's own database, to be broken by hand."""

    databases: Databases
    stores: Stores

    def __getitem__(self, name: str) -> Any:
        return self.databases.collection(self.stores.id, name)

    @property
    def ref(self) -> ChargePointRef:
        return ChargePointRef(self.stores.id, "CP-1")

    def session(self, transaction_id: int, **fields: Any) -> Session:
        return a_session(transaction_id, self.ref, **({"start_time": BEGAN, "received_at": BEGAN} | fields))

    def keep(self, session: Session, **document: Any) -> None:
        self["sessions"].insert_one(session_document(session) | document)

    def keep_reading(self, owner: str, at: datetime, wh: int) -> None:
        self["meter_values"].insert_one(
            {
                "_id": f"{owner}|{at.isoformat()}",
                "owner": owner,
                "tenant_id": self.stores.id,
                "charge_point_id": "CP-1",
                "timestamp": at,
                "sampled_values": [{"value": str(wh)}],
                "attributed": "transaction",
            }
        )

    def look(self, live: frozenset[str] | None = frozenset({LIVE})) -> list[Disagreement]:
        sight = Look(self.databases, self.stores.tenant, NOW, USUAL, live, lambda _number: None)
        return [found for check in OF_A_TENANT for found in check(sight)]

    def found(self) -> list[tuple[str, str]]:
        return [(one.check, one.subject) for one in self.look()]


def completed(town: Town, transaction_id: int, **fields: Any) -> Session:
    stop = {
        "status": SessionStatus.COMPLETED,
        "stop_time": ENDED,
        "stop_meter_value": 5000,
        "connector_id": transaction_id,
    }
    return town.session(transaction_id, **(stop | fields))


@pytest.fixture
def town(real: Stores, databases: Databases) -> Town:
    """One charge point, connected; a session that ended, with a reading, and one that runs."""
    town = Town(databases, real)
    connection = {"gateway_id": LIVE, "connection_id": "c", "opened_at": BEGAN, "silent": False}
    assert real.charge_points.insert(a_charge_point(town.ref), 10)
    town["charge_points"].update_one({"_id": "CP-1"}, {"$set": {"connection": connection, "epoch": 1}})
    for wanted in (1, 2):
        assert real.sessions.next_transaction_id(real.id) == wanted
    at = BEGAN + timedelta(minutes=10)
    town.keep(completed(town, 1, meter_values=(EnergyValue(at, 2000),)))
    town.keep_reading("session-1", at, 2000)
    town.keep(town.session(2, connector_id=2))
    town.keep_reading("session-2", at, 1100)
    return town


def test_nothing_is_wrong_where_nothing_was_broken(town: Town) -> None:
    assert town.look() == []


BROKEN_SESSIONS: dict[str, dict[str, Any]] = {
    "completed_without_stop": {"stop_meter_value": None},
    "completed_by_a_guess": {"estimated": True},
    "running_with_stop": {"status": SessionStatus.ACTIVE},
    "faulted_without_reason": {"status": SessionStatus.FAULTED},
    "without_start": {"start_meter_value": None},
    "stopped_before_start_unnoted": {"stop_time": BEGAN - timedelta(seconds=1)},
    "register_fell_unnoted": {"stop_meter_value": 10},
    "estimate_behind_readings": {
        "status": SessionStatus.FAULTED,
        "fault_reason": "silence",
        "estimated": True,
        "stop_time": BEGAN,
        "meter_values": (EnergyValue(ENDED, 4000),),
    },
    "id_is_not_of_transaction": {"transaction_id": 1},
}


@pytest.mark.parametrize("rule", BROKEN_SESSIONS)
def test_a_session_that_does_not_hold_together_is_found(town: Town, rule: str) -> None:
    session = replace(completed(town, 9), **BROKEN_SESSIONS[rule])
    town.keep(session)
    assert (rule, "session-9") in town.found()


def test_every_rule_of_sessions_is_broken_here_or_cannot_be() -> None:
    """The energy is worked out of start and stop: only a change of that arithmetic breaks it."""
    assert {rule.__name__ for rule in OF_A_SESSION} == {*BROKEN_SESSIONS, "energy_is_not_the_difference"}


def a_field_that_does_not_follow(town: Town) -> None:
    town["sessions"].update_one({"_id": "session-1"}, {"$set": {"opened_at": NOW}})


def a_start_kept_twice(town: Town) -> None:
    town.keep(completed(town, 3, connector_id=1, start_key="spelled otherwise"))
    town["counters"].update_one({"_id": "transaction_id"}, {"$set": {"value": 3}})


def a_session_that_was_replaced(town: Town) -> None:
    later = BEGAN + timedelta(minutes=30)
    follower = town.session(1, connector_id=2, start_time=later, received_at=later, start_key="next")
    town["sessions"].delete_one({"_id": "session-1"})
    town["meter_values"].delete_one({"owner": "session-1"})
    town.keep(follower)


def a_session_of_nobody(town: Town) -> None:
    town["sessions"].update_one({"_id": "session-2"}, {"$set": {"charge_point_id": "CP-9"}})


def a_reading_that_its_session_lacks(town: Town) -> None:
    town.keep_reading("session-1", ENDED, 5000)


def a_reading_that_nobody_kept(town: Town) -> None:
    town["meter_values"].delete_one({"owner": "session-1"})


def readings_of_no_session(town: Town) -> None:
    town.keep_reading("session-77", ENDED, 5000)


def a_counter_behind(town: Town) -> None:
    town["counters"].update_one({"_id": "transaction_id"}, {"$set": {"value": 1}})


def no_counter(town: Town) -> None:
    town["counters"].delete_one({"_id": "reservation_id"})


def a_forgotten_event(town: Town) -> None:
    entries = Untold.entries(town.stores.id, [an_event()], order_key(NOW - timedelta(minutes=2)))
    town["sessions"].update_one({"_id": "session-2"}, {"$set": {"untold": entries}})


def a_stuck_outbox(town: Town) -> None:
    put_event(town, town.ref, NOW - timedelta(hours=2))


def an_event_of_nobody(town: Town) -> None:
    put_event(town, ChargePointRef(town.stores.id, "CP-9"), NOW - timedelta(minutes=2))


def an_event_that_cannot_be_read(town: Town) -> None:
    name = f"{order_key(NOW - timedelta(minutes=2)):016x}-x"
    town["outbox"].insert_one({"_id": name, "tenant_id": town.stores.id, "events": "no json"})


def an_identity_that_is_not_folded(town: Town) -> None:
    town["charge_points"].update_one({"_id": "CP-1"}, {"$set": {"id_key": "CP-1"}})


def a_dead_gateway(town: Town) -> None:
    town["charge_points"].update_one({"_id": "CP-1"}, {"$set": {"connection.gateway_id": "gw-dead"}})


def a_charge_point_that_is_not_counted(town: Town) -> None:
    town["charge_points"].insert_one(new_document(a_charge_point(ChargePointRef(town.stores.id, "CP-2"))))


def belongings_of_nobody(town: Town) -> None:
    town["configurations"].insert_one({"_id": "CP-9", "tenant_id": town.stores.id, "keys": []})


def an_overlooked_reservation(town: Town) -> None:
    over = NOW + timedelta(hours=1)
    town.stores.reservations.insert(a_reservation("r-1", town.ref, reservation_id=0, expires_at=over))


def a_reservation_that_does_not_end(town: Town) -> None:
    town.stores.reservations.insert(a_reservation("r-1", town.ref, reservation_id=0, expires_at=ENDED))
    town["charge_points"].update_one({"_id": "CP-1"}, {"$set": {"has_reservations": True}})


def a_command_that_does_not_end(town: Town) -> None:
    fields = {"created_at": BEGAN, "expires_at": ENDED}
    keep_command(town, status=CommandStatus.SENT, sent_at=BEGAN, **fields)


def a_command_that_looks_open(town: Town) -> None:
    keep_command(town, status=CommandStatus.ACCEPTED, completed_at=ENDED)
    town["commands"].update_one({"_id": "cmd-1"}, {"$set": {"open": True}})


def a_job_that_does_not_end(town: Town) -> None:
    town["firmware_jobs"].insert_one(
        {"_id": "job-1", "open": True, "status": "running", "due_at": NOW - timedelta(hours=3)}
    )


def a_delivery_that_does_not_end(town: Town) -> None:
    waiting = {"open": True, "status": "waiting", "give_up_at": NOW - timedelta(hours=3)}
    town["webhook_deliveries"].insert_one({"_id": "d-1", "webhook_id": "w", **waiting})


def a_list_that_waits_for_nothing(town: Town) -> None:
    town["local_lists"].insert_one({"_id": "CP-1", "pending": "cmd-0", "entries": None})


def something_of_another_tenant(town: Town) -> None:
    town["id_tags"].insert_one({"_id": "TAG", "tenant_id": "somebody-else"})


def order_key(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000)


def put_event(town: Town, ref: ChargePointRef, at: datetime) -> None:
    for document in outbox_documents(town.stores.id, [an_event("e", ref)], order_key(at)):
        town["outbox"].insert_one(document)


def keep_command(town: Town, **fields: Any) -> None:
    untold = Untold(town.databases, MongoOutbox(town.databases), ("commands",))
    MongoCommands(town.databases, untold).insert(
        a_command("cmd-1", town.ref, **fields), [an_event()], order_key(NOW)
    )


@pytest.mark.parametrize(
    ("breaks", "check", "subject"),
    [
        (a_field_that_does_not_follow, "session_fields_differ", "session-1"),
        (a_start_kept_twice, "start_kept_twice", "session-3"),
        (a_session_that_was_replaced, "replaced_session_runs", "session-2"),
        (a_session_of_nobody, "session_of_unknown_charge_point", "session-2"),
        (a_reading_that_its_session_lacks, "session_readings_differ", "session-1"),
        (a_reading_that_nobody_kept, "session_readings_differ", "session-1"),
        (readings_of_no_session, "readings_without_session", "session-77"),
        (a_counter_behind, "counter_behind", "transaction_id"),
        (no_counter, "counter_missing", "reservation_id"),
        (a_forgotten_event, "event_forgotten", "session-2"),
        (a_stuck_outbox, "outbox_stuck", "outbox"),
        (an_event_of_nobody, "event_of_unknown_charge_point", None),
        (an_event_that_cannot_be_read, "outbox_entry_unreadable", None),
        (an_identity_that_is_not_folded, "id_key_differs", "CP-1"),
        (a_dead_gateway, "connected_to_dead_gateway", "CP-1"),
        (a_charge_point_that_is_not_counted, "quota_miscounted", "charge_points"),
        (belongings_of_nobody, "belongings_of_unknown_charge_point", "CP-9"),
        (an_overlooked_reservation, "reservation_overlooked", "CP-1"),
        (a_reservation_that_does_not_end, "reservation_stuck", "r-1"),
        (a_command_that_does_not_end, "command_stuck", "cmd-1"),
        (a_command_that_looks_open, "open_flag_differs", "cmd-1"),
        (a_job_that_does_not_end, "job_stuck", "job-1"),
        (a_delivery_that_does_not_end, "delivery_stuck", "d-1"),
        (a_list_that_waits_for_nothing, "local_list_stuck", "CP-1"),
        (something_of_another_tenant, "of_another_tenant", "TAG"),
    ],
)
def test_what_disagrees_is_found_and_nothing_else(
    town: Town, breaks: Callable[[Town], None], check: str, subject: str | None
) -> None:
    breaks(town)
    found = town.found()
    assert [name for name, _ in found] == [check]
    assert subject is None or found[0][1] == subject


def test_without_redis_nobody_says_who_lives(town: Town) -> None:
    assert [one.check for one in town.look(live=None)] == ["gateways_unknown"]


@pytest.fixture
def platform(town: Town) -> Iterator[Callable[[], Sequence[Document]]]:
    def look() -> Sequence[Document]:
        sight = PlatformLook(town.databases, NOW, lambda _number: None)
        found = [one for check in OF_THE_PLATFORM for one in check(sight)]
        ours = (town.stores.id, town.stores.unique)
        return [
            {"check": one.check, "subject": one.subject}
            for one in found
            if any(name in (one.tenant_id or "") or name in one.subject for name in ours)
        ]

    yield look
    town.databases.client.drop_database(f"ocpp_{town.stores.unique}")


def test_people_of_no_tenant_and_databases_of_none_are_found(
    town: Town, platform: Callable[[], Sequence[Document]]
) -> None:
    unique, users = town.stores.unique, town.databases.platform["users"]
    assert platform() == []
    users.insert_one({"_id": f"u-{unique}", "email": f"{unique}@example", "tenant_id": f"{unique}-gone"})
    logins = town.databases.platform["login_sessions"]
    logins.insert_one({"_id": f"l-{unique}", "tenant_id": None, "user_id": "nobody", "ended_at": None})
    town.databases.of(unique)["counters"].insert_one({"_id": "x"})
    town["sessions"].drop_index("start_key")
    assert platform() == [
        {"check": "database_without_tenant", "subject": f"ocpp_{unique}"},
        {"check": "of_unknown_tenant", "subject": f"u-{unique}"},
        {"check": "login_of_nobody", "subject": f"l-{unique}"},
        {"check": "index_missing", "subject": f"ocpp_{town.stores.id}.sessions.start_key"},
    ]
