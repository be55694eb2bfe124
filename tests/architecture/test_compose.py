"""docker-compose.yml and Procfile: valid, complete, in agreement, and without secrets."""

import importlib.util
import json
import re
import shlex
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[2]
SCHEMA: dict[str, Any] = json.loads((Path(__file__).parent / "compose_spec/compose-spec.json").read_text())
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PROCFILE = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())

DEVELOPMENT_ONLY = {"servers", "welcome"}
STORES = {"mongodb", "redis", "mqtt"}
ONE_SHOT = {"setup"}
OUR_SERVICES = sorted(set(SERVICES) - STORES)
SECRET_NAME = re.compile(r"PASSWORD|SECRET|KEY|AUTH")


def modules_of(command: str) -> list[str]:
    """The modules that a command line names, by the ways that ours name them."""
    words = shlex.split(command)
    found = [after for word, after in pairwise(words) if word in ("-m", "-A")]
    if words[0] == "gunicorn":
        found += [words[words.index("-c") + 1].removeprefix("python:"), words[-1].partition(":")[0]]
    return found


def strings_in(node: Any) -> list[str]:
    """Every scalar below `node`, as text."""
    if isinstance(node, dict):
        return [text for value in node.values() for text in strings_in(value)]
    if isinstance(node, list):
        return [text for value in node for text in strings_in(value)]
    return [str(node)]


def test_the_file_follows_the_compose_specification() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    problems = [
        f"{error.json_path}: {error.message}"
        for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(COMPOSE)
    ]
    assert problems == []


def test_the_schema_finds_a_misspelt_key() -> None:
    wrong = {**COMPOSE, "services": {"web": {**SERVICES["web"], "helthcheck": {}}}}
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(wrong)


def test_there_is_one_service_per_process_type() -> None:
    assert set(OUR_SERVICES) - ONE_SHOT == set(PROCFILE) - DEVELOPMENT_ONLY


@pytest.mark.parametrize("name", sorted(set(SERVICES) - ONE_SHOT))
def test_every_service_has_a_health_check_and_is_started_again(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] in ("CMD", "CMD-SHELL")
    assert {"interval", "timeout", "retries", "start_period"} <= set(check)
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", sorted(set(OUR_SERVICES) - ONE_SHOT))
def test_our_services_wait_for_the_stores_and_the_set_up(name: str) -> None:
    conditions = {on: how["condition"] for on, how in SERVICES[name]["depends_on"].items()}
    assert conditions == dict.fromkeys(STORES, "service_healthy") | {
        "setup": "service_completed_successfully"
    }


@pytest.mark.parametrize(
    "command", sorted({*PROCFILE.values(), *(SERVICES[name]["command"] for name in OUR_SERVICES)})
)
def test_every_command_names_modules_that_exist(command: str) -> None:
    modules = modules_of(command)
    assert modules
    for module in modules:
        spec = importlib.util.find_spec(module)
        assert spec is not None, f"there is no module {module}"
        if spec.submodule_search_locations is not None and f"-m {module}" in command:
            assert importlib.util.find_spec(f"{module}.__main__") is not None


@pytest.mark.parametrize(
    "name", ["web", "gateway", "worker", "pools", "commands", "events", "webhooks", "flower"]
)
def test_the_two_files_run_the_same_command(name: str) -> None:
    assert shlex.split(SERVICES[name]["command"]) == shlex.split(PROCFILE[name])


@pytest.mark.parametrize("name", OUR_SERVICES)
def test_our_services_run_in_production_mode_on_an_image_of_theirs(name: str) -> None:
    requirements = SERVICES[name]["build"]["args"]["REQUIREMENTS"]
    assert SERVICES[name]["environment"]["APP_ENV"] == "production"
    assert requirements != "dev"
    assert (ROOT / f"requirements/{requirements}.txt").exists()


def test_no_secret_has_a_default() -> None:
    used = re.findall(r"\$\{(\w+)(:?[-?+])?", "\n".join(strings_in(COMPOSE)))
    secrets = {(name, operator) for name, operator in used if SECRET_NAME.search(name)}
    assert {operator for _, operator in secrets} == {":?"}
    assert {name for name, _ in secrets} >= {"JWT_SECRET_KEY", "MONGODB_PASSWORD", "FLOWER_BASIC_AUTH"}


def test_no_secret_is_written_down() -> None:
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if SECRET_NAME.search(variable):
                assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", value), f"{name}: {variable}"


def test_ports_are_open_on_loopback_only() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(ports) == 5
    assert all(port.startswith("${BIND_ADDRESS:-127.0.0.1}:") for port in ports)


def test_mongodb_and_redis_are_reached_from_inside_only() -> None:
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    for name in ("mongodb", "redis"):
        assert SERVICES[name]["networks"] == ["inside"]
        assert "ports" not in SERVICES[name]
