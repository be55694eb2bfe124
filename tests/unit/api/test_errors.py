"""Everything that goes wrong has one shape, and tells nothing that is nobody's business."""

from typing import Any, NoReturn

import pytest

from app.api import request_log
from app.api.errors import STATUS_OF
from app.domain import errors
from app.domain.errors import AppError, Retryable, SettingsError
from tests.fakes.world import World
from tests.unit.api.calls import Api, assert_problem

LOGIN = "/api/v1/auth/login"


def test_every_kind_of_error_has_a_status() -> None:
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, AppError)}
    assert kinds - {AppError, SettingsError} == set(STATUS_OF)


@pytest.mark.parametrize(
    ("data", "content_type", "status", "code"),
    [
        ("{", "application/json", 400, "bad_request"),
        ("", "application/json", 422, "invalid_input"),
        ('{"email": NaN}', "application/json", 400, "bad_request"),
        ('{"email": "\\ud800", "password": "x"}', "application/json", 400, "bad_request"),
        ('{"email": 9007199254740992, "password": "x"}', "application/json", 400, "bad_request"),
        (b"\xff\xfe", "application/json", 400, "bad_request"),
        ("[" * 100_000, "application/json", 400, "bad_request"),
        ("{}", "text/plain", 415, "unsupported_media_type"),
        ("email=x", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        ("x" * 1_100_000, "application/json", 413, "request_entity_too_large"),
    ],
)
def test_a_body_that_cannot_be_read(
    anybody: Api, data: Any, content_type: str, status: int, code: str
) -> None:
    answer = anybody.post(LOGIN, data=data, content_type=content_type)
    fields = ("body",) if status == 422 else ()
    assert_problem(answer, status, code, *fields)


def test_no_such_address(anybody: Api) -> None:
    assert_problem(anybody.get("/api/v1/nothing"), 404, "not_found")
    assert_problem(anybody.get("/api/docs/secrets.txt"), 404, "not_found")
    assert_problem(anybody.get("/api/docs/..%2f__init__.py"), 404, "not_found")


def test_no_such_method(anybody: Api) -> None:
    answer = anybody("DELETE", LOGIN)
    assert_problem(answer, 405, "method_not_allowed")
    assert "POST" in answer.headers["Allow"]


def test_a_store_that_is_away_is_503_and_not_named(
    operator: Api, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> NoReturn:
        raise Retryable("MongoDB at 10.0.0.7:27017 does not answer")

    monkeypatch.setattr(world.charge_points, "list_page", fail)
    answer = operator.get("/api/v1/chargepoints")
    body = assert_problem(answer, 503, "temporarily_unavailable")
    assert answer.headers["Retry-After"] == "2"
    assert "10.0.0.7" not in body["detail"]


def test_a_mistake_of_ours_is_500_without_internals(
    operator: Api, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> NoReturn:
        raise KeyError("a private detail")

    monkeypatch.setattr(world.charge_points, "list_page", fail)
    answer = operator.get("/api/v1/chargepoints")
    assert_problem(answer, 500, "internal_error")
    assert b"private" not in answer.data


def test_every_answer_has_safe_headers_and_an_id(anybody: Api) -> None:
    for path in ("/health", "/nothing", "/api/docs", "/api/openapi.json"):
        headers = anybody.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Request-ID"]
    assert anybody.get("/api/v1/chargepoints").headers["Cache-Control"] == "no-store"


def test_only_where_there_is_tls_browsers_are_told_to_insist_on_it(anybody: Api) -> None:
    secure = anybody.get("/health", base_url="https://charge.example")
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in anybody.get("/health").headers


def test_a_callers_request_id_is_kept_if_it_is_harmless(anybody: Api) -> None:
    assert anybody.get("/health", headers={"X-Request-ID": "abc-1"}).headers["X-Request-ID"] == "abc-1"
    for harmful in ("a b", "x" * 65, "<script>", 'x"'):
        assert anybody.get("/health", headers={"X-Request-ID": harmful}).headers["X-Request-ID"] != harmful


class Recorder:
    """A logger that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []

    def info(self, event: str, **fields: Any) -> None:
        self.told.append((event, fields))

    def debug(self, event: str, **fields: Any) -> None:
        pass


def test_changes_are_logged_without_their_bodies(operator: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder()
    monkeypatch.setattr(request_log, "_log", recorder)
    operator.post(LOGIN, {"email": "x@y.example", "password": "very-secret-word"})
    operator.post("/api/v1/chargepoints?tenant_id=acme", {"id": "CP-77"})
    operator.get("/api/v1/chargepoints")
    assert [(event, fields["route"], fields["status"]) for event, fields in recorder.told] == [
        ("request", LOGIN, 401),
        ("request", "/api/v1/chargepoints", 201),
    ]
    assert "secret" not in str(recorder.told)
    assert "CP-77" not in str(recorder.told)
