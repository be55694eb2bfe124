"""Logs: a constant message plus fields, one form for all, and never a secret."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from app.domain.redaction import HIDDEN
from app.logs import configure_logging, get_logger, redact
from app.settings import Settings


def redacted(**fields: Any) -> Any:
    return redact(None, "info", {"event": "x", **fields})


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "new_password",
        "password_hash",
        "secret",
        "jwt_secret_key",
        "access_token",
        "token",
        "Authorization",
        "authorization_key",
        "AuthorizationKey",
        "jwt",
    ],
)
def test_a_field_with_a_secrets_name_is_hidden(name: str) -> None:
    assert redacted(**{name: "hush"})[name] == HIDDEN


@pytest.mark.parametrize(
    "name", ["id_tag", "tenant_id", "charge_point_id", "authorization_status", "tokens_used", "event"]
)
def test_an_ordinary_field_is_not(name: str) -> None:
    assert redacted(**{name: "seen"})[name] == "seen"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mongodb://user:hush@db/?x=1", f"mongodb://user:{HIDDEN}@db/?x=1"),
        ("redis://:hush@cache:6379/0", f"redis://:{HIDDEN}@cache:6379/0"),
        ("from mqtt://u:hush@b to amqp://v:hush@c", f"from mqtt://u:{HIDDEN}@b to amqp://v:{HIDDEN}@c"),
        ("http://127.0.0.1:8000/a@b", "http://127.0.0.1:8000/a@b"),
    ],
)
def test_a_password_inside_an_address_is_hidden(text: str, shown: str) -> None:
    assert redacted(reason=text)["reason"] == shown


def test_the_token_of_a_signed_link_is_hidden() -> None:
    link = "https://ocpp.example/files/dQphY21lCmNtZC0xCjE3NzI0NTI4MDA.Tl97K4sRsTo3BK3_e51o1w/log.zip"
    assert redacted(text=f"to {link}")["text"] == f"to https://ocpp.example/files/{HIDDEN}/log.zip"


@pytest.mark.parametrize(
    "frame",
    [
        '[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"68757368"}]',
        '[2, "1", "ChangeConfiguration", {"key": "AuthorizationKey", "value": "68757368"}]',
        '[2,"1","ChangeConfiguration",{"value":"68757368","key":"AuthorizationKey"}]',
        '{"text":"[2,\\"1\\",\\"X\\",{\\"key\\":\\"authorizationkey\\",\\"value\\":\\"68757368\\"}]"}',
        '{"text":"[2,\\"1\\",\\"X\\",{\\"value\\":\\"68757368\\",\\"key\\":\\"AuthorizationKey\\"}]"}',
    ],
)
def test_a_charge_points_key_inside_a_frame_is_hidden(frame: str) -> None:
    """C10, A01.FR.08."""
    assert "68757368" not in redacted(text=frame)["text"]


@pytest.fixture
def read_log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Callable[[], list[str]]]]:
    """`read_log(format)` sets logging up; what it gives answers the lines since."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    before = structlog.get_config()

    def start(log_format: str) -> Callable[[], list[str]]:
        stream = io.StringIO()
        monkeypatch.setattr("sys.stderr", stream)
        monkeypatch.setenv("LOG_FORMAT", log_format)
        configure_logging(Settings.from_env())
        return lambda: stream.getvalue().splitlines()

    yield start
    structlog.configure(**before)
    structlog.contextvars.clear_contextvars()
    root.handlers[:], root.level = handlers, level


def test_json_lines_carry_level_name_time_and_fields(read_log: Any) -> None:
    lines = read_log("json")
    with structlog.contextvars.bound_contextvars(tenant_id="acme"):
        get_logger("tests.logs.json").warning("call_failed", unique_id="u-1", password="hush")
    (line,) = lines()
    told = json.loads(line)
    assert (told["event"], told["level"], told["logger"]) == ("call_failed", "warning", "tests.logs.json")
    assert (told["tenant_id"], told["unique_id"], told["password"]) == ("acme", "u-1", HIDDEN)
    assert told["timestamp"].endswith("Z")


def test_a_librarys_line_has_the_same_form_and_hides_the_same(read_log: Any) -> None:
    lines = read_log("json")
    logging.getLogger("some.library").error("cannot reach %s", "redis://:hush@cache")
    told = json.loads(lines()[-1])
    assert told["event"] == f"cannot reach redis://:{HIDDEN}@cache"
    assert told["logger"] == "some.library"


def test_an_exception_is_shown_without_its_secrets(read_log: Any) -> None:
    lines = read_log("json")
    try:
        raise ValueError("mongodb://u:hush@db did not answer")
    except ValueError:
        get_logger("tests.logs.exception").exception("call_broke")
    told = json.loads(lines()[-1])
    assert "ValueError" in told["exception"]
    assert "hush" not in lines()[-1]


def test_text_is_one_readable_line(read_log: Any) -> None:
    lines = read_log("text")
    get_logger("tests.logs.text").info("gateway_ready", port=9000)
    (line,) = lines()
    assert "gateway_ready" in line
    assert "port=9000" in line


def test_what_is_below_the_level_is_not_written(read_log: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "ERROR")
    lines = read_log("json")
    get_logger("tests.logs.level").warning("not this")
    assert lines() == []


def test_what_a_charge_point_sends_writes_no_lines_of_its_own() -> None:
    """A unique id may hold anything; a log line stays one line."""
    fields = redacted(unique_id="a\x00b\nlevel=error\x1b[31m\u2028c")
    assert fields["unique_id"] == "a\\x00b\\nlevel=error\\x1b[31m\\u2028c"


def test_a_traceback_keeps_its_lines() -> None:
    assert redact(None, "error", {"event": "e", "exception": "one\ntwo"})["exception"] == "one\ntwo"
