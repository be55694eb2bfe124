"""Id tags over HTTP, one by one and as CSV."""

import io
import sys
from typing import Any
from urllib.parse import quote

import pytest

from tests.fakes.world import World
from tests.unit.api.calls import Api, assert_problem

LIST, FILE, IMPORT = "/api/v1/id-tags", "/api/v1/id-tags.csv", "/api/v1/id-tags/import"
BARE = {
    "parent_id_tag": None,
    "expires_at": None,
    "blocked": False,
    "max_active_transactions": None,
    "note": None,
    "created_at": "2026-03-01T12:00:00.000Z",
    "updated_at": "2026-03-01T12:00:00.000Z",
}
FULL = {
    "parent_id_tag": "FLEET",
    "expires_at": "2030-01-31T12:00:00.000Z",
    "blocked": True,
    "max_active_transactions": 2,
    "note": "Ann's",
}


def one(id_tag: str) -> str:
    return f"{LIST}/{quote(id_tag, safe='')}"


def put_many(operator: Api, *id_tags: str, **fields: Any) -> None:
    for id_tag in id_tags:
        assert operator.put(one(id_tag), fields).status_code == 201


def listed(operator: Api, query: str = "") -> list[str]:
    return [item["id_tag"] for item in operator.get(f"{LIST}{query}").get_json()["items"]]


# --- one by one --------------------------------------------------------------------------------------


def test_creating_showing_and_creating_again(operator: Api) -> None:
    answer = operator.post(LIST, {"id_tag": "04E1A7B2", **FULL})
    assert answer.status_code == 201
    assert answer.get_json() == {"id_tag": "04E1A7B2", **BARE, **FULL, "revision": 0}
    assert operator.get(answer.headers["Location"]).get_json() == answer.get_json()
    assert operator.get(one("04e1a7b2")).get_json() == answer.get_json()
    assert_problem(operator.post(LIST, {"id_tag": "04e1A7B2"}), 409, "conflict")


@pytest.mark.parametrize(
    "id_tag", ["A/B", "Jörg Ä 7", "50%", "a?b=c&d#e", "import", "04:E1", "=1+1", "a.csv"]
)
def test_an_id_tag_may_hold_any_text(operator: Api, id_tag: str) -> None:
    """B1."""
    answer = operator.post(LIST, {"id_tag": id_tag})
    assert answer.status_code == 201
    assert operator.get(answer.headers["Location"]).get_json()["id_tag"] == id_tag
    assert operator.put(one(id_tag.upper()), {"note": "n"}).status_code == 200
    assert operator("PATCH", one(id_tag.lower()), {"blocked": True}).get_json()["note"] == "n"
    assert operator("DELETE", one(id_tag)).status_code == 204
    assert_problem(operator.get(one(id_tag)), 404, "not_found")


def test_putting_creates_or_replaces(operator: Api, world: World) -> None:
    created = operator.put(one("TAG"), FULL)
    assert (created.status_code, created.get_json()["note"]) == (201, "Ann's")
    world.clock.advance(60)
    replaced = operator.put(one("tag"), {"blocked": True})
    assert replaced.status_code == 200
    assert replaced.get_json() == {
        "id_tag": "tag",
        **BARE,
        "blocked": True,
        "updated_at": "2026-03-01T12:01:00.000Z",
        "revision": 2,
    }


def test_changing_leaves_the_rest_and_null_empties(operator: Api) -> None:
    operator.put(one("TAG"), FULL)
    changed = operator("PATCH", one("tag"), {"expires_at": None, "note": "found"}).get_json()
    assert changed == {"id_tag": "TAG", **BARE, **FULL, "expires_at": None, "note": "found", "revision": 2}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"colour": "red"}, {"colour"}),
        ({"blocked": "yes"}, {"blocked"}),
        ({"expires_at": "soon"}, {"expires_at"}),
        ({"expires_at": 5}, {"expires_at"}),
        ({"max_active_transactions": "1"}, {"max_active_transactions"}),
        ({"max_active_transactions": 0}, {"max_active_transactions"}),
        ({"parent_id_tag": "x" * 21, "note": "\n"}, {"parent_id_tag", "note"}),
    ],
)
def test_nonsense_is_told_by_field(operator: Api, body: dict[str, Any], fields: set[str]) -> None:
    operator.put(one("TAG"), {})
    assert_problem(operator.put(one("TAG"), body), 422, "invalid_input", *fields)
    assert_problem(operator("PATCH", one("TAG"), body), 422, "invalid_input", *fields)
    assert_problem(operator.post(LIST, {"id_tag": "NEW", **body}), 422, "invalid_input", *fields)


@pytest.mark.parametrize("id_tag", ["", " ", "x" * 256, "a\tb"])
def test_what_is_no_id_tag(operator: Api, id_tag: str) -> None:
    assert_problem(operator.post(LIST, {"id_tag": id_tag}), 422, "invalid_input", "id_tag")


def test_what_is_not_there(operator: Api) -> None:
    for method, body in (("GET", None), ("PATCH", {}), ("DELETE", None)):
        assert_problem(operator(method, one("nobody"), body), 404, "not_found")


def test_lists_and_filters(operator: Api) -> None:
    put_many(operator, "b-1", "A-2", parent_id_tag="Fleet")
    put_many(operator, "a-1", blocked=True)
    assert listed(operator) == ["a-1", "A-2", "b-1"]
    assert listed(operator, "?prefix=A-") == ["a-1", "A-2"]
    assert listed(operator, "?parent_id_tag=FLEET") == ["A-2", "b-1"]
    assert listed(operator, "?blocked=true") == ["a-1"]
    assert listed(operator, "?blocked=false&prefix=b") == ["b-1"]
    first = operator.get(f"{LIST}?limit=2").get_json()
    assert listed(operator, f"?limit=2&cursor={first['next_cursor']}") == ["b-1"]
    assert_problem(operator.get(f"{LIST}?blocked=perhaps"), 422, "invalid_input", "blocked")


# --- export ------------------------------------------------------------------------------------------


def test_the_export(operator: Api) -> None:
    operator.put(one("TAG"), FULL)
    operator.put(one("-1"), {"note": "=HYPERLINK()"})
    answer = operator.get(FILE)
    assert answer.content_type == "text/csv; charset=utf-8"
    assert "id-tags.csv" in answer.headers["Content-Disposition"]
    assert answer.get_data(as_text=True).splitlines() == [
        "id_tag,parent_id_tag,expires_at,blocked,max_active_transactions,note",
        "'-1,,,false,,'=HYPERLINK()",
        "TAG,FLEET,2030-01-31T12:00:00.000Z,true,2,Ann's",
    ]
    assert len(operator.get(f"{FILE}?prefix=t").get_data(as_text=True).splitlines()) == 2


def test_an_export_can_be_imported_again(operator: Api) -> None:
    put_many(operator, "=1", "A/B", "Ä;,", "'quoted'", **FULL)
    exported = operator.get(FILE).data
    report = send(operator, exported).get_json()
    assert (report["created"], report["changed"], report["unchanged"]) == (0, 0, 4)


# --- import ------------------------------------------------------------------------------------------


def send(operator: Api, content: bytes | str, query: str = "", content_type: str = "text/csv") -> Any:
    return operator.post(f"{IMPORT}{query}", data=content, content_type=content_type)


GOOD = "id_tag;blocked;note\nTAG-1;;\nTAG-2;true;Größe\n"


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_an_import_with_and_without_bom(operator: Api, bom: bytes) -> None:
    answer = send(operator, bom + GOOD.encode(), content_type="text/csv; charset=utf-8")
    assert answer.status_code == 200
    assert answer.get_json() == {
        "created": 2,
        "changed": 0,
        "unchanged": 0,
        "refused": 0,
        "errors": {},
        "dry_run": False,
    }
    assert operator.get(one("tag-2")).get_json()["note"] == "Größe"


def test_an_import_as_a_form(operator: Api) -> None:
    data = {"file": (io.BytesIO(GOOD.encode()), "tags.csv")}
    answer = operator.post(IMPORT, data=data, content_type="multipart/form-data")
    assert answer.get_json()["created"] == 2
    assert_problem(
        operator.post(IMPORT, data={}, content_type="multipart/form-data"), 422, "invalid_input", "file"
    )


def test_a_dry_run_writes_nothing(operator: Api) -> None:
    report = send(operator, GOOD, "?dry_run=true").get_json()
    assert (report["created"], report["dry_run"]) == (2, True)
    assert listed(operator) == []


def test_wrong_lines_are_named_and_keep_the_others_out_unless_told(operator: Api) -> None:
    wrong = "id_tag,blocked\nA,perhaps\nB,true\nb,\n,\n,true\n"
    lines = {"line 2", "line 4", "line 6"}
    assert_problem(send(operator, wrong), 422, "invalid_input", *lines)
    assert listed(operator) == []
    report = send(operator, wrong, "?partial=true").get_json()
    assert (report["created"], report["refused"], set(report["errors"])) == (1, 3, lines)
    assert listed(operator) == ["B"]


@pytest.mark.parametrize(
    ("content", "field"),
    [(b"", "line 1"), (b"colour\nred\n", "line 1"), ("id_tag\nGröße\n".encode("latin-1"), "body")],
)
def test_what_is_no_file_of_id_tags(operator: Api, content: bytes, field: str) -> None:
    assert_problem(send(operator, content), 422, "invalid_input", field)


def test_json_is_no_csv(operator: Api) -> None:
    assert_problem(operator.post(IMPORT, {"id_tag": "A"}), 415, "unsupported_media_type")


def test_more_than_a_megabyte_may_come_but_not_more_than_the_limit(
    operator: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = "id_tag,note\n" + "".join(f"TAG-{number},{'x' * 480}\n" for number in range(3000))
    assert len(large) > 1_048_576
    assert send(operator, large).get_json()["created"] == 3000
    monkeypatch.setattr(sys.modules["app.api.id_tags"], "MAX_IMPORT_BYTES", 1000)
    assert_problem(send(operator, large), 413, "request_entity_too_large")
    chunked = operator.post(
        IMPORT,
        input_stream=io.BytesIO(large.encode()),
        content_type="text/csv",
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )
    assert_problem(chunked, 413, "request_entity_too_large")
