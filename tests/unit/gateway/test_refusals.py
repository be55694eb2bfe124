"""Who was refused: gathered in memory, written in bulk, bounded (A5, E3)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from structlog.testing import capture_logs

from app.domain.context import ChargePointRef
from app.domain.errors import Retryable
from app.services.ports import PageRequest
from app.services.refusals import RefusalReason, RefusedIdentity
from gateway.refusals import MAX_NOTED, RefusalNotes
from tests.builders import REF
from tests.fakes.world import World, fake_world

pytestmark = pytest.mark.asyncio


@pytest.fixture
def world() -> World:
    return fake_world()


@pytest.fixture
def notes(world: World) -> Iterator[RefusalNotes]:
    with ThreadPoolExecutor(1) as pool:
        yield RefusalNotes(world.services, pool)


def listed(world: World, tenant_id: str = "acme") -> list[RefusedIdentity]:
    return list(world.refused_identities.list_page(tenant_id, PageRequest(limit=2_000)).items)


async def test_refusals_of_one_identity_are_written_as_one(world: World, notes: RefusalNotes) -> None:
    for peer in ("192.0.2.1", "192.0.2.2"):
        notes.note(REF, RefusalReason.UNKNOWN, "Not known.", peer)
    notes.note(ChargePointRef("beta", "CP-1"), RefusalReason.UNKNOWN, "Not known.", "192.0.2.3")
    assert listed(world) == []
    await notes.flush()
    (one,) = listed(world)
    assert (one.identity, one.count, one.peer) == ("CP-1", 2, "192.0.2.2")
    assert len(listed(world, "beta")) == 1


async def test_what_was_written_is_not_written_again(world: World, notes: RefusalNotes) -> None:
    notes.note(REF, RefusalReason.UNKNOWN, "Not known.", "p")
    await notes.flush()
    await notes.flush()
    assert [one.count for one in listed(world)] == [1]


async def test_a_flood_of_identities_is_cut_and_that_is_told(world: World, notes: RefusalNotes) -> None:
    for number in range(MAX_NOTED + 7):
        notes.note(ChargePointRef("acme", f"X-{number}"), RefusalReason.UNKNOWN, "Not known.", "p")
    with capture_logs() as logs:
        await notes.flush()
    assert [(entry["event"], entry["count"]) for entry in logs] == [("refusals_not_noted", 7)]
    assert len(listed(world)) == MAX_NOTED


async def test_what_the_store_does_not_take_waits_for_the_next_time(
    world: World, notes: RefusalNotes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise Retryable("down")

    notes.note(REF, RefusalReason.UNKNOWN, "Not known.", "p")
    with monkeypatch.context() as broken:
        broken.setattr(world.refused_identities, "record", fail)
        await notes.flush()
    await notes.flush()
    assert [one.identity for one in listed(world)] == ["CP-1"]


async def test_an_alarm_is_raised_once_for_each_charge_point_and_kind(
    world: World, notes: RefusalNotes, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, str]] = []
    security = type(world.services.keepers.security)
    monkeypatch.setattr(security, "note_refusal", lambda _, ref, kind, detail: told.append((kind, detail)))
    for detail in ("first", "second"):
        notes.alarm(REF, "ChargePointFailedToAuthenticate", detail)
    notes.alarm(REF, "WrongSecurityProfile", "other")
    await notes.flush()
    assert told == [("ChargePointFailedToAuthenticate", "second"), ("WrongSecurityProfile", "other")]
