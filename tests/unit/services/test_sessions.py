"""Sessions beneath the wire: races, queries, and what StartTransaction and StopTransaction rest on."""

from collections.abc import Sequence
from typing import Any

import pytest

from app.domain.context import CallContext, ChargePointRef
from app.domain.errors import Conflict, NotFound
from app.domain.events import Event
from app.domain.id_tag import Authorization, AuthorizationStatus
from app.domain.session import Session, SessionStatus
from app.domain.tenant import Tenant
from app.services.batch import Batch
from app.services.ports import PageRequest
from app.services.sessions import Start, Stop
from tests.builders import NOON, a_call, a_reading, a_session, a_tenant, at
from tests.fakes.world import World

START = Start(1, "TAG", 1000, NOON, "2026-03-01T12:00:00Z")


def a_stop(transaction_id: int = 1, **fields: Any) -> Stop:
    known: dict[str, Any] = {
        "meter_stop": 2000,
        "stopped_at": at(60),
        "raw_timestamp": "2026-03-01T12:01:00Z",
        "reason": "Local",
        "id_tag": None,
        "readings": (),
    }
    return Stop(transaction_id, **(known | fields))


def start(world: World, batch: Batch, call: CallContext | None = None) -> tuple[int, Authorization]:
    """Handle a start and write it; one that is known is asked again, as `handle_batch` does it."""
    given = world.services.sessions.start(batch, 0, call or a_call(), START)
    assert world.batches.flush(batch) == {}
    return world.services.sessions.start(batch, 0, call or a_call(), START) if batch.repeated else given


def test_a_session_is_found_by_its_id_and_tenant(world: World) -> None:
    world.sessions.insert(a_session(7), [], 1)
    assert world.services.sessions.get("acme", "session-7").transaction_id == 7
    for tenant_id, session_id in (("beta", "session-7"), ("acme", "session-8")):
        with pytest.raises(NotFound):
            world.services.sessions.get(tenant_id, session_id)


def test_only_an_active_session_can_be_stopped_from_here(world: World) -> None:
    world.sessions.insert(a_session(1), [], 1)
    world.sessions.insert(a_session(2, status=SessionStatus.COMPLETED), [], 1)
    assert world.services.sessions.get_active("acme", "session-1").id == "session-1"
    with pytest.raises(Conflict, match="completed"):
        world.services.sessions.get_active("acme", "session-2")


def test_sessions_are_listed_newest_first(world: World) -> None:
    for number, seconds in ((1, 10), (2, 30), (3, 20)):
        world.sessions.insert(a_session(number, start_time=at(seconds)), [], 1)
    listed = world.services.sessions.list_page("acme", PageRequest(limit=2))
    assert [session.transaction_id for session in listed.items] == [2, 3]
    assert listed.next_cursor is not None


def test_of_two_processes_that_handle_one_start_the_second_answers_like_the_first(
    world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redelivery and fallback run side by side: between looking and inserting the other one was there."""
    repository = world.sessions
    insert, ids = repository.insert, []

    def insert_late(session: Session, events: Sequence[Event], order_key: int) -> bool:
        monkeypatch.setattr(repository, "insert", insert)
        ids.append(start(world, Batch(tenant))[0])
        return insert(session, events, order_key)

    monkeypatch.setattr(repository, "insert", insert_late)
    transaction_id, verdict = start(world, Batch(tenant))
    assert [transaction_id] == ids
    assert verdict.status is AuthorizationStatus.INVALID
    assert len(world.outbox.events("acme")) == 1


def test_a_start_and_its_event_are_written_together(world: World, tenant: Tenant) -> None:
    start(world, Batch(tenant, order_key=77))
    (entry,) = world.outbox.head("acme", 10)
    assert [event.body["event_type"] for event in entry.events] == ["session_started"]


def test_a_repeated_start_makes_no_second_session(world: World, tenant: Tenant) -> None:
    ids = {start(world, Batch(tenant))[0] for _ in range(3)}
    assert [session.transaction_id for session in world.sessions.all("acme")] == list(ids)


def test_a_stop_is_completed_by_what_the_session_has_received(world: World, tenant: Tenant) -> None:
    session = a_session(1)
    world.sessions.insert(session, [], 1)
    batch = Batch(tenant, sessions={1: session})
    verdict = world.services.sessions.stop(batch, 0, a_call(), a_stop(readings=(a_reading(30),)))
    world.batches.flush(batch)
    assert verdict is None
    stored = world.services.sessions.get("acme", "session-1")
    assert (stored.status, stored.energy_wh) == (SessionStatus.COMPLETED, 1000)
    assert [value.value for value in stored.meter_values] == [1500]
    assert [record.owner for record in batch.meter_records] == ["session-1"]


def test_a_stop_that_comes_twice_in_different_processes_completes_once(world: World, tenant: Tenant) -> None:
    """Both have read the session as active; the store lets one of them complete it."""
    session = a_session(1)
    world.sessions.insert(session, [], 1)
    for meter_stop in (2000, 9999):
        batch = Batch(tenant, sessions={1: session})
        world.services.sessions.stop(batch, 0, a_call(), a_stop(meter_stop=meter_stop))
        world.batches.flush(batch)
    assert world.services.sessions.get("acme", "session-1").stop_meter_value == 2000
    assert len(world.outbox.events("acme")) == 1


def test_a_stop_that_is_sent_again_first_has_the_events_told_that_its_first_time_left(
    world: World, tenant: Tenant
) -> None:
    session = a_session(1, status=SessionStatus.COMPLETED)
    world.sessions.insert(session, [], 1)
    world.services.sessions.stop(Batch(tenant, sessions={1: session}), 0, a_call(), a_stop())
    assert world.sessions.told == ["session-1"]


def test_a_stop_in_the_same_batch_sees_the_first_stop(world: World, tenant: Tenant) -> None:
    session = a_session(1)
    world.sessions.insert(session, [], 1)
    batch = Batch(tenant, sessions={1: session})
    world.services.sessions.stop(batch, 0, a_call(), a_stop())
    assert batch.sessions[1].status is SessionStatus.COMPLETED


def test_a_faulted_session_can_still_be_completed(world: World, tenant: Tenant) -> None:
    session = a_session(1, status=SessionStatus.FAULTED)
    world.sessions.insert(session, [], 1)
    batch = Batch(tenant, sessions={1: session})
    world.services.sessions.stop(batch, 0, a_call(), a_stop())
    world.batches.flush(batch)
    assert world.services.sessions.get("acme", "session-1").status is SessionStatus.COMPLETED


def test_ids_are_counted_per_tenant(world: World) -> None:
    """So that the sessions of two tenants may have the same ids, and their numbers tell nothing."""
    ids = [
        start(world, Batch(a_tenant(name)), a_call(ChargePointRef(name, "CP-1")))[0]
        for name in ("acme", "beta")
    ]
    assert ids == [1, 1]
    assert world.services.sessions.get("beta", "session-1").tenant_id == "beta"
