"""The OpenAPI document: complete enough to be used without asking anybody."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from tests.unit.api.calls import Api
from tests.unit.api.routes import EXPECTED

WITHOUT_REFUSALS = {"/health/live"}


@pytest.fixture
def document(anybody: Api) -> dict[str, Any]:
    found: dict[str, Any] = anybody.get("/api/openapi.json").get_json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method != "parameters":
                yield path, method, operation


def test_every_operation_is_explained(document: dict[str, Any]) -> None:
    ids = []
    for path, method, operation in operations(document):
        assert operation["summary"], (path, method)
        assert operation["description"], (path, method)
        assert operation["tags"], (path, method)
        ids.append(operation["operationId"])
        refusals = [status for status in operation["responses"] if int(status) >= 400]
        assert refusals or path in WITHOUT_REFUSALS, (path, method)
    assert len(set(ids)) == len(ids)


def test_every_moment_is_a_date_time(document: dict[str, Any]) -> None:
    moments = [
        (name, field, shown)
        for name, schema in document["components"]["schemas"].items()
        for field, shown in schema.get("properties", {}).items()
        if field.endswith(("_at", "_date", "timestamp"))
    ]
    assert len(moments) > 40
    for name, field, shown in moments:
        assert (shown["type"], shown["format"]) == ("string", "date-time"), (name, field)


def test_nothing_is_said_in_answers_without_a_body(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        assert "content" not in operation["responses"].get("204", {}), (path, method)


def test_every_body_that_is_read_is_described(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        if operation["operationId"].startswith(("create_", "change_", "import_", "upload_")):
            assert operation["requestBody"]["content"], (path, method)


def test_every_guarded_route_says_so(document: dict[str, Any]) -> None:
    guarded = {
        (method.upper(), path)
        for path, method, operation in operations(document)
        if operation.get("security") == [{"bearer": []}]
    }
    assert guarded == {(method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)) for method, rule in EXPECTED}
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    for _, _, operation in operations(document):
        if "security" in operation:
            assert {"401", "403", "503"} <= set(operation["responses"])


def test_refusals_are_problem_details(document: dict[str, Any]) -> None:
    for response in document["components"]["responses"].values():
        assert response["content"] == {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        }


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def walk(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            for name, inner in node.items():
                if name == "$ref":
                    yield inner
                else:
                    yield from walk(inner)
        elif isinstance(node, list):
            for inner in node:
                yield from walk(inner)

    for reference in walk(document):
        found: Any = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]


def test_every_setting_of_a_tenant_is_there(document: dict[str, Any], app: Flask) -> None:
    settings = document["components"]["schemas"]["Configuration"]["properties"]
    assert settings["queue_enabled"]["type"] == "boolean"
    assert settings["heartbeat_interval"]["type"] == "integer"


def test_the_page_loads_nothing_from_elsewhere(anybody: Api) -> None:
    page = anybody.get("/api/docs")
    assert page.status_code == 200
    assert b"//" not in page.data
    for name, kind in (
        ("swagger-ui.css", "text/css"),
        ("swagger-ui-bundle.js", "text/javascript"),
        ("start.js", "text/javascript"),
        ("favicon-32x32.png", "image/png"),
    ):
        asset = anybody.get(f"/api/docs/{name}")
        assert asset.status_code == 200
        assert asset.content_type.startswith(kind)
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]


def test_the_root_leads_to_the_page(anybody: Api) -> None:
    assert anybody.get("/").headers["Location"] == "/api/docs"
