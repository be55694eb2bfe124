"""Two tenants with the same names for everything: neither finds a byte of the other's anywhere."""

from uuid import uuid4

import httpx
import pytest

from app.domain.user import Role
from app.services import Services
from app.storage.mongo import Databases
from tests.e2e.conftest import PASSWORD
from tests.isolation import evidence
from tests.isolation.evidence import Text
from tests.isolation.life import Life
from tests.isolation.requests import Request, foreign_bodies, foreign_paths, is_possible, owned_request
from tests.isolation.routes import CASES, PLATFORM
from tests.isolation.sides import Side, names_in

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
_NO_TENANT = ("/api/v1/auth/", "/api/v1/brand")
"""Routes that are about the caller, or for everybody: they do not look at X-Tenant-Id."""


def _of_the_other(life: Life, side: Side, texts: list[Text], *words: str) -> list[str]:
    """Where the other's marker stands, or one of the words."""
    words = words or (life.other(side).marker,)
    return [f"{text.where}: {text.text[:300]}" for text in texts if text.shows(*words)]


def test_nothing_of_the_other_is_seen_anywhere(life: Life, databases: Databases) -> None:
    """Answers, documents, messages, frames, files and log lines; and each of these has something to see.

    Later tests ask for the other's names: from then on these stand in one's own log and audit log.
    """
    for side in life.sides:
        texts = list(evidence.seen_by(life, databases, side))
        assert not _of_the_other(life, side, texts, *life.other(side).words)
        assert {text.place for text in texts if text.shows(side.marker)} == set(evidence.Place)


def test_every_list_and_thing_shows_its_owner_what_is_its_own(life: Life) -> None:
    """So that seeing nothing of the other's means something."""
    for side in life.sides:
        shown = {text.where for text in evidence.answers(side) if text.shows(side.marker)}
        expected = {
            f"{method} {rule}"
            for (method, rule), case in CASES.items()
            if method == "GET" and case.shows and not case.stream
        }
        assert expected <= shown


def test_the_others_things_are_not_there(life: Life) -> None:
    """Every route: 404, and word for word as for things that nobody has."""
    tried = set()
    for side in life.sides:
        for route, case in CASES.items():
            for theirs, nobodys in () if case.makes else foreign_paths(side, life.other(side), route, case):
                tried.add(route)
                assert _refusal(side, theirs) == _refusal(side, nobodys) == (404, "not_found"), theirs
            for theirs, nobodys in foreign_bodies(side, life.other(side), route, case):
                found = _refusal(side, theirs)
                assert found == _refusal(side, nobodys), theirs
                assert found in ((404, "not_found"), (422, "invalid_input")), theirs
    assert tried == {route for route, case in CASES.items() if names_in(route[1]) and not case.makes}


def _refusal(side: Side, request: Request) -> tuple[int, str]:
    """Status and code."""
    return _told(side.ask(*request))


def _told(answer: httpx.Response) -> tuple[int, str]:
    where = f"{answer.request.method} {answer.request.url}: {answer.status_code}"
    assert answer.headers["Content-Type"] == "application/problem+json", where
    return answer.status_code, answer.json()["code"]


def test_what_makes_a_thing_of_the_others_name_leaves_theirs_alone(life: Life) -> None:
    for side in life.sides:
        other = life.other(side)
        for route, case in CASES.items():
            for (method, path, body), _ in foreign_paths(side, other, route, case) if case.makes else ():
                theirs = other.ask("GET", path).text
                assert side.ask(method, path, body).status_code == 201
                assert side.marker in side.ask("GET", path).text
                assert side.ask("DELETE", path).status_code == 204
                assert other.ask("GET", path).text == theirs


def test_the_others_names_as_filters_find_nothing(life: Life) -> None:
    for side in life.sides:
        for (method, rule), case in CASES.items():
            for parameter, kind in case.filters.items():
                answer = side.ask(method, rule, params={parameter: life.other(side).lone[kind]})
                assert answer.status_code == 404 or _is_empty(answer), f"{rule}: {answer.text}"


def _is_empty(answer: httpx.Response) -> bool:
    if answer.headers["Content-Type"] == "application/json":
        return bool(answer.json()["items"] == [])
    header_and_items = answer.text.splitlines()
    return len(header_and_items) == 1 if "csv" in answer.headers["Content-Type"] else not header_and_items


def test_the_others_cursor_leads_to_ones_own_things_only(life: Life) -> None:
    for side in life.sides:
        for method, rule in CASES:
            if method != "GET" or names_in(rule) or CASES[method, rule].stream:
                continue
            page = life.other(side).ask(method, rule, params={"limit": 1})
            if page.headers["Content-Type"] == "application/json" and page.json().get("next_cursor"):
                answer = side.ask(method, rule, params={"cursor": page.json()["next_cursor"]})
                assert answer.status_code == 200, answer.text
                assert not Text(evidence.Place.ANSWER, rule, answer.text).shows(life.other(side).marker)


def test_nobody_of_a_tenant_may_choose_another_tenant(life: Life) -> None:
    for side in life.sides:
        for named in (life.other(side).tenant_id, "nobody-at-all"):
            for chosen in ({"headers": {"X-Tenant-Id": named}}, {"params": {"tenant_id": named}}):
                assert side.ask("GET", "/api/v1/chargepoints", **chosen).status_code == 404
        for method, rule in CASES:
            if method == "GET" and not names_in(rule) and not rule.startswith(_NO_TENANT):
                answer = side.ask(method, rule, headers={"X-Tenant-Id": life.other(side).tenant_id})
                assert _told(answer) == (404, "not_found"), rule


def test_the_same_idempotency_key_is_each_tenants_own(life: Life) -> None:
    """Sent again, each gets its own first answer."""
    for _ in range(2):
        for side in life.sides:
            key = {"Idempotency-Key": "same"}
            answer = side.ask("POST", "/api/v1/id-tags", {"id_tag": "ONCE", "note": side.marker}, headers=key)
            assert answer.status_code == 201, answer.text
            assert answer.json()["note"] == side.marker


def test_what_is_the_platforms_is_refused_before_anything_is_looked_at(life: Life) -> None:
    """So alike for one's own tenant, another one, and one that is not there."""
    for side in life.sides:
        for named in (side.tenant_id, life.other(side).tenant_id, "nobody-at-all"):
            for method, rule in PLATFORM:
                path = rule.replace("<tenant_id>", named)
                assert _refusal(side, (method, path, {})) == (403, "not_permitted"), path


def test_a_platform_admin_sees_one_tenant_at_a_time(life: Life, services: Services) -> None:
    email = f"{uuid4().hex}@platform.example"
    services.users.create(email, PASSWORD, Role.PLATFORM_ADMIN, None)
    body = {"email": email, "password": PASSWORD}
    login = httpx.post(f"{life.system.rest_url}/api/v1/auth/login", json=body)
    token = {"Authorization": f"Bearer {login.json()['access_token']}"}
    for side in life.sides:
        texts = list(evidence.answers(side, {**token, "X-Tenant-Id": side.tenant_id}))
        assert not _of_the_other(life, side, texts)
        assert any(text.shows(side.marker) for text in texts)


def test_ones_own_things_are_there_after_all_that(life: Life) -> None:
    """Every route: so that 404 was the right answer to the right request."""
    for side in life.sides:
        for route, case in sorted(CASES.items(), key=lambda item: item[1].turn or item[0][0] == "DELETE"):
            if case.stream or not is_possible(side, route, case):
                continue
            method, path, body = owned_request(side, route, case)
            answer = side.ask(method, path, body)
            is_fine = answer.is_success or answer.status_code in case.also
            assert is_fine, f"{method} {path} {body}: {answer.status_code} {answer.text}"
            assert not Text(evidence.Place.ANSWER, path, answer.text).shows(life.other(side).marker)
