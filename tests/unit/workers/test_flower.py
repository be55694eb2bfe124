"""Flower is for those who have its password, and for nobody else."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.cli.demo import prepare_demo
from app.flower_settings import FlowerTlsSettings
from app.settings import Settings
from tests.fakes.world import World
from workers import flower


def test_the_login_is_the_one_that_was_given(settings: Settings) -> None:
    given = replace(settings, flower=replace(settings.flower, basic_auth="ops:secret"))
    assert flower.login_of(given) == "ops:secret"


def test_in_development_the_demos_administrator_logs_in(world: World, settings: Settings) -> None:
    admin = prepare_demo(world.services, settings.var_dir)["platform_admin"]
    assert flower.login_of(settings) == f"{admin['email']}:{admin['password']}"


def test_in_production_there_is_no_flower_without_a_login(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        flower.login_of(replace(settings, env="production"))
    assert ended.value.code == 2
    assert "FLOWER_BASIC_AUTH" in capsys.readouterr().err


def test_the_command_line_holds_no_secret(settings: Settings) -> None:
    tls = FlowerTlsSettings(Path("server.pem"), Path("server.key"))
    options = flower.options_of(replace(settings.flower, tls=tls, basic_auth="ops:secret"))
    assert "--address=127.0.0.1" in options
    assert {"--certfile=server.pem", "--keyfile=server.key"} <= set(options)
    assert not [option for option in options if "secret" in option]
