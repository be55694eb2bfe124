"""What the commands do, and how they fail: one line on standard error and a status."""

import io
import json

import pytest

from app.cli.root import cli, main
from app.domain.user import Role
from tests.fakes.world import World
from tests.unit.cli.running import Run

ACME = ("tenants", "create", "acme", "--name", "Acme Charging", "--prefix", "ACME-")
PASSWORD = "correct horse battery"


@pytest.fixture
def _typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))


def test_tenants(run: Run, world: World) -> None:
    assert run("tenants", "list").out == "None.\n"
    made = json.loads(
        run(*ACME, "--set", "unknown_charge_points=pending", "--set", "queue_enabled=false", "--json").out
    )
    assert made["configuration"]["unknown_charge_points"] == "pending"
    assert made["configuration"]["queue_enabled"] is False
    assert json.loads(run("tenants", "show", "acme", "--json").out) == made
    changed = run("tenants", "configure", "acme", "heartbeat_interval=60", "unknown_charge_points=accept")
    assert changed.status == 0
    assert world.services.tenants.get("acme").configuration.heartbeat_interval == 60
    assert [row["id"] for row in json.loads(run("tenants", "list", "--json").out)] == ["acme"]
    assert "Acme Charging" in run("tenants", "list").out
    assert "ocpp_acme" in run("tenants", "show", "acme").out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("tenants", "show", "nobody"), "There is no tenant 'nobody'."),
        (ACME, "exists"),
        (("tenants", "configure", "acme", "speed=9"), "speed: Unknown setting"),
        (("tenants", "configure", "acme", "speed"), "NAME=VALUE"),
        (("tenants", "create", "Bad Id", "--name", "x"), "id: Use 1 to 48"),
        (("charge-points", "add", "nobody", "CP-1"), "There is no tenant"),
        (("charge-points", "add", "acme", "CP-1", "CP-1"), "registered already"),
        (("id-tags", "add", "acme", "TAG", "--expires-at", "tomorrow"), "expires-at"),
        (("users", "set-password", "nobody@acme.example"), "There is no user"),
        (("users", "create", "--email", "x@y.example", "--role", "viewer", "--tenant", "no"), "no tenant"),
    ],
)
def test_a_failure_is_one_line_and_status_1(run: Run, arguments: tuple[str, ...], told: str) -> None:
    run(*ACME)
    outcome = run(*arguments)
    assert outcome.status == 1
    assert told in outcome.err
    assert outcome.err.startswith("Error: ")
    assert outcome.err.count("\n") == 1


@pytest.mark.usefixtures("_typed")
def test_users(run: Run, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    run(*ACME)
    arguments = ("--email", "op@acme.example", "--role", "operator", "--tenant", "acme", "--password-stdin")
    assert json.loads(run("users", "create", *arguments, "--json").out)["role"] == "operator"
    assert world.services.users.authenticate("op@acme.example", PASSWORD).role is Role.OPERATOR
    monkeypatch.setattr("sys.stdin", io.StringIO("another good one\n"))
    changed = run("users", "set-password", "op@acme.example", "--password-stdin")
    assert changed.status == 0
    assert world.services.users.authenticate("op@acme.example", "another good one").tenant_id == "acme"
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    refused = run("users", "set-password", "op@acme.example", "--password-stdin")
    assert (refused.status, "short" in refused.out) == (1, False)


@pytest.mark.usefixtures("_typed")
def test_a_platform_admin_is_nobodys(run: Run) -> None:
    run(*ACME)
    arguments = ("users", "create", "--email", "a@b.example", "--role", "platform_admin", "--password-stdin")
    refused = run(*arguments, "--tenant", "acme")
    assert (refused.status, "tenant_id" in refused.err) == (1, True)


def test_charge_points_and_id_tags(run: Run, world: World) -> None:
    run(*ACME)
    assert run("charge-points", "add", "acme", "ACME-1", "ACME-2").status == 0
    assert world.charge_points.count("acme") == 2
    tag = run("id-tags", "add", "acme", "04E1", "--expires-at", "2030-01-31T12:00:00+01:00", "--json")
    assert json.loads(tag.out)["expires_at"] == "2030-01-31T11:00:00.000Z"
    assert world.id_tags.find("acme", "04e1") is not None


def test_setup_prepares_the_stores(run: Run, world: World) -> None:
    assert run("setup").status == 0
    assert world.tenants.prepared == 1


def test_check_settings_shows_no_secret(run: Run) -> None:
    outcome = run("check-settings", "--json")
    assert json.loads(outcome.out)["env"] == "development"
    assert "://" not in outcome.out


def test_wrong_settings_are_all_named_with_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("APP_ENV", "production")
    monkeypatch.delenv("JWT_SECRET_KEY", raising=False)
    monkeypatch.delenv("MONGODB_URI", raising=False)
    monkeypatch.setenv("WEB_PORT", "99999")
    with pytest.raises(SystemExit) as ended:
        main(["check-settings"])
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert all(name in told for name in ("WEB_PORT", "JWT_SECRET_KEY", "MONGODB_URI"))
    assert told.count("\n") == 1


def test_every_command_explains_itself() -> None:
    def explained(command: object, path: str) -> None:
        assert getattr(command, "help", None), path
        for name, inner in getattr(command, "commands", {}).items():
            explained(inner, f"{path} {name}")

    explained(cli, "cli")
