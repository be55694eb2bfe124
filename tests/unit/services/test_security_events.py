"""Security events: kept once, told where critical, and never a flood (B54, E3)."""

import pytest

from app.domain.context import ChargePointRef
from app.domain.errors import Retryable
from app.domain.security_event import EventSource
from app.services.batch import Batch
from app.services.ports import PageRequest
from tests.builders import NOON, a_call, a_tenant, at
from tests.fakes.world import World

REF = ChargePointRef("acme", "CP-1")


def notify(world: World, kind: str, sequence: int = 1) -> Batch:
    batch = Batch(a_tenant())
    events = world.services.keepers.security_events
    events.record(batch, 0, a_call(sequence=sequence, received_at=at(60)), kind, NOON, "door open")
    return batch


def listed(world: World) -> list[tuple[str, EventSource, bool]]:
    page = world.services.keepers.security_events.list_page("acme", PageRequest())
    return [(one.type, one.source, one.critical) for one in page.items]


def test_a_critical_event_is_kept_and_told(world: World) -> None:
    batch = notify(world, "TamperDetectionActivated")
    assert listed(world) == [("TamperDetectionActivated", EventSource.CHARGE_POINT, True)]
    ((call, told),) = batch.events
    assert call == 0
    assert told.channel == "fault"
    assert told.body["event_type"] == "security_event"
    assert told.body["timestamp"] == "2026-03-01T12:00:00.000Z"
    assert told.body["data"] == {
        "type": "TamperDetectionActivated",
        "source": "charge_point",
        "tech_info": "door open",
        "received_at": "2026-03-01T12:01:00.000Z",
    }


@pytest.mark.parametrize("kind", ["InvalidTLSVersion", "SomethingOfAVendor", "x" * 80])
def test_every_other_event_is_only_kept(world: World, kind: str) -> None:
    assert notify(world, kind).events == []
    assert listed(world) == [(kind[:50], EventSource.CHARGE_POINT, False)]


def test_the_same_call_twice_is_one_event_told_under_one_id(world: World) -> None:
    ids = {notify(world, "ResetOrReboot").events[0][1].body["event_id"] for _ in range(2)}
    assert len(ids) == 1
    assert len(listed(world)) == 1


def test_what_is_noticed_here_is_kept_once_a_minute_for_each_charge_point_and_type(world: World) -> None:
    events = world.services.keepers.security_events
    assert events.note_own(REF, "WrongKey", "from 192.0.2.1")
    assert not events.note_own(REF, "WrongKey", "from 192.0.2.1")
    assert events.note_own(REF, "WrongProfile", "1 instead of 2")
    assert events.note_own(ChargePointRef("acme", "CP-2"), "WrongKey", "")
    world.clock.advance(60)
    assert events.note_own(REF, "WrongKey", "from 192.0.2.1")
    assert sorted(listed(world)) == sorted(
        [("WrongKey", EventSource.CENTRAL_SYSTEM, False)] * 3
        + [("WrongProfile", EventSource.CENTRAL_SYSTEM, False)]
    )
    assert world.outbox.events("acme") == []


def test_what_is_critical_here_is_told_at_once(world: World) -> None:
    world.services.keepers.security_events.note_own(REF, "CertificateNotIssued", "no CA", critical=True)
    (told,) = world.outbox.events("acme")
    assert told.body["data"]["source"] == "central_system"


def test_noticing_never_fails(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> bool:
        raise Retryable("store away")

    monkeypatch.setattr(world.security_events, "insert", fail)
    assert not world.services.keepers.security_events.note_own(REF, "WrongKey", "")
