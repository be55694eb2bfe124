"""Web pages: an origin reads what its own tenant allows, and nothing else."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.domain.user import Role
from tests.fakes.world import World
from tests.unit.api.calls import Api

PAGE = "https://app.acme.example"
HEADER = "Access-Control-Allow-Origin"


@pytest.fixture(autouse=True)
def origins(world: World) -> None:
    world.services.tenants.configure("acme", {"cors_origins": [PAGE]})
    world.services.tenants.configure("beta", {"cors_origins": ["https://beta.example"]})
    world.services.tenants.directory.refresh()


def test_a_page_of_the_callers_tenant_may_read(as_user: Callable[..., Api]) -> None:
    answer = as_user(Role.VIEWER).get("/api/v1/chargepoints", headers={"Origin": PAGE})
    assert answer.headers[HEADER] == PAGE
    assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Origin" in answer.headers["Vary"]


def test_a_page_of_another_tenant_may_not(as_user: Callable[..., Api]) -> None:
    beta = as_user(Role.VIEWER, "beta")
    for path in ("/api/v1/chargepoints", "/api/v1/sessions", "/api/v1/tenants/acme"):
        assert HEADER not in beta.get(path, headers={"Origin": PAGE}).headers


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://app.acme.example.evil.example"])
def test_an_unknown_page_may_not(client: FlaskClient, as_user: Callable[..., Api], origin: str) -> None:
    assert HEADER not in as_user(Role.VIEWER).get("/api/v1/chargepoints", headers={"Origin": origin}).headers
    assert HEADER not in client.options("/api/v1/chargepoints", headers={"Origin": origin}).headers


def test_a_preflight_knows_no_caller_and_asks_all_tenants(client: FlaskClient) -> None:
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "PUT"}
    answer = client.options("/api/v1/tenants/acme/config", headers=asked)
    assert answer.status_code == 200
    assert answer.headers[HEADER] == PAGE
    assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]


def test_a_refused_login_can_be_read_by_the_page_that_tried(client: FlaskClient) -> None:
    body = {"email": "nobody@acme.example", "password": "wrong wrong wrong"}
    answer = client.post("/api/v1/auth/login", json=body, headers={"Origin": PAGE})
    assert (answer.status_code, answer.headers[HEADER]) == (401, PAGE)
