"""Firmware files over HTTP: streamed in, listed, deleted."""

import hashlib
import io
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from app.api.current import equip, equipment
from tests.fakes.world import World
from tests.unit.api.calls import Api, assert_problem

FILES = "/api/v1/firmware-files"
IMAGE = b"firmware" * 1000


def upload(api: Api, query: str = "?name=fw.bin&version=2.0", data: bytes = IMAGE) -> dict[str, Any]:
    answer = api("POST", f"{FILES}{query}", data=data, content_type="application/octet-stream")
    assert answer.status_code == 201, answer.get_data(as_text=True)
    body: dict[str, Any] = answer.get_json()
    assert answer.headers["Location"] == f"{FILES}/{body['id']}"
    return body


def test_a_raw_body_is_a_file(operator: Api) -> None:
    body = upload(operator)
    assert (body["name"], body["version"], body["size"]) == ("fw.bin", "2.0", 8000)
    assert body["sha256"] == hashlib.sha256(IMAGE).hexdigest()
    assert "key" not in body
    assert operator.get(f"{FILES}/{body['id']}").get_json() == body


def test_a_form_brings_its_own_name(operator: Api) -> None:
    answer = operator("POST", FILES, data={"file": (io.BytesIO(IMAGE), "fw-2.bin")})
    assert (answer.status_code, answer.get_json()["name"], answer.get_json()["version"]) == (
        201,
        "fw-2.bin",
        None,
    )
    empty = operator("POST", FILES, data={"text": "x"}, content_type="multipart/form-data")
    assert_problem(empty, 422, "invalid_input", "body")


def test_a_file_larger_than_other_bodies_is_taken(operator: Api) -> None:
    assert upload(operator, data=b"x" * 3_000_000)["size"] == 3_000_000


def test_a_file_that_is_too_large_is_refused(operator: Api, world: World) -> None:
    world.files.max_bytes = 100
    answer = operator("POST", f"{FILES}?name=x", data=b"x" * 101)
    assert_problem(answer, 413, "request_entity_too_large")
    assert operator.get(FILES).get_json()["items"] == []


def test_what_says_beforehand_that_it_is_too_large_is_refused_unread(app: Flask, operator: Api) -> None:
    with app.app_context():
        known = equipment()
    small = replace(known.settings, files=replace(known.settings.files, max_bytes=1))
    equip(app, replace(known, settings=small))
    answer = operator("POST", f"{FILES}?name=x", data=b"x" * 100_000)
    assert_problem(answer, 413, "request_entity_too_large")


@pytest.mark.parametrize(
    ("query", "field"),
    [("", "name"), ("?name=../x", "name"), ("?name=x&version=", "version"), ("?name=x&colour=red", "colour")],
)
def test_wrong_names_are_named(operator: Api, query: str, field: str) -> None:
    assert_problem(operator("POST", f"{FILES}{query}", data=IMAGE), 422, "invalid_input", field)


def test_an_empty_file_is_refused(operator: Api) -> None:
    assert_problem(operator("POST", f"{FILES}?name=x"), 422, "invalid_input", "body")


def test_the_list_is_newest_first(operator: Api, world: World) -> None:
    first = upload(operator)
    world.clock.advance(1)
    second = upload(operator)
    assert [item["id"] for item in operator.get(FILES).get_json()["items"]] == [second["id"], first["id"]]
    page = operator.get(f"{FILES}?limit=1").get_json()
    rest = operator.get(f"{FILES}?limit=1&cursor={page['next_cursor']}").get_json()
    assert [item["id"] for item in rest["items"]] == [first["id"]]


def test_a_deleted_file_is_gone(operator: Api, world: World) -> None:
    path = f"{FILES}/{upload(operator)['id']}"
    answer = operator("DELETE", path)
    assert (answer.status_code, answer.data) == (204, b"")
    assert world.files.contents == {}
    for method in ("GET", "DELETE"):
        assert_problem(operator(method, path), 404, "not_found")
