"""The people of a tenant over HTTP."""

from collections.abc import Callable, Mapping

import pytest

from app.domain.user import Role
from tests.fakes.world import World
from tests.unit.api.calls import PASSWORD, Api, assert_problem

USERS = "/api/v1/users"
NEW = {"email": "New@acme.example", "password": "a brand new one", "role": "operator", "name": "Ann"}


def id_of(world: World, email: str) -> str:
    user = world.users.find_by_email(email)
    assert user is not None
    return user.id


def test_a_user_comes_changes_and_goes(tenant_admin: Api, anybody: Api) -> None:
    made = tenant_admin.post(USERS, NEW)
    assert made.status_code == 201
    body = made.get_json()
    assert (body["email"], body["tenant_id"], body["disabled"]) == ("new@acme.example", "acme", False)
    assert "password" not in str(body)
    address = made.headers["Location"]
    assert tenant_admin.get(address).get_json() == body
    assert tenant_admin.patch(address, {"name": "Anna"}).get_json()["name"] == "Anna"
    login = {"email": NEW["email"], "password": "yet another one"}
    assert tenant_admin.put(f"{address}/password", {"password": "yet another one"}).status_code == 204
    assert anybody.post("/api/v1/auth/login", login).status_code == 200
    assert tenant_admin.delete(f"{address}/sessions").get_json() == {"ended": 1}
    assert tenant_admin.post(f"{address}/unlock").status_code == 204
    assert tenant_admin.delete(address).status_code == 204
    assert_problem(tenant_admin.get(address), 404, "not_found")
    assert_problem(anybody.post("/api/v1/auth/login", login), 401, "not_authenticated")


def test_an_email_is_taken_once_in_each_tenant(tenant_admin: Api, as_user: Callable[..., Api]) -> None:
    assert tenant_admin.post(USERS, NEW).status_code == 201
    assert_problem(tenant_admin.post(USERS, NEW), 409, "conflict")
    assert as_user(Role.TENANT_ADMIN, "beta").post(USERS, NEW).status_code == 201


def test_people_of_another_tenant_do_not_exist(world: World, as_user: Callable[..., Api]) -> None:
    beta, foreign = as_user(Role.TENANT_ADMIN, "beta"), id_of(world, "operator@acme.example")
    for method, path, body in (
        ("GET", f"{USERS}/{foreign}", None),
        ("PATCH", f"{USERS}/{foreign}", {"name": "x"}),
        ("PUT", f"{USERS}/{foreign}/password", {"password": "stolen stolen"}),
        ("POST", f"{USERS}/{foreign}/unlock", None),
        ("DELETE", f"{USERS}/{foreign}/sessions", None),
        ("DELETE", f"{USERS}/{foreign}", None),
    ):
        assert_problem(beta(method, path, body), 404, "not_found")
    listed = beta.get(USERS).get_json()["items"]
    assert {item["tenant_id"] for item in listed} == {"beta"}


def test_filters(tenant_admin: Api) -> None:
    assert [u["role"] for u in tenant_admin.get(f"{USERS}?role=viewer").get_json()["items"]] == ["viewer"]
    found = tenant_admin.get(f"{USERS}?email=OPERATOR@acme.example").get_json()["items"]
    assert [u["email"] for u in found] == ["operator@acme.example"]
    assert tenant_admin.get(f"{USERS}?disabled=true").get_json()["items"] == []


def test_the_last_administrator_stays(tenant_admin: Api, world: World) -> None:
    address = f"{USERS}/{id_of(world, 'tenant_admin@acme.example')}"
    for answer in (
        tenant_admin.delete(address),
        tenant_admin.patch(address, {"disabled": True}),
        tenant_admin.patch(address, {"role": "viewer"}),
    ):
        assert_problem(answer, 409, "conflict")
    tenant_admin.post(USERS, NEW | {"role": "tenant_admin"})
    assert tenant_admin.patch(address, {"role": "viewer"}).status_code == 200


def test_nobody_gives_more_than_they_have(tenant_admin: Api, world: World) -> None:
    assert_problem(tenant_admin.post(USERS, NEW | {"role": "platform_admin"}), 403, "not_permitted")
    address = f"{USERS}/{id_of(world, 'viewer@acme.example')}"
    assert_problem(tenant_admin.patch(address, {"role": "platform_admin"}), 403, "not_permitted")


def test_the_platform_has_people_of_its_own(platform_admin: Api) -> None:
    listed = platform_admin.get(USERS).get_json()["items"]
    assert [item["role"] for item in listed] == ["platform_admin"]
    own = platform_admin.post(USERS, NEW | {"role": "platform_admin"})
    assert own.get_json()["tenant_id"] is None
    assert_problem(platform_admin.post(USERS, NEW), 422, "invalid_input", "tenant_id")
    acme = {"X-Tenant-Id": "acme"}
    assert platform_admin.post(USERS, NEW, headers=acme).get_json()["tenant_id"] == "acme"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"email": "a b@acme.example"}, "email"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@b\x00.example"}, "email"),
        ({"email": "a" * 10_000 + "@b.example"}, "email"),
        ({"name": "Ann\x00"}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"role": "root"}, "role"),
        ({"tenant_id": "beta"}, "tenant_id"),
        ({"disabled": True}, "disabled"),
    ],
)
def test_odd_users_are_named(tenant_admin: Api, change: dict[str, object], named: str) -> None:
    assert_problem(tenant_admin.post(USERS, NEW | change), 422, "invalid_input", named)


@pytest.mark.parametrize(
    "change",
    [{"name": "Ann\x00"}, {"name": None}, {"role": None}, {"disabled": None}, {"email": "x@y"}, {"id": "1"}],
)
def test_odd_changes_are_named(tenant_admin: Api, world: World, change: dict[str, object]) -> None:
    address = f"{USERS}/{id_of(world, 'viewer@acme.example')}"
    assert_problem(tenant_admin.patch(address, change), 422, "invalid_input", *change)


def test_a_name_that_is_changed_does_not_enable_who_is_disabled_meanwhile(
    tenant_admin: Api, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_id, change = id_of(world, "viewer@acme.example"), world.users.change

    def overtaken(changed: str, changes: Mapping[str, object]) -> None:
        change(user_id, {"disabled": True})
        change(changed, changes)

    monkeypatch.setattr(world.users, "change", overtaken)
    tenant_admin.patch(f"{USERS}/{user_id}", {"name": "Anna"})
    user = world.users.find(user_id)
    assert user is not None
    assert (user.name, user.disabled) == ("Anna", True)


def test_neither_passwords_nor_hashes_are_on_record(tenant_admin: Api, world: World) -> None:
    address = tenant_admin.post(USERS, NEW).headers["Location"]
    tenant_admin.put(f"{address}/password", {"password": "yet another one"})
    tenant_admin.patch(address, {"name": "Anna"})
    recorded = repr(world.audit.entries)
    assert "users" in recorded
    for secret in (NEW["password"], "yet another one", "argon2"):
        assert secret not in recorded


@pytest.mark.parametrize(
    ("password", "told"),
    [
        ("short", "at least 10"),
        ("Password123!", "guessed"),
        ("1234567890", "guessed"),
        ("aaaaaaaaaaaa", "guessed"),
        ("new@acme.example", "own name"),
        ("x" * 129, "at most 128"),
    ],
)
def test_a_password_that_somebody_would_guess(tenant_admin: Api, password: str, told: str) -> None:
    refused = assert_problem(
        tenant_admin.post(USERS, NEW | {"password": password}), 422, "invalid_input", "password"
    )
    assert told in refused["errors"]["password"][0]
    assert PASSWORD not in str(refused)
