"""The catalog: every file of an action is found, a misnamed one fails at import."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

from app.domain.errors import InvalidInput
from app.ocpp import catalog
from app.ocpp.catalog import Catalog, load_catalog
from app.ocpp.errors import ErrorCode, OcppError
from app.ocpp.v16 import inbound, outbound


def files(package: ModuleType) -> set[str]:
    return {path.stem for folder in package.__path__ for path in Path(folder).glob("[a-z]*.py")}


def test_every_file_is_an_action() -> None:
    incoming, outgoing = load_catalog().actions()
    assert len(incoming) == len(files(inbound))
    assert len(outgoing) == len(files(outbound))


def test_the_actions_of_a_charging_session_are_taken() -> None:
    incoming, _ = load_catalog().actions()
    assert {
        "Authorize",
        "BootNotification",
        "DataTransfer",
        "Heartbeat",
        "MeterValues",
        "StartTransaction",
        "StatusNotification",
        "StopTransaction",
    } <= set(incoming)


def test_the_commands_of_the_spine_can_be_sent() -> None:
    _, outgoing = load_catalog().actions()
    assert {
        "RemoteStartTransaction",
        "RemoteStopTransaction",
        "Reset",
        "ChangeConfiguration",
        "GetConfiguration",
        "TriggerMessage",
        "SetChargingProfile",
    } <= set(outgoing)


def test_what_is_taken_and_what_is_not() -> None:
    """OCPP-J table 7, vector H4."""
    handler, schema = load_catalog().handler("Heartbeat")
    assert (handler.ACTION, schema.action) == ("Heartbeat", "Heartbeat")
    for action, code in (("Reset", ErrorCode.NOT_SUPPORTED), ("Foo", ErrorCode.NOT_IMPLEMENTED)):
        with pytest.raises(OcppError) as refused:
            load_catalog().handler(action)
        assert refused.value.error_code is code


def test_an_unknown_command_type_is_told_the_known_ones() -> None:
    with pytest.raises(InvalidInput) as refused:
        load_catalog().command_kind("explode")
    (sentence,) = refused.value.problems["command_type"]
    assert "remote_start" in sentence
    assert "Reset" in sentence


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """An empty package, as `v16.inbound` would be."""
    folder = tmp_path / "some_actions"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    module = ModuleType("some_actions")
    module.__path__ = [str(folder)]
    monkeypatch.setitem(sys.modules, "some_actions", module)
    return module


@pytest.mark.parametrize("text", ['ACTION = "Reset"', "", "ACTION = None"])
def test_a_file_that_is_not_named_after_its_action_fails_at_import(
    package: ModuleType, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (Path(package.__path__[0]) / "clear_cache.py").write_text(text)
    monkeypatch.setattr(catalog, "inbound", package)
    with pytest.raises(ImportError, match="must name its ACTION and be named after it"):
        Catalog()
    sys.modules.pop("some_actions.clear_cache", None)


def test_an_outgoing_action_without_a_judge_fails_at_import(
    package: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    (Path(package.__path__[0]) / "clear_cache.py").write_text('ACTION = "ClearCache"')
    monkeypatch.setattr(catalog, "outbound", package)
    with pytest.raises(AttributeError, match="on_result"):
        Catalog()
    sys.modules.pop("some_actions.clear_cache", None)


def test_a_process_loads_the_catalog_once() -> None:
    assert load_catalog() is load_catalog()
