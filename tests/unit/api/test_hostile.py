"""Every route, by enumeration, gets what no client should send: a refusal with a code comes back, no more."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app.api import MAX_BODY_BYTES, create_app
from tests.unit.api.calls import Api
from tests.unit.api.furnished import KNOWN, SETTINGS, TENANT, furnish, furnished_world
from tests.unit.api.routes import PUBLIC

TELLTALES = re.compile(
    rb"Traceback|\.py\b|marshmallow|werkzeug|flask|pymongo|mongodb://|redis://|orjson|site-packages|0x[0-9a-f]{6}",
    re.IGNORECASE,
)
BROKEN: dict[str, tuple[bytes, str, set[int]]] = {
    "cut short": (b'{"id": "x"', "application/json", {400}),
    "no UTF-8": (b'{"id": "\xff\xfe"}', "application/json", {400}),
    "NaN": (b'{"id": NaN}', "application/json", {400}),
    "infinite": (b'{"id": 1e999}', "application/json", {400, 422}),
    "a lone surrogate": (b'{"id": "\\ud800"}', "application/json", {400}),
    "too large a number": (b'{"id": 123456789012345678901234567890}', "application/json", {400, 422}),
    "too deep": (b"[" * 200_000, "application/json", {400}),
    "deep and well-formed": (b'{"a":' * 900 + b"1" + b"}" * 900, "application/json", {400, 422}),
    "deep inside": (b'{"parameters":' * 300 + b"1" + b"}" * 300, "application/json", {400, 422}),
    "a list": (b"[1, 2, 3]", "application/json", {422}),
    "a text": (b'"text"', "application/json", {422}),
    "null": (b"null", "application/json", {422}),
    "nothing": (b"", "application/json", {422}),
    "the same name twice": (b'{"nonsense": 1, "nonsense": 2}', "application/json", {422}),
    "an unknown field": (b'{"__class__": {"$gt": ""}}', "application/json", {422}),
    "plain text": (b'{"id": "x"}', "text/plain", {415}),
    "a form": (b"id=x", "application/x-www-form-urlencoded", {415}),
    "XML": (b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>", "application/xml", {415}),
    "too large": (b'{"id": "' + b"x" * MAX_BODY_BYTES + b'"}', "application/json", {413}),
}
CLOSED = "/api/v1/mqtt/"
"""Where brokers ask, if the installation lets them: otherwise there is nothing."""
WRONG: list[Any] = [{"$gt": ""}, [[[]]], 1e308, "\x00", "x" * 100_000, None]
NAMES = {
    "NUL": "a%00b",
    "a slash": "a%2Fb",
    "dots": "..%2F..%2Fetc%2Fpasswd",
    "long": "x" * 5_000,
    "no UTF-8": "%ff%fe",
    "an operator": "%7B%22%24gt%22%3A%22%22%7D",
    "a line break": "a%0d%0aSet-Cookie:%20b=c",
    "a blank": "%20",
    "letters of elsewhere": "%F0%9F%94%8C",
}


@pytest.fixture(scope="module")
def app() -> Flask:
    return create_app(furnished_world().services, SETTINGS)


@pytest.fixture(scope="module")
def document(app: Flask) -> dict[str, Any]:
    found: dict[str, Any] = app.test_client().get("/api/openapi.json").get_json()
    return found


def rules(app: Flask) -> Iterator[tuple[Api, str, Rule]]:
    """Each route of the API with each of its methods, and a caller who may do everything in a new world."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            if (method, rule.rule) not in PUBLIC or rule.rule.startswith("/api/v1/"):
                yield furnish(app), method, rule


def path_of(rule: Rule, **values: str) -> str:
    def value(match: re.Match[str]) -> str:
        return values.get(match[1]) or KNOWN.get(match[1], "nobody")

    return re.sub(r"<(?:\w+:)?(\w+)>", value, rule.rule)


def assert_refused(answer: TestResponse, told: object) -> None:
    body = answer.get_json(force=True)
    assert answer.content_type == "application/problem+json", told
    assert body["code"], told
    assert body["code"] != "internal_error", told
    assert not TELLTALES.search(answer.data), (told, answer.data)


def send(api: Api, method: str, path: str, **options: Any) -> TestResponse:
    headers = {"X-Tenant-Id": TENANT} | options.pop("headers", {})
    return api(method, path, headers=headers, **options)


def reads_json(document: dict[str, Any], method: str, rule: Rule) -> bool:
    path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
    body = document["paths"][path][method.lower()].get("requestBody", {})
    return "application/json" in body.get("content", {})


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_body(app: Flask, document: dict[str, Any], kind: str) -> None:
    data, content_type, statuses = BROKEN[kind]
    tried = 0
    for api, method, rule in rules(app):
        if not reads_json(document, method, rule):
            continue
        optional = kind == "nothing" and not document_body(document, method, rule).get("required")
        answer = send(api, method, path_of(rule), data=data, content_type=content_type)
        tried += 1
        if optional or method == "GET":
            assert answer.status_code < 500, (method, rule.rule)
            continue
        closed = {404} if rule.rule.startswith(CLOSED) else set()
        assert answer.status_code in statuses | closed, (method, rule.rule, answer.status_code, answer.data)
        assert_refused(answer, (method, rule.rule))
    assert tried > 20


def document_body(document: dict[str, Any], method: str, rule: Rule) -> dict[str, Any]:
    path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
    body: dict[str, Any] = document["paths"][path][method.lower()]["requestBody"]
    return body


def test_each_field_of_the_wrong_type(app: Flask, document: dict[str, Any]) -> None:
    """One at a time, in the body that the documentation shows."""
    tried = 0
    for api, method, rule in rules(app):
        if not reads_json(document, method, rule):
            continue
        example = document_body(document, method, rule)["content"]["application/json"]["example"]
        for name in example:
            for wrong in WRONG:
                answer = send(api, method, path_of(rule), json={**example, name: wrong})
                assert answer.status_code < 500, (method, rule.rule, name, wrong)
                if answer.status_code >= 400:
                    assert_refused(answer, (method, rule.rule, name, wrong))
                tried += 1
    assert tried > 200


@pytest.mark.parametrize("kind", NAMES)
def test_a_name_that_is_none(app: Flask, kind: str) -> None:
    for api, method, rule in rules(app):
        for name in rule.arguments - {"tenant_id"}:
            told = (method, rule.rule, name)
            answer = send(api, method, path_of(rule, **{name: NAMES[kind]}))
            assert answer.status_code < 500, (told, answer.data)
            assert "Set-Cookie" not in answer.headers, told
            if answer.status_code >= 400:
                assert_refused(answer, told)


def test_other_tenants_and_none(app: Flask) -> None:
    for api, method, rule in rules(app):
        if (method, rule.rule) in PUBLIC:
            continue
        for tenant_id in ("nobody", "a/b", "x" * 5_000, "$where", "acme\x7f", "%00"):
            answer = send(api, method, path_of(rule, tenant_id="nobody"), headers={"X-Tenant-Id": tenant_id})
            assert answer.status_code < 500, (method, rule.rule, tenant_id)
            if answer.status_code >= 400:
                assert_refused(answer, (method, rule.rule))


def test_an_unknown_query_parameter_where_there_are_known_ones(app: Flask, document: dict[str, Any]) -> None:
    for api, method, rule in rules(app):
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        known = [
            one
            for one in document["paths"][path][method.lower()].get("parameters", ())
            if one.get("in") == "query"
        ]
        if known:
            answer = send(api, method, f"{path_of(rule)}?nonsense=1")
            assert_refused(answer, (method, rule.rule))
            assert answer.status_code in (404, 422), (method, rule.rule, answer.data)


def test_other_methods(app: Flask) -> None:
    known: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        known.setdefault(rule.rule, set()).update(rule.methods or ())
    for path, methods in known.items():
        if not path.startswith("/api/v1/"):
            continue
        (rule, *_) = [one for one in app.url_map.iter_rules() if one.rule == path]
        api = furnish(app)
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "BREW"} - methods:
            answer = send(api, method, path_of(rule))
            if answer.status_code == 405:
                assert_refused(answer, (method, path))
                assert methods <= set(answer.headers["Allow"].split(", ")), (method, path)
            else:  # the address also fits another route
                assert answer.status_code in (200, 201, 202, 204, 404, 409, 422), (method, path, answer.data)
        options = send(api, "OPTIONS", path_of(rule))
        assert options.status_code in (200, 204), path
        assert methods <= set(options.headers["Allow"].split(", ")) | {"OPTIONS"}, path


def test_heads_have_no_body(app: Flask) -> None:
    for api, method, rule in rules(app):
        if method == "GET" and not rule.rule.endswith("/events"):
            answer = send(api, "HEAD", path_of(rule))
            assert answer.status_code < 500, rule.rule
            assert answer.data == b"", rule.rule


def test_headers_that_are_none(app: Flask) -> None:
    """Conditions, keys, ranges and tokens that no program would send."""
    odd = (
        "",
        '"',
        "W/",
        "*, *",
        "x" * 5_000,
        "\x00",
        '"\xe4"',
        '"9999999999999999999999-0"',
        '"x-1"',
        "bytes=9-1",
    )
    for api, method, rule in rules(app):
        for name in ("If-Match", "If-None-Match", "Idempotency-Key", "Range", "Accept", "Accept-Language"):
            for value in odd:
                answer = send(api, method, path_of(rule), headers={name: value.replace("\x00", "\x01")})
                answer.close()
                assert answer.status_code < 500, (method, rule.rule, name, value, answer.data)


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer a.b.c",
        "Basic eDp4",
        "Bearer \xe4",
        "x" * 9_000,
        "Bearer " + "." * 99,
    ],
)
def test_a_token_that_is_none(app: Flask, authorization: str) -> None:
    for api, method, rule in rules(app):
        if (method, rule.rule) in PUBLIC:
            continue
        answer = api.client.open(path_of(rule), method=method, headers={"Authorization": authorization})
        assert answer.status_code == 401, (method, rule.rule)
        assert_refused(answer, (method, rule.rule))
        assert answer.headers["WWW-Authenticate"], (method, rule.rule)
