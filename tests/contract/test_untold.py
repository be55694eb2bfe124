"""Events travel inside the document that they tell of, so that no crash can part them from it."""

from datetime import timedelta

import pytest

from app.domain.context import ChargePointRef
from app.domain.errors import Retryable
from app.storage.mongo import Document
from app.storage.outbox import MongoOutbox
from app.storage.sessions import MongoSessions
from app.storage.untold import Untold
from tests.builders import NOON, a_session, an_event
from tests.contract.stores import Stores

pytestmark = pytest.mark.integration


class BrokenOutbox(MongoOutbox):
    """The writer dies between the session and the outbox."""

    def put(self, tenant_id: str, document: Document) -> None:
        raise Retryable("killed here")


@pytest.fixture
def untold(real: Stores) -> Untold:
    databases = real.outbox._databases  # type: ignore[attr-defined]
    dying = MongoSessions(databases, Untold(databases, BrokenOutbox(databases), ("sessions",)))
    order_key = round(NOON.timestamp() * 1_000_000)
    with pytest.raises(Retryable):
        dying.insert(
            a_session(1, ChargePointRef(real.id, "CP-1")), [an_event("session-1:started")], order_key
        )
    assert real.outbox.head(real.id, 10) == []
    return Untold(databases, MongoOutbox(databases), ("sessions", "commands"))


def test_the_sweep_tells_what_a_killed_writer_left(real: Stores, untold: Untold) -> None:
    assert untold.tell_forgotten(real.id, NOON - timedelta(seconds=1)) == 0
    assert untold.tell_forgotten(real.id, NOON + timedelta(seconds=1)) == 1
    entry = real.outbox.head(real.id, 10)[0]
    assert [event.body["event_id"] for event in entry.events] == ["session-1:started"]
    assert untold.tell_forgotten(real.id, NOON + timedelta(seconds=1)) == 0


def test_whoever_is_answered_a_second_time_may_have_it_told_first(real: Stores, untold: Untold) -> None:
    """Else the events of the next session overtake what the first time had to tell (found by a soak)."""
    known = real.sessions.find(real.id, "session-1")
    assert known is not None
    for _ in range(2):
        real.sessions.tell(known)
        (entry,) = real.outbox.head(real.id, 10)
        assert [event.body["event_id"] for event in entry.events] == ["session-1:started"]


def test_whoever_repeats_the_start_tells_it(real: Stores, untold: Untold) -> None:
    again = a_session(1, ChargePointRef(real.id, "CP-1"))
    assert real.sessions.insert(again, [an_event("another")], 2) is False
    entry = real.outbox.head(real.id, 10)[0]
    assert [event.body["event_id"] for event in entry.events] == ["session-1:started"]
