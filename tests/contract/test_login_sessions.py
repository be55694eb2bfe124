"""Contract of `LoginSessionRepository` and `LiveSessions`."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from app.domain.login_session import LoginSession
from app.messaging.live_sessions import LIVE_FOR_S, RedisLiveSessions
from app.messaging.redis_client import KEY_PREFIX
from tests.builders import NOON, at
from tests.contract.stores import ACCESS_TOKEN_S, Stores


def a_session(stores: Stores, name: str = "phone", **fields: object) -> LoginSession:
    session = LoginSession(
        id=f"{stores.unique}-{name}",
        user_id=f"user-{stores.unique}",
        tenant_id=stores.id,
        created_at=NOON,
        last_used_at=NOON,
        expires_at=at(600),
        refresh_id="r1",
        user_agent="a phone \N{MOBILE PHONE}",
        address="192.0.2.1",
    )
    return replace(session, **fields)  # type: ignore[arg-type]


def rotated(session: LoginSession, refresh_id: str) -> LoginSession:
    changes = {"former_refresh_id": session.refresh_id, "rotated_at": at(1), "last_used_at": at(1)}
    return replace(session, refresh_id=refresh_id, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("tenant_id", ["acme", None])
def test_a_session_is_kept_as_it_is(stores: Stores, tenant_id: str | None) -> None:
    session = a_session(stores, tenant_id=tenant_id)
    stores.login_sessions.insert(session)
    assert stores.login_sessions.find(session.id) == session
    assert stores.login_sessions.find(f"{stores.unique}-nobody") is None


def test_a_refresh_token_is_followed_by_the_next(stores: Stores) -> None:
    first = a_session(stores)
    stores.login_sessions.insert(first)
    second = rotated(first, "r2")
    assert stores.login_sessions.rotate(first, second)
    assert stores.login_sessions.find(first.id) == second
    assert not stores.login_sessions.rotate(first, rotated(first, "r3"))
    assert stores.login_sessions.find(first.id) == second


def test_of_many_at_a_time_one_succeeds(stores: Stores) -> None:
    first = a_session(stores)
    stores.login_sessions.insert(first)
    with ThreadPoolExecutor(8) as pool:
        followers = [rotated(first, f"r{number}") for number in range(2, 10)]
        succeeded = list(pool.map(lambda one: stores.login_sessions.rotate(first, one), followers))
    assert succeeded.count(True) == 1
    assert stores.login_sessions.find(first.id) == followers[succeeded.index(True)]


def test_what_has_ended_is_not_rotated(stores: Stores) -> None:
    """Whoever logs out while another tab refreshes is logged out."""
    session = a_session(stores)
    stores.login_sessions.insert(session)
    stores.login_sessions.end([session.id], at(1))
    assert not stores.login_sessions.rotate(session, rotated(session, "r2"))
    assert not stores.login_sessions.rotate(a_session(stores, "gone"), a_session(stores, "gone"))
    assert stores.login_sessions.find(session.id) == replace(session, ended_at=at(1))
    assert stores.login_sessions.find(f"{stores.unique}-gone") is None


def test_an_end_stays_as_it_was_first_noted(stores: Stores) -> None:
    session, other = a_session(stores), a_session(stores, "laptop")
    stores.login_sessions.insert(session)
    stores.login_sessions.insert(other)
    stores.login_sessions.end([session.id, f"{stores.unique}-nobody"], at(1))
    stores.login_sessions.end([session.id], at(2))
    stores.login_sessions.end([], at(3))
    assert stores.login_sessions.find(session.id) == replace(session, ended_at=at(1))
    assert stores.login_sessions.find(other.id) == other


def test_those_of_a_user_that_have_not_ended_newest_first(stores: Stores) -> None:
    sessions = [a_session(stores, f"s{number}", created_at=at(number)) for number in range(3)]
    for session in (*sessions, a_session(stores, "foreign", user_id=f"other-{stores.unique}")):
        stores.login_sessions.insert(session)
    stores.login_sessions.end([sessions[1].id], at(5))
    assert stores.login_sessions.of_user(sessions[0].user_id) == [sessions[2], sessions[0]]


def test_those_of_a_tenants_people_that_have_not_ended(stores: Stores) -> None:
    mine, over = a_session(stores), a_session(stores, "over")
    foreign = a_session(stores, "foreign", tenant_id=f"{stores.unique}-other")
    root = a_session(stores, "root", tenant_id=None)
    for session in (mine, over, foreign, root):
        stores.login_sessions.insert(session)
    stores.login_sessions.end([over.id], at(1))
    assert stores.login_sessions.live_of_tenant(stores.id) == [mine]


def test_all_of_a_tenants_people_go_and_nobody_elses(stores: Stores) -> None:
    mine = a_session(stores)
    others = [
        a_session(stores, "foreign", tenant_id=f"{stores.unique}-other"),
        a_session(stores, "root", tenant_id=None),
    ]
    for session in (mine, *others):
        stores.login_sessions.insert(session)
    stores.login_sessions.remove_all(stores.id)
    assert stores.login_sessions.find(mine.id) is None
    assert [stores.login_sessions.find(one.id) for one in others] == others


def test_what_is_over_is_forgotten(stores: Stores) -> None:
    live = a_session(stores, "live", expires_at=at(500))
    ended = a_session(stores, "ended", expires_at=at(500), ended_at=at(10))
    just = a_session(stores, "just", expires_at=at(500), ended_at=at(200))
    expired = a_session(stores, "expired", expires_at=at(50))
    for session in (live, ended, just, expired):
        stores.login_sessions.insert(session)
    assert stores.login_sessions.prune(at(100)) >= 2
    left = [stores.login_sessions.find(one.id) for one in (live, ended, just, expired)]
    assert left == [live, None, just, None]


def test_what_lives_is_remembered(stores: Stores) -> None:
    assert stores.live_sessions.recall(f"{stores.unique}-a") is None
    stores.live_sessions.remember(f"{stores.unique}-a", live=True)
    assert stores.live_sessions.recall(f"{stores.unique}-a") is True
    stores.live_sessions.remember(f"{stores.unique}-a", live=False)
    assert stores.live_sessions.recall(f"{stores.unique}-a") is False


def test_an_end_is_never_overwritten(stores: Stores) -> None:
    """By a request that read the database the moment before."""
    stores.live_sessions.remember(f"{stores.unique}-a", live=False)
    stores.live_sessions.remember(f"{stores.unique}-a", live=True)
    assert stores.live_sessions.recall(f"{stores.unique}-a") is False


@pytest.mark.integration
def test_an_end_is_remembered_for_longer_than_any_access_token_lives(real: Stores) -> None:
    """And that one lives for seconds only: an end that Redis was not told counts soon as well."""
    live = real.live_sessions
    assert isinstance(live, RedisLiveSessions)
    live.remember(f"{real.unique}-live", live=True)
    live.remember(f"{real.unique}-ended", live=True)
    live.remember(f"{real.unique}-ended", live=False)
    with live._guard.calling() as client:
        lives = [client.ttl(f"{KEY_PREFIX}login:{real.unique}-{name}") for name in ("live", "ended")]
    assert 0 < lives[0] <= LIVE_FOR_S
    assert ACCESS_TOKEN_S < lives[1] <= ACCESS_TOKEN_S + LIVE_FOR_S
