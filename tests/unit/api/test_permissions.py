"""Every route against every role, by enumeration: a new route is tested without anybody thinking of it."""

from collections.abc import Callable

import pytest
from flask import Flask

from app.domain.permissions import ROLES_WITH, Permission
from app.domain.user import Role
from tests.unit.api.calls import Api, assert_problem
from tests.unit.api.routes import EXPECTED, PUBLIC


def routes(app: Flask) -> dict[tuple[str, str], Permission | None]:
    found = {}
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            found[(method, rule.rule)] = getattr(view, "permission", None)
    return found


def test_every_route_is_public_on_purpose_or_takes_the_expected_permission(app: Flask) -> None:
    assert routes(app) == dict.fromkeys(PUBLIC) | EXPECTED


def test_every_permission_is_used_and_granted() -> None:
    assert set(EXPECTED.values()) == set(Permission) == set(ROLES_WITH)
    assert all(Role.PLATFORM_ADMIN in roles for roles in ROLES_WITH.values())


def test_a_viewer_only_reads() -> None:
    assert all(
        permission.endswith(".read") for permission, roles in ROLES_WITH.items() if Role.VIEWER in roles
    )


@pytest.mark.parametrize("role", list(Role))
def test_each_role_gets_in_exactly_where_the_table_says(
    app: Flask, as_user: Callable[..., Api], role: Role
) -> None:
    user = as_user(role)
    for (method, rule), permission in EXPECTED.items():
        path = rule.replace("<tenant_id>", "acme").replace("<", "").replace(">", "")
        answer = user(method, path, headers={"X-Tenant-Id": "acme"})
        if role in ROLES_WITH[permission]:
            assert answer.status_code in (200, 201, 204, 404, 422), (
                method,
                rule,
                answer.get_data(as_text=True),
            )
        else:
            assert_problem(answer, 403, "not_permitted")


def test_without_a_token_nobody_gets_in(anybody: Api) -> None:
    for method, rule in EXPECTED:
        answer = anybody(method, rule.replace("<", "").replace(">", ""))
        assert_problem(answer, 401, "token_missing")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_who_may_not_is_told_so_before_the_body_is_read(as_user: Callable[..., Api]) -> None:
    viewer = as_user(Role.VIEWER)
    assert_problem(viewer.post("/api/v1/chargepoints/X/commands", {"nonsense": 1}), 403, "not_permitted")
