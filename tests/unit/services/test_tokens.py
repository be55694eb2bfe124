"""Login sessions: opened, rotated, ended."""

from dataclasses import replace
from typing import Any

import pytest

from app.domain.errors import NotAuthenticated, NotFound
from app.domain.login_session import LoginSession
from app.domain.user import Role, User
from app.services.tokens import MAX_SESSIONS, MAX_TEXT
from tests.builders import NOON
from tests.fakes.world import World

ANN = User("user-ann", "ann@example.com", "acme", Role.OPERATOR, "-", NOON)
BOB = User("user-bob", "bob@example.com", "acme", Role.OPERATOR, "-", NOON)


@pytest.fixture
def session(world: World) -> LoginSession:
    return world.services.tokens.open(ANN, user_agent="phone", address="192.0.2.1")


def is_live(world: World, session: LoginSession) -> bool:
    try:
        world.services.tokens.check_live({"sid": session.id})
    except NotAuthenticated:
        return False
    return True


def test_each_use_gives_the_next_token(world: World, session: LoginSession) -> None:
    second = world.services.tokens.rotate(session.id, session.refresh_id)
    third = world.services.tokens.rotate(session.id, second.refresh_id)
    assert len({session.refresh_id, second.refresh_id, third.refresh_id}) == 3
    assert is_live(world, session)


def test_two_tabs_that_ask_at_once_get_the_same_token(world: World, session: LoginSession) -> None:
    """Whichever answer the browser keeps is good an hour later."""
    tokens = world.services.tokens
    one, other = (tokens.rotate(session.id, session.refresh_id) for _ in range(2))
    assert one.refresh_id == other.refresh_id
    world.clock.advance(3600)
    assert tokens.rotate(session.id, one.refresh_id).refresh_id != one.refresh_id


def test_who_was_quicker_counts(world: World, session: LoginSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both read the session before either wrote it."""
    store, rotate = world.login_sessions, world.login_sessions.rotate
    first = replace(session, refresh_id="quicker", former_refresh_id=session.refresh_id, rotated_at=NOON)

    def overtaken(known: LoginSession, changed: LoginSession) -> bool:
        rotate(known, first)
        return rotate(known, changed)

    monkeypatch.setattr(store, "rotate", overtaken)
    assert world.services.tokens.rotate(session.id, session.refresh_id).refresh_id == "quicker"


def test_a_session_that_ends_meanwhile_is_not_rotated(
    world: World, session: LoginSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    rotate = world.login_sessions.rotate

    def logged_out(known: LoginSession, changed: LoginSession) -> bool:
        world.services.tokens.end(ANN.id, session.id)
        return rotate(known, changed)

    monkeypatch.setattr(world.login_sessions, "rotate", logged_out)
    with pytest.raises(NotAuthenticated):
        world.services.tokens.rotate(session.id, session.refresh_id)
    assert not is_live(world, session)


@pytest.mark.parametrize("seconds", [11, 3600])
def test_a_token_that_is_used_again_later_ends_the_session(
    world: World, session: LoginSession, seconds: int
) -> None:
    second = world.services.tokens.rotate(session.id, session.refresh_id)
    world.clock.advance(seconds)
    for stolen in (session.refresh_id, second.refresh_id):
        with pytest.raises(NotAuthenticated):
            world.services.tokens.rotate(session.id, stolen)
    assert not is_live(world, session)


def test_repeating_does_not_prolong_the_time_for_it(world: World, session: LoginSession) -> None:
    tokens = world.services.tokens
    for _ in range(3):
        tokens.rotate(session.id, session.refresh_id)
        world.clock.advance(4)
    with pytest.raises(NotAuthenticated):
        tokens.rotate(session.id, session.refresh_id)


@pytest.mark.parametrize("refresh_id", ["", "None", "guessed"])
def test_a_token_that_was_never_given_ends_the_session(
    world: World, session: LoginSession, refresh_id: str
) -> None:
    with pytest.raises(NotAuthenticated):
        world.services.tokens.rotate(session.id, refresh_id)
    assert not is_live(world, session)


@pytest.mark.parametrize("claims", [{}, {"sid": None}, {"sid": 7}, {"sid": ""}, {"sid": {"$ne": 1}}])
def test_a_token_without_a_session_is_none(world: World, claims: dict[str, Any]) -> None:
    with pytest.raises(NotAuthenticated):
        world.services.tokens.check_live(claims)


def test_a_session_has_an_end_however_often_it_is_used(world: World, session: LoginSession) -> None:
    current = session
    for _ in range(3):
        world.clock.advance(9 * 86_400)
        current = world.services.tokens.rotate(session.id, current.refresh_id)
    world.live_sessions.known.clear()
    world.clock.advance(3 * 86_400)
    assert not is_live(world, session)
    with pytest.raises(NotAuthenticated):
        world.services.tokens.rotate(session.id, current.refresh_id)
    assert world.services.tokens.of_user(ANN.id) == []


def test_ending_counts_at_once_and_for_nobody_else(world: World, session: LoginSession) -> None:
    other, bobs = world.services.tokens.open(ANN), world.services.tokens.open(BOB)
    assert all(is_live(world, one) for one in (session, other, bobs))
    world.services.tokens.end(ANN.id, session.id)
    assert [is_live(world, one) for one in (session, other, bobs)] == [False, True, True]
    for user in (ANN, BOB):
        with pytest.raises(NotFound):
            world.services.tokens.end(user.id, session.id)
    with pytest.raises(NotFound):
        world.services.tokens.end(BOB.id, other.id)


def test_all_end_but_one(world: World, session: LoginSession) -> None:
    other, bobs = world.services.tokens.open(ANN), world.services.tokens.open(BOB)
    assert world.services.tokens.end_all(ANN.id, but=other.id) == 1
    assert [is_live(world, one) for one in (session, other, bobs)] == [False, True, True]
    assert world.services.tokens.end_all(ANN.id) == 1
    assert world.services.tokens.end_all(ANN.id) == 0


def test_without_the_memory_the_database_is_asked(world: World, session: LoginSession) -> None:
    world.live_sessions.is_away = True
    assert is_live(world, session)
    world.services.tokens.end(ANN.id, session.id)
    assert not is_live(world, session)


def test_nobody_has_more_sessions_than_a_person_needs(world: World, session: LoginSession) -> None:
    bobs = world.services.tokens.open(BOB)
    for _ in range(MAX_SESSIONS):
        world.clock.advance(1)
        newest = world.services.tokens.open(ANN)
    assert len(world.services.tokens.of_user(ANN.id)) == MAX_SESSIONS
    assert [is_live(world, one) for one in (session, newest, bobs)] == [False, True, True]


def test_a_program_that_says_too_much_of_itself(world: World) -> None:
    session = world.services.tokens.open(ANN, user_agent="\x00\N{SNOWMAN}" * 5_000, address="192.0.2.1")
    assert len(session.user_agent) == MAX_TEXT


def test_what_is_over_is_forgotten_a_day_later(world: World, session: LoginSession) -> None:
    world.services.tokens.end(ANN.id, session.id)
    other = world.services.tokens.open(ANN)
    assert world.services.tokens.prune() == 0
    world.clock.advance(86_401)
    assert world.services.tokens.prune() == 1
    assert world.login_sessions.find(other.id) == other
