"""Login sessions: tokens that rotate, end, and end at once."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from app.domain.login_session import LoginSession
from app.domain.user import Role
from tests.fakes.world import World
from tests.unit.api.calls import PASSWORD, Api, assert_problem

LOGIN, REFRESH, LOGOUT = "/api/v1/auth/login", "/api/v1/auth/refresh", "/api/v1/auth/logout"
SESSIONS, ME, OWN_PASSWORD = "/api/v1/auth/sessions", "/api/v1/auth/me", "/api/v1/auth/password"
OPERATOR = {"email": "operator@acme.example", "password": PASSWORD}


def logged_in(anybody: Api) -> tuple[Api, str]:
    body = anybody.post(LOGIN, OPERATOR, headers={"User-Agent": "phone"}).get_json()
    return Api(anybody.client, body["access_token"]), body["refresh_token"]


def refreshed(anybody: Api, token: str) -> str:
    answer = anybody.post(REFRESH, {"refresh_token": token})
    assert answer.status_code == 200
    following: str = answer.get_json()["refresh_token"]
    return following


def test_a_refresh_token_that_is_used_again_ends_the_session(anybody: Api, world: World) -> None:
    me, first = logged_in(anybody)
    second = refreshed(anybody, first)
    world.clock.advance(timedelta(seconds=11).total_seconds())
    assert_problem(anybody.post(REFRESH, {"refresh_token": first}), 401, "not_authenticated")
    assert_problem(anybody.post(REFRESH, {"refresh_token": second}), 401, "not_authenticated")
    assert_problem(me.get(ME), 401, "not_authenticated")


def test_an_answer_that_was_lost_may_be_asked_for_again(anybody: Api, world: World) -> None:
    _, first = logged_in(anybody)
    refreshed(anybody, first)
    assert refreshed(anybody, refreshed(anybody, first))


def test_logging_out_ends_the_access_token_at_once(anybody: Api) -> None:
    me, token = logged_in(anybody)
    other, _ = logged_in(anybody)
    assert me.post(LOGOUT).get_json() == {"ended": 1}
    assert_problem(me.get(ME), 401, "not_authenticated")
    assert_problem(anybody.post(REFRESH, {"refresh_token": token}), 401, "not_authenticated")
    assert other.get(ME).status_code == 200


def test_logging_out_everywhere(anybody: Api) -> None:
    me, _ = logged_in(anybody)
    other, _ = logged_in(anybody)
    assert me.post(LOGOUT, {"everywhere": True}).get_json() == {"ended": 2}
    assert_problem(other.get(ME), 401, "not_authenticated")


def test_ones_sessions_are_shown_and_can_be_ended(anybody: Api) -> None:
    me, _ = logged_in(anybody)
    other, _ = logged_in(anybody)
    listed = me.get(SESSIONS).get_json()
    assert {item["user_agent"] for item in listed["items"]} == {"phone"}
    (foreign,) = [item["id"] for item in listed["items"] if item["id"] != listed["current"]]
    assert "refresh" not in str(listed)
    assert me.delete(f"{SESSIONS}/{foreign}").status_code == 204
    assert_problem(other.get(ME), 401, "not_authenticated")
    assert_problem(me.delete(f"{SESSIONS}/{foreign}"), 404, "not_found")


def test_nobody_ends_the_session_of_somebody_else(anybody: Api, as_user: Callable[..., Api]) -> None:
    me, _ = logged_in(anybody)
    current = me.get(SESSIONS).get_json()["current"]
    assert_problem(as_user(Role.TENANT_ADMIN, "beta").delete(f"{SESSIONS}/{current}"), 404, "not_found")


def test_who_am_i(as_user: Callable[..., Api]) -> None:
    told = as_user(Role.VIEWER).get(ME).get_json()
    assert (told["kind"], told["name"], told["role"]) == ("user", "viewer@acme.example", "viewer")
    assert "sessions.read" in told["permissions"]
    assert "sessions.stop" not in told["permissions"]


def test_ones_own_password(anybody: Api) -> None:
    me, _ = logged_in(anybody)
    other, _ = logged_in(anybody)
    wrong = {"current_password": "not it at all", "new_password": "another good horse"}
    assert_problem(me.put(OWN_PASSWORD, wrong), 401, "not_authenticated")
    weak = {"current_password": PASSWORD, "new_password": "Password123!"}
    assert_problem(me.put(OWN_PASSWORD, weak), 422, "invalid_input", "password")
    good = {"current_password": PASSWORD, "new_password": "another good horse"}
    assert me.put(OWN_PASSWORD, good).status_code == 204
    assert me.get(ME).status_code == 200
    assert_problem(other.get(ME), 401, "not_authenticated")
    assert_problem(anybody.post(LOGIN, OPERATOR), 401, "not_authenticated")
    assert anybody.post(LOGIN, OPERATOR | {"password": "another good horse"}).status_code == 200


def test_a_lock_says_the_same_as_a_wrong_password(anybody: Api, world: World) -> None:
    wrong = OPERATOR | {"password": "not it at all"}
    refusals = [anybody.post(LOGIN, wrong).get_json(force=True)["detail"] for _ in range(5)]
    locked = assert_problem(anybody.post(LOGIN, OPERATOR), 401, "not_authenticated")
    assert {*refusals, locked["detail"]} == {refusals[0]}
    world.clock.advance(61)
    assert anybody.post(LOGIN, OPERATOR).status_code == 200


def test_the_same_email_in_two_tenants(anybody: Api, world: World) -> None:
    """Without a tenant, whoever was there first: nobody takes a login away by entering somebody's email."""
    world.clock.advance(1)
    world.services.users.create("operator@acme.example", "of the other one", Role.VIEWER, "beta")
    assert anybody.post(LOGIN, OPERATOR).status_code == 200
    other = OPERATOR | {"password": "of the other one"}
    assert_problem(anybody.post(LOGIN, other), 401, "not_authenticated")
    assert anybody.post(LOGIN, other | {"tenant_id": "beta"}).status_code == 200
    acme = anybody.post(LOGIN, OPERATOR | {"tenant_id": "acme"}).get_json()
    assert Api(anybody.client, acme["access_token"]).get(ME).get_json()["tenant_id"] == "acme"
    assert_problem(anybody.post(LOGIN, OPERATOR | {"tenant_id": "beta"}), 401, "not_authenticated")


def test_the_platform_is_not_kept_out_by_somebody_of_the_same_email(anybody: Api, world: World) -> None:
    """Any tenant's administrator may enter any email."""
    root = "platform_admin@platform.example"
    world.services.users.create(root, "of somebody else", Role.TENANT_ADMIN, "beta")
    login = {"email": root, "password": PASSWORD}
    me = Api(anybody.client, anybody.post(LOGIN, login).get_json()["access_token"])
    assert me.get(ME).get_json()["role"] == "platform_admin"
    other = login | {"password": "of somebody else"}
    assert_problem(anybody.post(LOGIN, other), 401, "not_authenticated")
    assert anybody.post(LOGIN, other | {"tenant_id": "beta"}).status_code == 200


def test_who_is_locked_is_let_in_by_an_administrator(anybody: Api, tenant_admin: Api, world: World) -> None:
    for _ in range(5):
        anybody.post(LOGIN, OPERATOR | {"password": "not it at all"})
    assert_problem(anybody.post(LOGIN, OPERATOR), 401, "not_authenticated")
    user = world.users.find_by_email(OPERATOR["email"])
    assert user is not None
    assert tenant_admin.post(f"/api/v1/users/{user.id}/unlock").status_code == 204
    assert anybody.post(LOGIN, OPERATOR).status_code == 200


def test_one_customers_ipv6_addresses_count_as_one(anybody: Api) -> None:
    def log_in(host: str, password: str) -> int:
        environ = {"REMOTE_ADDR": f"2001:db8:1:2::{host}"}
        body = OPERATOR | {"password": password}
        return anybody.post(LOGIN, body, environ_overrides=environ).status_code

    assert {log_in(f"{number}", "not it at all") for number in range(1, 6)} == {401}
    assert log_in("99", PASSWORD) == 401
    assert anybody.post(LOGIN, OPERATOR).status_code == 200


@pytest.mark.parametrize(
    "change", [{"disabled": True}, {"role": Role.VIEWER}, {"password_hash": "other"}, None]
)
def test_what_changes_at_the_moment_of_logging_in_counts(
    anybody: Api, world: World, monkeypatch: pytest.MonkeyPatch, change: dict[str, object] | None
) -> None:
    """The sessions that are ended then do not hold the one that is about to be opened."""
    user, opened = world.users.find_by_email(OPERATOR["email"]), world.login_sessions.insert
    assert user is not None

    def overtaken(session: LoginSession) -> None:
        if change is None:
            world.users.remove(user.id)
        else:
            world.users.change(user.id, change)
        opened(session)

    monkeypatch.setattr(world.login_sessions, "insert", overtaken)
    assert_problem(anybody.post(LOGIN, OPERATOR), 401, "not_authenticated")
    assert world.services.tokens.of_user(user.id) == []


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"email": "x" * 10_000 + "@acme.example", "password": PASSWORD}, "email"),
        ({"email": "", "password": PASSWORD}, "email"),
        ({"email": None, "password": PASSWORD}, "email"),
        ({"email": {"$ne": ""}, "password": PASSWORD}, "email"),
        ({"email": OPERATOR["email"], "password": "x" * 1_025}, "password"),
        ({"email": OPERATOR["email"], "password": ["x"]}, "password"),
        (OPERATOR | {"tenant_id": "x" * 49}, "tenant_id"),
        (OPERATOR | {"tenant_id": 7}, "tenant_id"),
    ],
)
def test_odd_logins_are_named(anybody: Api, body: dict[str, object], named: str) -> None:
    assert_problem(anybody.post(LOGIN, body), 422, "invalid_input", named)


@pytest.mark.parametrize("email", ["\x00@\x00", "\N{SNOWMAN}@x", "ß" * 250, "operator@acme.example\n", "$ne"])
def test_odd_emails_are_nobodys(anybody: Api, email: str) -> None:
    assert_problem(anybody.post(LOGIN, OPERATOR | {"email": email}), 401, "not_authenticated")


def test_a_long_story_of_a_user_agent_is_cut(anybody: Api) -> None:
    body = anybody.post(LOGIN, OPERATOR, headers={"User-Agent": "\xe9\x7f" * 4_000}).get_json()
    (session,) = Api(anybody.client, body["access_token"]).get(SESSIONS).get_json()["items"]
    assert len(session["user_agent"]) == 200


@pytest.mark.parametrize("change", [{"role": "viewer"}, {"disabled": True}])
def test_another_role_and_being_disabled_count_at_once(
    anybody: Api, as_user: Callable[..., Api], world: World, change: dict[str, object]
) -> None:
    me, token = logged_in(anybody)
    user = world.users.find_by_email(OPERATOR["email"])
    assert user is not None
    assert as_user(Role.TENANT_ADMIN).patch(f"/api/v1/users/{user.id}", change).status_code == 200
    assert_problem(me.get(ME), 401, "not_authenticated")
    assert_problem(anybody.post(REFRESH, {"refresh_token": token}), 401, "not_authenticated")


def test_without_redis_mongodb_knows_who_is_logged_out(anybody: Api, world: World) -> None:
    me, _ = logged_in(anybody)
    world.live_sessions.is_away = True
    assert me.get(ME).status_code == 200
    assert me.post(LOGOUT).status_code == 200
    assert_problem(me.get(ME), 401, "not_authenticated")
