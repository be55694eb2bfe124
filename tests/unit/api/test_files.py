"""Signed links: charge points fetch firmware and send diagnostics, and nobody else does anything."""

import io
from dataclasses import replace
from threading import BoundedSemaphore
from urllib.parse import urlsplit

import pytest
from flask import Flask

from app.api.current import equip, equipment
from app.domain.firmware_file import FirmwareFile
from app.domain.job import JobKind
from tests.builders import a_command
from tests.fakes.world import World
from tests.unit.api.calls import Api, assert_problem

IMAGE = bytes(range(256)) * 40


@pytest.fixture
def image(world: World) -> FirmwareFile:
    return world.services.keepers.firmware.images.add("acme", "fw.bin", "2.0", [IMAGE], "user-1")


@pytest.fixture
def download(world: World, image: FirmwareFile) -> str:
    """Path of a link to the image."""
    return urlsplit(world.services.keepers.firmware.location_of("acme", image.id)).path


@pytest.fixture
def upload(world: World) -> str:
    """Path of a link for uploads; it ends with `/`."""
    diagnostics = world.services.keepers.diagnostics
    diagnostics.begin(a_command(), JobKind.DIAGNOSTICS, location="https://x/")
    return urlsplit(diagnostics.upload_location("acme", "cmd-1")).path


def names(world: World) -> list[str]:
    return [file.name for file in world.services.keepers.diagnostics.get("acme", "cmd-1").files]


def test_firmware_is_fetched(anybody: Api, download: str, image: FirmwareFile) -> None:
    answer = anybody.get(download)
    assert (answer.status_code, answer.data) == (200, IMAGE)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Length"] == str(len(IMAGE))
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["ETag"] == f'"{image.sha256}"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_a_head_tells_the_size(anybody: Api, download: str) -> None:
    answer = anybody("HEAD", download)
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(IMAGE))


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [("bytes=0-99", 0, 100), ("bytes=100-", 100, None), ("bytes=-10", len(IMAGE) - 10, None)],
)
def test_a_part_is_fetched(anybody: Api, download: str, asked: str, start: int, stop: int | None) -> None:
    answer = anybody.get(download, headers={"Range": asked})
    assert (answer.status_code, answer.data) == (206, IMAGE[start:stop])
    end = (stop or len(IMAGE)) - 1
    assert answer.headers["Content-Range"] == f"bytes {start}-{end}/{len(IMAGE)}"


def test_a_part_of_something_else_is_the_whole(anybody: Api, download: str, image: FirmwareFile) -> None:
    """If-Range: the file that was begun may have been replaced."""
    for tag, status in (('"other"', 200), (f'"{image.sha256}"', 206)):
        answer = anybody.get(download, headers={"Range": "bytes=0-9", "If-Range": tag})
        assert answer.status_code == status


def test_a_part_beyond_the_end_is_refused(anybody: Api, download: str) -> None:
    answer = anybody.get(download, headers={"Range": "bytes=99999-"})
    assert_problem(answer, 416, "requested_range_not_satisfiable")


def test_what_is_known_already_is_not_sent_again(anybody: Api, download: str, image: FirmwareFile) -> None:
    answer = anybody.get(download, headers={"If-None-Match": f'"{image.sha256}"'})
    assert (answer.status_code, answer.data) == (304, b"")


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize("path", ["log.zip", "/log.zip"])
def test_a_file_is_sent_below_the_link(
    anybody: Api, upload: str, world: World, method: str, path: str
) -> None:
    """A location that ends with `/`, to which some add the name and others another `/` before it."""
    answer = anybody(method, f"{upload}{path}", data=b"log")
    assert answer.status_code == 201, answer.get_data(as_text=True)
    assert answer.get_json()["files"][0]["name"] == "log.zip"
    assert names(world) == ["log.zip"]
    assert list(world.files.contents.values()) == [b"log"]


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_file_is_sent_to_the_link_itself(anybody: Api, upload: str, world: World, method: str) -> None:
    assert anybody(method, upload, data=b"one").status_code == 201
    assert anybody(method, upload.rstrip("/"), data=b"two").status_code == 201
    named = {"Content-Disposition": 'attachment; filename="a b.log"; size=1'}
    assert anybody(method, upload, data=b"three", headers=named).status_code == 201
    assert names(world) == ["diagnostics-1", "diagnostics-2", "a_b.log"]


def test_a_form_with_files_is_taken(anybody: Api, upload: str, world: World) -> None:
    """Many devices send forms."""
    form = {"a": (io.BytesIO(b"one"), "one.log"), "b": (io.BytesIO(b"two"), "../two.log"), "note": "x"}
    answer = anybody("POST", upload, data=form)
    assert answer.status_code == 201
    assert names(world) == ["one.log", "two.log"]
    empty = anybody("POST", upload, data={"note": "x"}, content_type="multipart/form-data")
    assert_problem(empty, 422, "invalid_input", "body")


def test_a_body_that_calls_itself_a_form_is_a_file_all_the_same(
    anybody: Api, upload: str, world: World
) -> None:
    """What `curl --data-binary` says."""
    kind = "application/x-www-form-urlencoded"
    assert anybody("POST", f"{upload}x.log", data=b"a=b&c", content_type=kind).status_code == 201
    assert list(world.files.contents.values()) == [b"a=b&c"]


def test_a_body_of_unknown_length_is_taken(anybody: Api, upload: str, world: World) -> None:
    """Chunked, as gunicorn hands it over."""
    environ = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    answer = anybody("PUT", f"{upload}x", input_stream=io.BytesIO(b"x" * 2_000), environ_overrides=environ)
    assert answer.status_code == 201
    assert [len(content) for content in world.files.contents.values()] == [2_000]


def test_the_same_name_replaces(anybody: Api, upload: str, world: World) -> None:
    for content in (b"one", b"two"):
        assert anybody("PUT", f"{upload}log.zip", data=content).status_code == 201
    assert list(world.files.contents.values()) == [b"two"]


def test_what_is_too_large_or_empty_is_refused(anybody: Api, upload: str, world: World) -> None:
    world.files.max_bytes = 10
    assert_problem(anybody("PUT", f"{upload}x", data=b"x" * 11), 413, "request_entity_too_large")
    assert_problem(anybody("PUT", f"{upload}x"), 422, "invalid_input", "body")
    assert world.files.contents == {}


def test_expired_links_are_gone(anybody: Api, upload: str, download: str, world: World) -> None:
    world.clock.advance(86_400)
    assert_problem(anybody.get(download), 410, "gone")
    assert_problem(anybody("PUT", f"{upload}x", data=b"x"), 410, "gone")


def test_forged_links_and_links_for_something_else_are_refused(
    anybody: Api, upload: str, download: str
) -> None:
    up, down = upload.split("/")[2], download.split("/")[2]
    for path in (f"/files/{up[:-2]}xx/x", "/files/x/x", f"/files/{down}/x"):
        assert_problem(anybody("PUT", path, data=b"x"), 403, "not_permitted")
    for path in (f"/files/{down[:-2]}xx/fw.bin", f"/files/{up}/fw.bin"):
        assert_problem(anybody.get(path), 403, "not_permitted")


def test_another_name_leads_nowhere(anybody: Api, download: str) -> None:
    assert_problem(anybody.get(f"{download}x"), 404, "not_found")


def test_slow_charge_points_leave_room_for_others(
    app: Flask, anybody: Api, download: str, upload: str
) -> None:
    """And every way out gives its place back."""
    with app.app_context():
        equip(app, replace(equipment(), transfers=BoundedSemaphore(1)))
    for _ in range(2):
        anybody.get(download).close()
        anybody("HEAD", download).close()
        anybody.get(download, headers={"Range": "bytes=0-9"}).close()
        anybody.get(download, headers={"Range": "bytes=99999-"}).close()
        anybody("PUT", f"{upload}x", data=b"x").close()
        anybody("PUT", f"{upload}x").close()
    slow = anybody.get(download, buffered=False)
    assert slow.status_code == 200
    for answer in (anybody.get(download), anybody("PUT", f"{upload}x", data=b"x")):
        assert_problem(answer, 503, "service_unavailable")
        assert answer.headers["Retry-After"] == "30"
    slow.close()
    assert anybody.get(download).status_code == 200


def test_nothing_is_listed(anybody: Api, upload: str, download: str) -> None:
    assert_problem(anybody.get(upload), 405, "method_not_allowed")
    assert_problem(anybody.get(download.rpartition("/")[0]), 404, "not_found")
    assert_problem(anybody.get("/files"), 404, "not_found")


def test_the_links_of_a_suspended_tenant_do_not_work(
    anybody: Api, download: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.tenants, "find", lambda _: None)
    assert_problem(anybody.get(download), 403, "not_permitted")


def test_the_token_is_in_no_log_line(
    anybody: Api, upload: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    anybody("PUT", f"{upload}x", data=b"x")
    shown = capsys.readouterr()
    assert upload.split("/")[2] not in shown.out + shown.err + caplog.text
