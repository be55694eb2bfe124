"""The OpenAPI document: complete enough to be used without asking anybody."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator

from tests.unit.api.calls import Api
from tests.unit.api.furnished import KNOWN, TENANT, furnish
from tests.unit.api.routes import EXPECTED

WITHOUT_REFUSALS = {"/health/live"}
WITHOUT_EXAMPLES = {"application/octet-stream", "multipart/form-data"}
WITHOUT_ETAG = {
    "/api/v1/chargepoints/{charge_point_id}/certificates/{name}",
    "/api/v1/diagnostics/{job_id}/files/{name}",
    "/api/v1/refused-identities/{identity}",
}
"""What cannot be read at its own address, nor at the one above."""
WITHOUT_BODY = {"create_ticket"}
WITHOUT_SORT = {"/api/v1/chargepoints/{charge_point_id}/local-list/entries"}
CANNOT_BE_TAKEN = {
    "install_certificate",  # a certificate is long
    "create_user",  # a platform admin makes platform admins
    "create_api_key",
}


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
        kinds = shown["type"] if isinstance(shown["type"], list) else [shown["type"]]
        assert (set(kinds) - {"null"}, shown["format"]) == ({"string"}, "date-time"), (name, field)


def test_nothing_is_said_in_answers_without_a_body(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        assert "content" not in operation["responses"].get("204", {}), (path, method)


def test_every_body_that_is_read_is_described(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        name = operation["operationId"]
        if name.startswith(("create_", "change_", "import_", "upload_")) and name not in WITHOUT_BODY:
            assert operation["requestBody"]["content"], (path, method)


def test_every_guarded_route_says_so(document: dict[str, Any]) -> None:
    guarded = {
        (method.upper(), path)
        for path, method, operation in operations(document)
        if "x-permission" in operation and {"bearer": []} in operation["security"]
    }
    assert guarded == {(method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)) for method, rule in EXPECTED}
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    for _, _, operation in operations(document):
        if "security" in operation:
            assert {"401", "403", "503"} <= set(operation["responses"])


def test_refusals_are_problem_details_and_list_their_codes(document: dict[str, Any]) -> None:
    shared = document["components"]["responses"]
    for path, method, operation in operations(document):
        for status, refusal in operation["responses"].items():
            if status < "400":
                continue
            found = shared[refusal["$ref"].removeprefix("#/components/responses/")]
            (content,) = found["content"].values()
            assert list(found["content"]) == ["application/problem+json"]
            problem, narrowed = content["schema"]["allOf"]
            assert problem == {"$ref": "#/components/schemas/Problem"}
            codes = narrowed["properties"]["code"]["enum"]
            assert codes, (method, path, status)
            assert all(f"`{code}`" in found["description"] for code in codes)
            assert content["example"]["status"] == int(status)


def test_every_operation_has_examples(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        bodies = [operation.get("requestBody", {})]
        bodies += [answer for status, answer in operation["responses"].items() if status < "400"]
        for body in bodies:
            for media_type, content in body.get("content", {}).items():
                if media_type in WITHOUT_EXAMPLES:
                    continue
                assert "example" in content, (method, path, media_type)


def test_examples_fit_their_schemas(document: dict[str, Any]) -> None:
    registry = {"components": document["components"]}
    for path, method, operation in operations(document):
        bodies = [operation.get("requestBody", {})]
        bodies += [answer for status, answer in operation["responses"].items() if status < "400"]
        for body in bodies:
            content = body.get("content", {}).get("application/json")
            if content is None:
                continue
            validator = Draft202012Validator({**content["schema"], **registry})
            wrong = [error.message for error in validator.iter_errors(content["example"])]
            assert not wrong, (method, path, wrong)


def test_example_bodies_are_taken(app: Flask, document: dict[str, Any]) -> None:
    """By a world in which there is one of everything."""
    for path, method, operation in operations(document):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None or "x-permission" not in operation:
            continue
        api = furnish(app)
        address = re.sub(r"{(\w+)}", lambda found: KNOWN.get(found[1], "nobody"), path)
        answer = api(method.upper(), address, content["example"], headers={"X-Tenant-Id": TENANT})
        fits = answer.status_code not in (400, 415, 422) or operation["operationId"] in CANNOT_BE_TAKEN
        assert fits, (method, path, content["example"], answer.get_data(as_text=True))


def test_what_operations_of_a_kind_have_in_common(document: dict[str, Any]) -> None:
    shared = document["components"]["parameters"]
    for path, method, operation in operations(document):
        if "x-permission" not in operation:
            continue
        taken = {
            shared[one["$ref"].removeprefix("#/components/parameters/")]["name"]
            for one in operation.get("parameters", ())
            if "$ref" in one
        }
        shows_json = "application/json" in operation["responses"].get("200", {}).get("content", {})
        assert ("Idempotency-Key" in taken) == (method == "post"), path
        changes = method in ("put", "patch", "delete")
        assert ("If-Match" in taken) == (changes and path not in WITHOUT_ETAG), path
        assert ({"fields", "If-None-Match"} <= taken) == (method == "get" and shows_json), path


def test_it_is_openapi_3_1_throughout(anybody: Api, document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert b'"nullable"' not in anybody.get("/api/openapi.json").data


def test_every_list_can_be_sorted_by_its_index_alone(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        names = {one["name"]: one for one in operation.get("parameters", ()) if "name" in one}
        if "cursor" not in names or path in WITHOUT_SORT:
            continue
        order, reverse = names["sort"]["schema"]["enum"]
        assert order.removeprefix("-") == reverse.removeprefix("-"), (method, path)


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
