"""docker-compose.yml and Procfile: valid, complete, in agreement, and without secrets."""

import importlib.util
import json
import os
import re
import shlex
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest
import yaml

from app.settings import Settings
from tests.architecture.markdown import rows

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


def resolved(text: str) -> str:
    """As Compose passes it on, where nothing is set but the secrets."""
    text = re.sub(r"\$\{\w+:\?[^}]*\}", "user:" + "s" * 40, text)
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text).replace("$$", "$")


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
    assert {name for name, _ in secrets} == {
        "JWT_SECRET_KEY",
        "MONGODB_ADMIN_PASSWORD",
        "MONGODB_PASSWORD",
        "MONGODB_KEY",
        "REDIS_PASSWORD",
        "MQTT_PASSWORD",
        "FLOWER_BASIC_AUTH",
    }


def test_no_secret_is_written_down() -> None:
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if SECRET_NAME.search(variable) and not value.startswith("/tls/"):
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


# --- settings, TLS, accounts, limits ----------------------------------------------------------------


@pytest.fixture
def settings_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Settings]:
    """The settings as this service's process reads them, with its certificates in `tmp_path`."""
    for name in ("server.pem", "server.key"):
        (tmp_path / name).touch()

    def read(name: str) -> Settings:
        for variable in list(os.environ):
            monkeypatch.delenv(variable)
        for variable, value in SERVICES[name]["environment"].items():
            monkeypatch.setenv(variable, resolved(value).replace("/tls/", f"{tmp_path}/"))
        return Settings.from_env()

    return read


@pytest.mark.parametrize("name", OUR_SERVICES)
def test_every_variable_is_a_setting_and_right_for_production(
    name: str, settings_of: Callable[[str], Settings]
) -> None:
    known = {row[0].strip("`") for row in rows("README.md", "settings")}
    assert set(SERVICES[name]["environment"]) <= known
    assert settings_of(name).is_production


def test_whatever_is_published_speaks_tls(settings_of: Callable[[str], Settings]) -> None:
    web, gateway, flower = (
        settings_of("web").web,
        settings_of("gateway").gateway,
        settings_of("flower").flower,
    )
    assert web.tls is not None
    assert flower.tls is not None
    assert gateway.tls is not None
    assert not gateway.plain  # its port is published for those who set GATEWAY_PLAIN=on
    published = {
        (name, int(resolved(port).rpartition(":")[2]))
        for name, service in SERVICES.items()
        for port in service.get("ports", [])
    }
    assert published == {
        ("mqtt", 8883),
        ("web", web.port),
        ("gateway", gateway.port),
        ("gateway", gateway.tls.port),
        ("flower", flower.port),
    }
    tenants_listener = COMPOSE["configs"]["mosquitto"]["content"].partition("listener 8883")[2]
    assert "certfile /tls/server.pem" in tenants_listener
    assert "keyfile /tls/server.key" in tenants_listener


def test_addresses_that_people_are_told_are_encrypted(settings_of: Callable[[str], Settings]) -> None:
    settings = settings_of("web")
    assert settings.files.public_url.startswith("https://")
    assert settings.gateway.public_url.startswith("wss://")
    assert settings.mqtt.public_url.startswith("mqtts://")


def test_metrics_of_the_gateway_are_not_published(settings_of: Callable[[str], Settings]) -> None:
    metrics_port = settings_of("gateway").gateway.metrics_port
    assert metrics_port == 9100
    assert not [port for port in SERVICES["gateway"]["ports"] if port.endswith(f":{metrics_port}")]


def test_nobody_comes_to_a_store_as_its_administrator(settings_of: Callable[[str], Settings]) -> None:
    settings = settings_of("worker")
    assert urlsplit(settings.mongodb.uri).username == "ocpp"
    assert urlsplit(settings.redis.url).username == "ocpp"
    assert SERVICES["mongodb"]["environment"]["MONGO_INITDB_ROOT_USERNAME"] == "admin"
    account = COMPOSE["configs"]["mongodb"]["content"]
    assert "roles: ['readWriteAnyDatabase', 'dbAdminAnyDatabase']" in account
    redis = SERVICES["redis"]["command"][-1]
    assert "user default off" in redis
    assert "~cel:* ~ocpp:*" in redis
    assert "-@dangerous -@admin" in redis
    assert "allow_anonymous false" in COMPOSE["configs"]["mosquitto"]["content"]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_has_limits(name: str) -> None:
    service = SERVICES[name]
    assert {"cpus", "mem_limit", "pids_limit", "ulimits"} <= set(service)
    assert service["ulimits"]["nofile"] >= 8192


def test_a_gateway_may_open_a_file_for_each_charge_point(settings_of: Callable[[str], Settings]) -> None:
    nofile = SERVICES["gateway"]["ulimits"]["nofile"]
    assert nofile > settings_of("gateway").gateway.max_connections


def test_a_gateway_has_the_time_to_drain(settings_of: Callable[[str], Settings]) -> None:
    grace_s = int(SERVICES["gateway"]["stop_grace_period"].removesuffix("s"))
    assert grace_s >= settings_of("gateway").gateway.drain_s + 10


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_nobody_is_root_or_may_become_it_or_write_where_programs_are(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    if name in STORES:
        assert service["user"] == {"mqtt": "mosquitto"}.get(name, name)
    else:
        assert "user" not in service  # the image has one


@pytest.mark.parametrize("name", OUR_SERVICES)
def test_our_services_write_to_memory_and_volumes_only(name: str) -> None:
    service = SERVICES[name]
    places = {place.partition(":")[0] for place in service["tmpfs"]}
    volumes = dict(resolved(volume).split(":")[:2] for volume in service.get("volumes", []))
    uploads = {"uploads": "/tmp", "files": "/var/lib/ocpp/files"} if name == "web" else {}
    assert {source: place for source, place in volumes.items() if place != "/tls"} == uploads
    assert places | set(uploads.values()) >= {"/tmp", "/var/lib/ocpp"}


def test_every_volume_and_config_is_declared_and_used() -> None:
    used = {
        resolved(volume).partition(":")[0] for one in SERVICES.values() for volume in one.get("volumes", [])
    }
    assert used - {"./var/tls"} == set(COMPOSE["volumes"])
    assert {one["source"] for service in SERVICES.values() for one in service.get("configs", [])} == set(
        COMPOSE["configs"]
    )


# --- the image --------------------------------------------------------------------------------------


def test_the_image_has_a_user_without_rights_over_programs() -> None:
    lines = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    assert lines[-1] == "USER ocpp"
    (made,) = [line for line in lines if "useradd" in line]
    assert "--gid 10001 ocpp" in made
    assert "--uid 10001 --gid ocpp --no-create-home" in made
    assert not [line for line in lines if line.startswith("COPY") and "--chown" in line]


def test_the_image_holds_what_runs_and_nothing_else() -> None:
    copied = {
        line.split()[1].strip("/")
        for line in (ROOT / "Dockerfile").read_text().splitlines()
        if line.startswith("COPY") and "--from" not in line
    }
    allowed = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    assert copied == allowed == {"app", "beat", "gateway", "workers", "requirements"}
    assert "app/embedded" in (ROOT / ".dockerignore").read_text().splitlines()
