"""Dead letters are looked at, discarded, and keep what a replay came to."""

from dataclasses import replace

import pytest

from app.domain.dead_letter import DeadLetterStatus
from app.domain.errors import Conflict, NotFound
from tests.builders import a_dead_letter, at
from tests.fakes.world import World

LETTER = a_dead_letter()


@pytest.fixture(autouse=True)
def _parked(world: World) -> None:
    world.services.dead_letters.park("acme", [LETTER])
    world.clock.advance(60)


def test_what_is_discarded_needs_nobody_any_more(world: World) -> None:
    letters = world.services.dead_letters
    assert letters.count_parked("acme") == 1
    discarded = letters.discard("acme", LETTER.id)
    assert discarded == replace(LETTER, status=DeadLetterStatus.DISCARDED, settled_at=at(60))
    world.clock.advance(60)
    assert letters.discard("acme", LETTER.id) == discarded
    assert letters.count_parked("acme") == 0


def test_what_was_replayed_cannot_be_discarded(world: World) -> None:
    letters = world.services.dead_letters
    replayed = letters.note_replay(LETTER, "[3]", handled=True)
    assert (replayed.status, replayed.answer) == (DeadLetterStatus.REPLAYED, "[3]")
    with pytest.raises(Conflict):
        letters.discard("acme", LETTER.id)


def test_of_two_replays_at_once_the_first_is_kept(world: World) -> None:
    letters = world.services.dead_letters
    letters.note_replay(LETTER, "[3,1]", handled=True)
    assert letters.note_replay(LETTER, "[4]", handled=False).answer == "[3,1]"


def test_a_discarded_one_whose_replay_fails_stays_discarded(world: World) -> None:
    letters = world.services.dead_letters
    discarded = letters.discard("acme", LETTER.id)
    assert letters.note_replay(discarded, "[4]", handled=False).status is DeadLetterStatus.DISCARDED


@pytest.mark.parametrize(("tenant_id", "name"), [("acme", "dead-9"), ("beta", LETTER.id)])
def test_an_unknown_one_or_anothers_is_not_found(world: World, tenant_id: str, name: str) -> None:
    for ask in (world.services.dead_letters.get, world.services.dead_letters.discard):
        with pytest.raises(NotFound):
            ask(tenant_id, name)
