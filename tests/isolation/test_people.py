"""People and keys of two tenants: the same email and password, and neither opens the other's door."""

import uuid
from collections.abc import Iterator

import httpx
import pytest

from app.services import Services
from tests.e2e.system import RunningSystem
from tests.isolation.sides import PHRASE, Side, make_side

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
ME = "/api/v1/auth/me"
OURS, THEIRS = 0, 1


@pytest.fixture
def sides(system: RunningSystem, services: Services) -> Iterator[list[Side]]:
    """Two fresh tenants, whose administrators have the same email and password."""
    made = [make_side(system, services, "bypass") for _ in range(2)]
    yield made
    for side in made:
        side.rest.close()


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_login_leads_into_the_tenant_that_it_names(sides: list[Side]) -> None:
    for side in sides:
        tokens = side.log_in()
        fresh = side.rest.post("/api/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]}).json()
        for token in (tokens["access_token"], fresh["access_token"]):
            assert side.ask("GET", ME, headers=_bearer(token)).json()["tenant_id"] == side.tenant_id


def test_a_login_that_names_no_tenant_leads_to_whom_the_email_belonged_first(sides: list[Side]) -> None:
    """Nobody takes a login away from others by entering their emails."""
    login = {"email": f"{uuid.uuid4().hex}@twins.example", "password": PHRASE}
    for side in sides:
        side.send("POST", "/users", login | {"role": "viewer"})
    for side in sides:
        token = side.rest.post("/api/v1/auth/login", json=login).json()["access_token"]
        assert side.ask("GET", ME, headers=_bearer(token)).json()["tenant_id"] == sides[OURS].tenant_id


def test_a_password_is_changed_for_one_only(sides: list[Side]) -> None:
    body = {"current_password": PHRASE, "new_password": f"new {PHRASE}"}
    assert sides[OURS].ask("PUT", "/api/v1/auth/password", body).status_code == 204
    assert [side.try_to_log_in().status_code for side in sides] == [401, 200]
    assert [side.try_to_log_in(f"new {PHRASE}").status_code for side in sides] == [200, 401]


def test_wrong_passwords_lock_one_only(sides: list[Side]) -> None:
    for _ in range(6):
        sides[OURS].try_to_log_in("wrong")
    assert [side.try_to_log_in().status_code for side in sides] == [401, 200]


def test_logging_out_everywhere_ends_the_login_sessions_of_one_only(sides: list[Side]) -> None:
    sides[OURS].log_in()
    assert sides[OURS].send("POST", "/auth/logout", {"everywhere": True})["ended"] == 2
    assert [side.ask("GET", ME).status_code for side in sides] == [401, 200]


def test_an_api_key_opens_its_own_tenant_only(sides: list[Side], system: RunningSystem) -> None:
    keys = [side.send("POST", "/api-keys", {"name": "same", "role": "operator"})["api_key"] for side in sides]
    with httpx.Client(base_url=f"{system.rest_url}/api/v1") as machine:
        for which, side in enumerate(sides):
            side.send("PUT", "/id-tags/SAME", {"note": side.marker})
            presented = _bearer(keys[which])
            assert machine.get("/id-tags/SAME", headers=presented).json()["note"] == side.marker
            chosen = presented | {"X-Tenant-Id": sides[1 - which].tenant_id}
            assert machine.get("/id-tags/SAME", headers=chosen).status_code == 404
        listed = sides[OURS].send("GET", "/api-keys")["items"]
        sides[OURS].send("DELETE", f"/api-keys/{listed[0]['id']}")
        told = [machine.get("/id-tags/SAME", headers=_bearer(key)).status_code for key in keys]
        assert told == [401, 200]
