"""Who may import whom (design section 1), and what a process must not load."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAMS = ["gateway", "workers", "beat"]


def run_python(code: str, tmp_path: Path) -> "subprocess.CompletedProcess[str]":
    """In a fresh process, at the root of the repository."""
    environment = os.environ | {"VAR_DIR": str(tmp_path)}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_import_contracts_hold(tmp_path: Path) -> None:
    code = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    checked = run_python(code, tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_importing_app_loads_nothing() -> None:
    """So that no program loads Flask by accident."""
    assert (ROOT / "app/__init__.py").read_text() == ""


IMPORT = """
import socket, sys
def connect(*_): raise SystemExit("connected at import")
socket.socket.connect = socket.create_connection = connect
import {module}
print(*sorted({{{unwanted}}} & set(sys.modules)))
"""
WEB = ["flask", "flask_smorest", "flask_jwt_extended", "app.api"]
DEVELOPMENT = ["app.embedded", "secantus", "bench"]


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("gateway.server", [*WEB, *DEVELOPMENT, "ocpp"]),
        ("workers.main", [*WEB, *DEVELOPMENT, "ocpp"]),
        ("workers.events", WEB),
        ("workers.mqtt_commands", WEB),
        ("workers.webhooks", WEB),
        ("beat.main", [*WEB, *DEVELOPMENT]),
        ("app.api.wsgi", ["gateway", "workers", *DEVELOPMENT]),
    ],
)
def test_a_program_loads_what_it_needs_and_connects_later(
    module: str, unwanted: list[str], tmp_path: Path
) -> None:
    """Clients are made lazily, in the process that uses them (design section 3)."""
    loaded = run_python(IMPORT.format(module=module, unwanted=", ".join(map(repr, unwanted))), tmp_path)
    assert loaded.returncode == 0, loaded.stderr
    assert loaded.stdout.split() == []


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def reads_environment(path: Path) -> bool:
    """`os.environ`, `os.getenv` or the like is used in this file."""
    return any(
        (
            isinstance(node, ast.Attribute)
            and node.attr in ("environ", "environb", "getenv")
            and "id='request'" not in ast.dump(node)  # a WSGI request has an environment of its own
        )
        or (
            isinstance(node, ast.ImportFrom)
            and node.module in ("os", "environs")
            and "path" not in ast.dump(node)
        )
        for node in ast.walk(ast.parse(path.read_text()))
    )


def test_only_the_settings_read_the_environment() -> None:
    readers = {str(path.relative_to(ROOT)) for path in sources("app", *PROGRAMS) if reads_environment(path)}
    assert readers == {
        "app/settings.py",
        *(str(path.relative_to(ROOT)) for path in ROOT.glob("app/*_settings.py")),
    }


@pytest.mark.parametrize("folder", ["app/domain", "app/services", "app/ocpp"])
def test_time_comes_through_the_clock(folder: str) -> None:
    """No rule of charging reads a clock by itself; the gateway and the adapters may."""
    clocks = ("datetime.now", "utcnow", "time.time", "time.monotonic", "date.today")
    for path in sources(folder):
        assert not [name for name in clocks if name in path.read_text()], path
