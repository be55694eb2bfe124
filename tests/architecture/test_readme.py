"""README and docs are true: commands, modules, links, settings, tables, examples."""

import importlib.util
import json
import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
from environs import FileAwareEnv

from app.api import create_app
from app.api.errors import STATUS_OF
from app.cli.root import cli
from app.domain.errors import InvalidInput, SettingsError
from app.domain.permissions import ROLES_WITH
from app.domain.tenant_configuration import TenantConfiguration, configuration_as_dict, configured
from app.domain.user import Role
from app.ocpp.catalog import load_catalog
from app.ocpp.quirks import Quirk
from app.settings import Settings
from tests.architecture.markdown import (
    DOCUMENTS,
    ROOT,
    anchors,
    blocks,
    links,
    rows,
    section,
    shell_lines,
    text_of,
    ticked,
)
from tests.fakes.world import fake_world

WITHOUT_DEFAULT = {
    "JWT_SECRET_KEY",
    "JWT_SECRET_KEY_PREVIOUS",
    "GATEWAY_TLS_CERTIFICATES",
    "GATEWAY_TLS_CLIENT_CA",
    "CA_COMMAND",
    "FLOWER_BASIC_AUTH",
    "FLOWER_TLS_CERTIFICATE",
    "FLOWER_TLS_KEY",
    "MQTT_ADMIN_URL",
    "MQTT_HTTP_SECRET",
    "OIDC_AUDIENCE",
    "OIDC_ISSUER",
    "OIDC_JWKS_URL",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "WEB_TLS_CERTIFICATE",
    "WEB_TLS_KEY",
}
FREE_FORM: dict[str, list[Any]] = {
    "data_transfer_vendors": [{"com.example": ["Diagnostics"]}],
    "boot_configuration": [{"MeterValueSampleInterval": "60"}],
    "cpo_name": ["Acme Charging"],
    "features": [{"firmware": False}],
    "charging_defaults": [{"limit": 16}],
    "authorization_policy": [{"accepted_prefixes": ["DE-ACM"]}],
    "cors_origins": [["https://app.acme.example"]],
    "brand": [{"primary_color": "#0a7d3c"}],
}
REQUIRED = "*Required in production*"
every_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def plain(cell: str) -> str:
    """A cell without backticks."""
    return cell.strip("`")


@pytest.fixture
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment in which nothing is set, and a folder for the secrets that are made then."""
    for name in [row[0] for row in rows("README.md", "settings")]:
        monkeypatch.delenv(plain(name), raising=False)
    monkeypatch.chdir(tmp_path)


# --- commands ------------------------------------------------------------------------------------


@every_document
def test_every_make_target_exists(path: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    named = ticked(text_of(path)) + [line.strip() for line in shell_lines(text_of(path))]
    used = {found[1] for text in named if (found := re.search(r"(?:^|\s)make ([a-z]+)\b", text))}
    assert used <= targets


@every_document
def test_every_module_that_is_run_exists(path: Path) -> None:
    for module in re.findall(r"(?:python3? -m|celery (?:-q )?-A) ([a-z_.]+)", text_of(path)):
        spec = importlib.util.find_spec(module)
        assert spec is not None, module
        if spec.submodule_search_locations is not None:
            assert importlib.util.find_spec(f"{module}.__main__") is not None, module


def resolve(words: list[str]) -> None:
    """Parse a command line as it would be, without doing anything. Raises click's errors."""
    command: click.Command = cli
    context = click.Context(cli)
    while isinstance(command, click.Group):
        name, found, words = command.resolve_command(context, words)
        assert found is not None
        assert name is not None
        command = found
        context = click.Context(command, info_name=name, parent=context)
    command.make_context(command.name, words, parent=context.parent)


@every_document
def test_every_call_of_the_command_line_is_understood(
    path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for named in re.findall(r"\b[a-z]+\.csv\b", text_of(path)):  # an option that reads a file wants it there
        (tmp_path / named).touch()
    in_prose = [code for code in ticked(text_of(path)) if code.startswith("python -m app.cli ")]
    for line in [*shell_lines(text_of(path)), *in_prose]:
        if "python -m app.cli " in line:
            resolve(shlex.split(line.partition("python -m app.cli ")[2]))


def test_a_wrong_call_of_the_command_line_is_noticed() -> None:
    with pytest.raises(click.UsageError):
        resolve(["tenants", "create", "acme", "--nam", "Acme"])


def test_the_documented_processes_are_those_of_the_procfile() -> None:
    names = [line.partition(":")[0] for line in text_of("Procfile").splitlines()]
    assert [plain(row[0]) for row in rows("README.md", "processes")] == names


def test_the_documented_worker_differs_from_the_procfiles_in_name_and_queue_only() -> None:
    (worker,) = [line for line in text_of("Procfile").splitlines() if line.startswith("worker: ")]
    documented = [
        line for line in shell_lines(text_of("docs/operations.md")) if "workers.main worker" in line
    ]
    assert len(documented) == 2
    for line in documented:
        words, wanted = line.split(), worker.split()[1:]
        for option in ("-n", "-Q"):
            words[words.index(option) + 1] = wanted[wanted.index(option) + 1]
        assert words == wanted


# --- links and places ----------------------------------------------------------------------------


@every_document
def test_every_link_leads_somewhere(path: Path) -> None:
    for link in links(text_of(path)):
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(text_of(target)), link


@every_document
def test_every_file_that_is_named_exists(path: Path) -> None:
    for code in ticked(text_of(path)):
        if re.fullmatch(r"(?:app|gateway|workers|beat|bench|tests|requirements|\.ci)(?:/[\w.]+)+", code):
            assert (ROOT / code).exists(), code


@every_document
def test_no_document_names_a_place_of_somebodys_machine(path: Path) -> None:
    assert not re.search(r"/(?:home|root|tmp|Users|opt)/|/work\b", text_of(path))


def test_the_tree_names_every_folder() -> None:
    tree = next(block for block in blocks(text_of("README.md"), "") if block.startswith("app/ "))
    tracked = {path.name for path in ROOT.iterdir() if path.is_dir() and list(path.glob("*.*"))}
    shown = set(re.findall(r"^(\w+)/ ", tree, re.MULTILINE))
    assert {"app", "gateway", "workers", "beat", "bench", "docs", "requirements"} <= shown & tracked
    inside_app = {path.name for path in (ROOT / "app").iterdir() if (path / "__init__.py").exists()}
    assert set(re.findall(r"^  (\w+)/ ", tree, re.MULTILINE)) == inside_app


# --- settings ------------------------------------------------------------------------------------


class RecordingEnv(FileAwareEnv):
    """Remembers which variables are asked for."""

    asked: set[str]

    def __getattribute__(self, kind: str) -> Any:
        found = super().__getattribute__(kind)
        if kind not in ("str", "int", "float", "bool"):
            return found

        def ask(name: str, *arguments: Any, **options: Any) -> Any:
            RecordingEnv.asked.add(name)
            return found(name, *arguments, **options)

        return ask


@pytest.mark.usefixtures("no_settings")
def test_the_documented_variables_are_those_that_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    RecordingEnv.asked = set()
    monkeypatch.setattr("app.settings.FileAwareEnv", RecordingEnv)
    Settings.from_env()
    documented = [plain(row[0]) for row in rows("README.md", "settings")]
    assert len(documented) == len(set(documented))
    assert set(documented) == RecordingEnv.asked


@pytest.mark.usefixtures("no_settings")
@pytest.mark.parametrize("row", rows("README.md", "settings"), ids=lambda row: plain(row[0]))
def test_the_documented_default_is_the_default(row: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    name, default = plain(row[0]), row[1]
    if not default.startswith("`"):
        assert name in WITHOUT_DEFAULT
        return
    unset = Settings.from_env()
    monkeypatch.setenv(name, plain(default))
    given = Settings.from_env()
    assert {field: getattr(given, field) for field in _apart_from_embedded()} == {
        field: getattr(unset, field) for field in _apart_from_embedded()
    }
    monkeypatch.setenv(name, "70000x")
    assert _changes_something(unset)


def _apart_from_embedded() -> list[str]:
    """Whether an embedded server is started depends on whether its address is given at all."""
    return [name for name in Settings.__dataclass_fields__ if name != "embedded"]


def _changes_something(unset: Settings) -> bool:
    """So that a misspelt variable cannot pass for one that has its default."""
    try:
        return Settings.from_env() != unset
    except SettingsError:
        return True


@pytest.mark.usefixtures("no_settings")
def test_production_requires_what_is_marked_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_ENV", "production")
    with pytest.raises(SettingsError) as wrong:
        Settings.from_env()
    assert set(wrong.value.problems) == {
        plain(row[0]) for row in rows("README.md", "settings") if REQUIRED in row[2]
    }


def test_the_secrets_of_compose_are_documented() -> None:
    used = set(re.findall(r"\$\{(\w+):[?-]", text_of("docker-compose.yml")))
    documented = set(
        ticked(text_of("docs/operations.md").partition("## Docker Compose")[2].partition("##")[0])
    )
    assert used <= documented


# --- tables --------------------------------------------------------------------------------------


def test_the_documented_tenant_settings_are_those_that_exist() -> None:
    table = {plain(row[0]): row for row in rows("docs/operators.md", "configuration")}
    defaults = configuration_as_dict(TenantConfiguration())
    assert list(table) == list(defaults)
    for name, value in defaults.items():
        shown = plain(table[name][1])
        assert (shown if isinstance(value, str) else json.loads(shown)) == value, name


@pytest.mark.parametrize("row", rows("docs/operators.md", "configuration"), ids=lambda row: plain(row[0]))
def test_the_documented_bounds_are_the_bounds(row: list[str]) -> None:
    name, bounds = plain(row[0]), row[2]
    good: list[Any]
    if span := re.fullmatch(r"(\d+) to (\d+)", bounds):
        low, high = int(span[1]), int(span[2])
        good, bad = [low, high], [low - 1, high + 1]
    elif bounds == "true or false":
        good, bad = [True, False], [1]
    elif bounds:
        good, bad = bounds.split(", "), [1]
        with pytest.raises(InvalidInput, match="not valid") as refused:
            configured(TenantConfiguration(), {name: "something else"})
        assert bounds in refused.value.problems[name][0]
    else:
        good, bad = FREE_FORM[name], [1]
    for value in good:
        configured(TenantConfiguration(), {name: value})
    for value in bad:
        with pytest.raises(InvalidInput):
            configured(TenantConfiguration(), {name: value})


def test_the_documented_permissions_are_the_permissions() -> None:
    heading = section("docs/operators.md", "permissions").splitlines()[0]
    roles = [Role(name) for name in ticked(heading)]
    assert set(roles) == set(Role)
    shown = {
        plain(row[1]): {role for role, cell in zip(roles, row[2:], strict=True) if cell == "yes"}
        for row in rows("docs/operators.md", "permissions")
    }
    assert shown == {permission.value: set(allowed) for permission, allowed in ROLES_WITH.items()}


def test_the_documented_actions_are_those_that_work() -> None:
    inbound, outbound = load_catalog().actions()
    table = dict(re.findall(r"^\| (From|To) charge points \| (.*) \|$", text_of("README.md"), re.MULTILINE))
    assert table["From"].split(", ") == inbound
    assert table["To"].split(", ") == outbound
    commands = text_of("docs/integrators.md").partition("The actions: ")[2].partition("Each change")[0]
    assert [name for name in ticked(commands) if name[0].isupper()] == outbound
    for name in ticked(commands):
        load_catalog().command_kind(name)


def test_the_documented_routes_are_those_of_the_openapi_document(no_settings: None) -> None:
    app = create_app(fake_world().services, Settings.from_env())
    document = app.test_client().get("/api/openapi.json").get_json()
    exist = {
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method in methods
        if method != "parameters"
    }
    documented = {code for row in rows("docs/integrators.md", "routes") for code in ticked(row[0])}
    assert documented == exist


def test_every_refusal_is_documented() -> None:
    documented = {
        (code, status)
        for row in rows("docs/integrators.md", "refusals")
        for code in ticked(row[1])
        for status in row[0].split(", ")
    }
    assert {(kind.code, str(status)) for kind, status in STATUS_OF.items()} <= documented


def test_the_documented_quirks_are_those_that_are_counted() -> None:
    documented = [plain(row[0]) for row in rows("docs/tolerance.md", "quirks")]
    assert documented == [quirk.value for quirk in Quirk]


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("metrics-web", ["app/api/gauges.py", "app/api/metrics.py"]),
        ("metrics-gateway", ["gateway/metrics.py"]),
        ("metrics-process", ["app/metrics.py"]),
    ],
)
def test_the_documented_metrics_are_those_that_exist(name: str, files: list[str]) -> None:
    found = {metric for file in files for metric in re.findall(r'"((?:ocpp|http)_\w+)"', text_of(file))}
    documented = {ticked(row[0])[0].partition("{")[0] for row in rows("docs/operations.md", name)}
    assert documented == {"http_requests_total" if one == "http_requests" else one for one in found}


def test_the_documented_log_messages_are_logged() -> None:
    source = "\n".join(
        path.read_text()
        for folder in ("app", "beat", "gateway", "workers")
        for path in (ROOT / folder).rglob("*.py")
    )
    for row in rows("docs/operations.md", "logs"):
        for message in ticked(row[0]):
            assert f'"{message}"' in source, message


def test_every_json_example_is_json() -> None:
    for path in DOCUMENTS:
        for block in blocks(text_of(path), "json"):
            json.loads(block)
