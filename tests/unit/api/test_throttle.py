"""How often callers may ask."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.api import create_app
from app.domain.user import Role
from app.settings import Settings
from tests.fakes.world import World
from tests.unit.api.calls import PASSWORD, Api, assert_problem

LIST = "/api/v1/chargepoints"
LOGIN = "/api/v1/auth/login"


def limit(world: World, tenant_id: str, **limits: int) -> None:
    world.services.tenants.configure(tenant_id, limits)
    world.services.tenants.directory.refresh()


def test_every_counted_answer_says_how_many_more_there_may_be(world: World, operator: Api) -> None:
    limit(world, "acme", api_user_rate_limit=60)
    answers = [operator.get(LIST) for _ in range(2)]
    assert [answer.headers["RateLimit-Limit"] for answer in answers] == ["60", "60"]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["59", "58"]
    assert [answer.headers["RateLimit-Reset"] for answer in answers] == ["1", "2"]


def test_a_user_who_asks_too_often_is_told_when_to_come_back(world: World, operator: Api) -> None:
    limit(world, "acme", api_user_rate_limit=2)
    assert [operator.get(LIST).status_code for _ in range(2)] == [200, 200]
    refused = operator.get(LIST)
    assert_problem(refused, 429, "rate_limited")
    assert (refused.headers["Retry-After"], refused.headers["RateLimit-Remaining"]) == ("30", "0")
    world.clock.advance(30)
    assert operator.get(LIST).status_code == 200


def test_the_others_of_the_tenant_may_go_on(world: World, as_user: Callable[..., Api]) -> None:
    limit(world, "acme", api_user_rate_limit=1)
    loud, calm = as_user(Role.OPERATOR), as_user(Role.VIEWER)
    assert [loud.get(LIST).status_code for _ in range(3)] == [200, 429, 429]
    assert calm.get(LIST).status_code == 200


def test_a_tenants_people_share_its_limit_and_no_other_tenant_does(
    world: World, as_user: Callable[..., Api]
) -> None:
    limit(world, "acme", api_rate_limit=2)
    assert as_user(Role.OPERATOR).get(LIST).status_code == 200
    assert as_user(Role.VIEWER).get(LIST).status_code == 200
    assert_problem(as_user(Role.TENANT_ADMIN).get(LIST), 429, "rate_limited")
    assert as_user(Role.OPERATOR, "beta").get(LIST).status_code == 200


def test_who_may_not_do_it_is_counted_too(world: World, as_user: Callable[..., Api]) -> None:
    limit(world, "acme", api_user_rate_limit=1)
    viewer = as_user(Role.VIEWER)
    assert viewer.post(LIST, {"id": "CP-1"}).status_code == 403
    assert viewer.post(LIST, {"id": "CP-1"}).status_code == 429


def test_a_platform_admin_does_not_use_up_a_tenants_requests(world: World, platform_admin: Api) -> None:
    limit(world, "acme", api_rate_limit=1, api_user_rate_limit=1)
    for _ in range(3):
        assert platform_admin.get(f"{LIST}?tenant_id=acme").status_code == 200


@pytest.fixture
def strict(world: World, settings: Settings) -> FlaskClient:
    """Two requests a minute from an address."""
    chosen = replace(settings, web=replace(settings.web, address_rate_limit=2))
    return create_app(world.services, chosen).test_client()


def log_in_from(client: FlaskClient, address: str) -> int:
    body = {"email": "operator@acme.example", "password": PASSWORD}
    return client.post(LOGIN, json=body, environ_base={"REMOTE_ADDR": address}).status_code


def test_logins_are_counted_by_address(strict: FlaskClient) -> None:
    assert [log_in_from(strict, "192.0.2.1") for _ in range(3)] == [200, 200, 429]
    assert log_in_from(strict, "192.0.2.2") == 200


def test_of_ipv6_a_whole_site_counts_as_one(strict: FlaskClient) -> None:
    assert [log_in_from(strict, f"2001:db8::{number}") for number in range(1, 4)] == [200, 200, 429]
    assert log_in_from(strict, "2001:db8:0:1::1") == 200


def test_health_and_metrics_are_never_counted(strict: FlaskClient) -> None:
    for path in ("/health/live", "/metrics"):
        answers = [strict.get(path) for _ in range(5)]
        assert {answer.status_code for answer in answers} == {200}
        assert "RateLimit-Limit" not in answers[0].headers


def test_refusals_are_counted_in_the_metrics(world: World, strict: FlaskClient, operator: Api) -> None:
    for _ in range(4):
        log_in_from(strict, "192.0.2.1")
    assert 'http_rate_limited_total{limit="address",tenant=""} 2.0' in strict.get("/metrics").text
    limit(world, "acme", api_rate_limit=1)
    for _ in range(3):
        Api(strict, operator.token).get(LIST)
    shown = strict.get("/metrics").text
    assert 'http_rate_limited_total{limit="tenant",tenant="acme"} 2.0' in shown


def test_every_route_of_the_api_is_counted_one_way_or_the_other(app: Flask) -> None:
    """A route that knows its caller counts it; another one must count by address."""
    uncounted = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/")
        and not hasattr(view := app.view_functions[rule.endpoint], "permission")
        and not hasattr(view, "needs_login")
        and not hasattr(view, "is_for_broker")  # the broker shows a secret
        and not hasattr(view, "is_limited_by_address")
    }
    assert uncounted == set()
