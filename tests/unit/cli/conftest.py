"""The command line over fakes."""

from pathlib import Path

import pytest

from app.cli.root import main
from app.cli.toolbox import Toolbox
from app.settings import Settings
from tests.fakes.world import World, fake_world
from tests.unit.cli.running import Outcome, Run


@pytest.fixture
def world() -> World:
    return fake_world()


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    for name in ("APP_ENV", "MQTT_URL", "WEB_HOST", "WEB_PORT", "GATEWAY_HOST", "GATEWAY_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    return Settings.from_env()


@pytest.fixture
def run(world: World, settings: Settings, capsys: pytest.CaptureFixture[str]) -> Run:
    def run_command(*arguments: str) -> Outcome:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(arguments, Toolbox(world.services, settings))
        told = capsys.readouterr()
        return Outcome(ended.value.code, told.out, told.err)

    return run_command
