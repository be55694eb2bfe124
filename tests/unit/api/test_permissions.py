"""Every route against everybody, by enumeration: a new route is tested without anybody thinking of it.

What is expected follows from the one table, `ROLES_WITH`; which permission a route takes stands in
`routes.py`, and a route that is not there fails.
"""

from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.api import create_app
from app.domain.permissions import ROLES_WITH, Permission, permissions_of
from app.domain.user import Role
from tests.unit.api.calls import Api, assert_problem
from tests.unit.api.everybody import OTHER, Route, Town, new_town
from tests.unit.api.furnished import SETTINGS, TENANT, furnished_world
from tests.unit.api.routes import EXPECTED, PERSONAL, PUBLIC

LET_IN = {200, 201, 202, 204, 404, 409, 422}
MAKES_WHAT_IS_NOT_THERE = {("PUT", "/api/v1/id-tags/<path:id_tag>")}
_LOGIN = "a login"


@pytest.fixture(scope="module")
def app() -> Flask:
    return create_app(furnished_world().services, SETTINGS)


@pytest.fixture(scope="module")
def document(app: Flask) -> dict[str, Any]:
    found: dict[str, Any] = app.test_client().get("/api/openapi.json").get_json()
    return found


@pytest.fixture
def town(app: Flask, document: dict[str, Any]) -> Town:
    return new_town(app, document)


def routes(app: Flask) -> dict[Route, Permission | str | None]:
    """What each route takes, as the application itself says."""
    found = {}
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            login = _LOGIN if hasattr(view, "needs_login") else None
            found[(method, rule.rule)] = getattr(view, "permission", login)
    return found


def assert_let_in(answer: TestResponse, told: object) -> None:
    answer.close()
    assert answer.status_code in LET_IN, (told, answer.status_code)


# --- the table -------------------------------------------------------------------------------------


def test_every_route_is_public_on_purpose_or_takes_the_expected_permission(app: Flask) -> None:
    assert routes(app) == dict.fromkeys(PUBLIC) | dict.fromkeys(PERSONAL, _LOGIN) | EXPECTED


def test_every_permission_is_used_and_granted() -> None:
    assert set(EXPECTED.values()) == set(Permission) == set(ROLES_WITH)
    assert all(Role.PLATFORM_ADMIN in roles for roles in ROLES_WITH.values())


def test_a_viewer_only_reads() -> None:
    assert all(permission.endswith(".read") for permission in permissions_of(Role.VIEWER))


def test_each_role_may_all_that_the_next_one_may() -> None:
    for more, less in zip(list(Role), list(Role)[1:], strict=False):
        assert permissions_of(less) < permissions_of(more)


# --- every route, everybody ------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_each_role_gets_in_exactly_where_the_table_says(
    app: Flask, document: dict[str, Any], role: Role
) -> None:
    town, successes = new_town(app, document), 0
    for route, permission in EXPECTED.items():
        if role in ROLES_WITH[permission]:
            town = new_town(app, document)  # the one before may have deleted everything
            answer = town.good(town.person(role), route)
            assert_let_in(answer, route)
            successes += answer.status_code < 300
        else:  # and is told so before the body is read
            assert_problem(town.unreadable(town.person(role), route), 403, "not_permitted")
    allowed = sum(role in ROLES_WITH[permission] for permission in EXPECTED.values())
    assert successes > 0.8 * allowed  # else the requests are no good


def test_a_key_gets_in_by_the_one_scope_that_a_route_takes(app: Flask, document: dict[str, Any]) -> None:
    for route, permission in EXPECTED.items():
        town = new_town(app, document)
        role = Role.TENANT_ADMIN if Role.TENANT_ADMIN in ROLES_WITH[permission] else Role.PLATFORM_ADMIN
        machine = town.machine(role, frozenset({permission}))
        answer = town.good(machine, route)
        body = answer.get_json(silent=True) if answer.status_code == 403 else None
        if body is not None:  # of a key, which it cannot give what it has not
            assert body["detail"].startswith("You cannot give what you may not do yourself"), route
        else:
            assert_let_in(answer, route)


def test_all_other_scopes_do_not_help(town: Town) -> None:
    for route, permission in EXPECTED.items():
        for role in {Role.PLATFORM_ADMIN, *ROLES_WITH[permission]}:
            machine = town.machine(role, permissions_of(role) - {permission})
            assert_problem(town.unreadable(machine, route), 403, "not_permitted")


@pytest.mark.parametrize("role", list(Role))
def test_a_key_without_scopes_may_what_its_role_may(town: Town, role: Role) -> None:
    machine = town.machine(role)
    for route, permission in EXPECTED.items():
        answer = town.unreadable(machine, route) if role not in ROLES_WITH[permission] else None
        if answer is not None:
            assert_problem(answer, 403, "not_permitted")
        elif route[0] == "GET":
            assert_let_in(town.good(machine, route), route)


def test_without_a_token_nobody_gets_in(town: Town) -> None:
    nobody = Api(town.app.test_client(), None)
    for route in [*EXPECTED, *PERSONAL]:
        answer = town.unreadable(nobody, route)
        assert_problem(answer, 401, "token_missing")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


# --- about oneself ----------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_everybody_may_see_to_themselves(app: Flask, document: dict[str, Any], role: Role) -> None:
    for route in PERSONAL:
        town = new_town(app, document)
        answer = town.person(role)(route[0], town.path(route[1]))
        assert_let_in(answer, route)


def test_keys_have_no_login_to_see_to(town: Town) -> None:
    machine = town.machine(Role.TENANT_ADMIN)
    for method, rule in PERSONAL - {("GET", "/api/v1/auth/me")}:
        body = {"current_password": "x" * 12, "new_password": "y" * 12} if method == "PUT" else None
        assert_problem(machine(method, town.path(rule), body), 403, "not_permitted")
    assert machine.get("/api/v1/auth/me").status_code == 200


# --- another tenant ---------------------------------------------------------------------------------


def test_another_tenants_things_are_not_there(town: Town) -> None:
    stranger = town.person(Role.TENANT_ADMIN, OTHER)
    for route, permission in EXPECTED.items():
        if "<" not in route[1] or route in MAKES_WHAT_IS_NOT_THERE:
            continue
        answer = town.good(stranger, route, tenant_id=OTHER)
        if Role.TENANT_ADMIN in ROLES_WITH[permission]:
            assert_problem(answer, 404, "not_found")
        else:
            assert_problem(answer, 403, "not_permitted")


@pytest.mark.parametrize("named", ["header", "query"])
def test_only_a_platform_admin_names_a_tenant(town: Town, named: str) -> None:
    for role in (Role.TENANT_ADMIN, Role.OPERATOR, Role.VIEWER):
        who = town.person(role, OTHER)
        for (method, rule), permission in EXPECTED.items():
            path, headers = town.path(rule), {"X-Tenant-Id": TENANT}
            if named == "query":
                path, headers = f"{path}?tenant_id={TENANT}", {}
            answer = who(method, path, town.example((method, rule)), headers=headers)
            if role in ROLES_WITH[permission]:
                assert_problem(answer, 404, "not_found")
            else:
                assert_problem(answer, 403, "not_permitted")
    assert town.good(town.person(Role.PLATFORM_ADMIN), ("GET", "/api/v1/chargepoints")).status_code == 200
