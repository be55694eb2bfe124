"""Requests under idempotency keys."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.services.idempotency import KeptAnswer, KnownRequest
from tests.builders import NOON
from tests.contract.stores import Stores

RUNNING = KnownRequest("a" * 64, "first", NOON + timedelta(minutes=2))
ANSWERED = replace(RUNNING, expires_at=NOON + timedelta(days=1), answer=KeptAnswer(201, b"\x00sealed"))


@pytest.fixture(params=["tenant", "platform"])
def owner(request: pytest.FixtureRequest, stores: Stores) -> str | None:
    return stores.id if request.param == "tenant" else None


@pytest.fixture
def running(stores: Stores) -> KnownRequest:
    return replace(RUNNING, id=stores.unique)


def answered(running: KnownRequest) -> KnownRequest:
    return replace(ANSWERED, id=running.id)


def test_the_first_one_is_new_and_the_next_finds_it(
    stores: Stores, owner: str | None, running: KnownRequest
) -> None:
    assert stores.idempotency.begin(owner, running, NOON) is None
    again = replace(running, fingerprint="second", expires_at=NOON + timedelta(minutes=3))
    assert stores.idempotency.begin(owner, again, NOON) == running
    stores.idempotency.forget(owner, running)


def test_an_answer_is_kept_until_it_expires(stores: Stores, owner: str | None, running: KnownRequest) -> None:
    keys, kept = stores.idempotency, answered(running)
    keys.begin(owner, running, NOON)
    keys.finish(owner, running, kept)
    later = replace(running, expires_at=NOON + timedelta(days=2))
    assert keys.begin(owner, later, NOON + timedelta(hours=23)) == kept
    assert keys.begin(owner, later, NOON + timedelta(hours=24)) is None
    assert keys.begin(owner, running, NOON + timedelta(hours=24)) == later
    keys.forget(owner, later)


def test_who_comes_late_changes_nothing_of_its_successor(
    stores: Stores, owner: str | None, running: KnownRequest
) -> None:
    keys, successor = stores.idempotency, replace(running, expires_at=NOON + timedelta(minutes=9))
    keys.begin(owner, running, NOON)
    assert keys.begin(owner, successor, NOON + timedelta(minutes=5)) is None
    keys.finish(owner, running, answered(running))
    keys.forget(owner, running)
    assert keys.begin(owner, running, NOON) == successor
    keys.forget(owner, successor)
    assert keys.begin(owner, running, NOON) is None
    keys.forget(owner, running)


def test_each_tenant_has_its_own(stores: Stores, running: KnownRequest) -> None:
    stores.idempotency.begin(stores.id, running, NOON)
    assert stores.idempotency.begin(None, running, NOON) is None
    stores.idempotency.forget(None, running)
