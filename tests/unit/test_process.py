"""How a program starts: or a clear word and an exit code."""

import pytest

from app import process
from app.domain.errors import Conflict, Retryable
from app.process import read_settings, start_process


def test_wrong_settings_end_the_program_with_code_2_and_all_their_names(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WEB_PORT", "x")
    monkeypatch.setenv("GATEWAY_PORT", "y")
    with pytest.raises(SystemExit) as ended:
        read_settings()
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert "WEB_PORT" in told
    assert "GATEWAY_PORT" in told


def test_servers_that_do_not_answer_end_the_program_with_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def wait_in_vain(*_: object) -> None:
        raise Retryable("MongoDB: nobody there")

    monkeypatch.setattr(process, "wait_for_stores", wait_in_vain)
    monkeypatch.setattr(process, "configure_logging", lambda _: None)
    monkeypatch.setenv("MONGODB_URI", "mongodb://127.0.0.1:1")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1")
    with pytest.raises(SystemExit) as ended:
        start_process(read_settings())
    assert ended.value.code == 1


def test_databases_of_a_later_version_end_the_program_with_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def is_later(_: object) -> None:
        raise Conflict("The databases are of schema 9, and this version of the program knows schema 6.")

    monkeypatch.setattr(process, "wait_for_stores", lambda *_: None)
    monkeypatch.setattr(process, "say_if_behind", is_later)
    monkeypatch.setattr(process, "configure_logging", lambda _: None)
    monkeypatch.setenv("MONGODB_URI", "mongodb://127.0.0.1:1")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1")
    with pytest.raises(SystemExit) as ended:
        start_process(read_settings())
    assert ended.value.code == 1
