"""Programs and databases of different versions."""

import os
import subprocess
import sys
from collections.abc import Sequence

import pytest

from app.services import Services
from app.storage.migrations import NEWEST
from app.storage.migrations.plan import note_version
from app.storage.mongo import Databases
from tests.e2e.system import ROOT, RunningSystem

pytestmark = pytest.mark.e2e
WEB = ("gunicorn", "-c", "python:app.api.gunicorn", "app.api.wsgi:app")
GATEWAY = (sys.executable, "-m", "gateway")


def run(system: RunningSystem, *command: str) -> "subprocess.CompletedProcess[str]":
    environment = system.environment | {"GATEWAY_PORT": "1", "WEB_PORT": "1"}  # they must not get so far
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.skipif("MONGODB_URI" in os.environ, reason="others would meet the later version there")
@pytest.mark.parametrize("program", [GATEWAY, WEB])
def test_no_program_starts_on_databases_of_a_later_version(
    system: RunningSystem, services: Services, databases: Databases, program: Sequence[str]
) -> None:
    note_version(databases.platform, NEWEST + 1)
    try:
        ended = run(system, *program)
    finally:
        note_version(databases.platform, NEWEST)
    assert ended.returncode == 1
    assert f"schema {NEWEST + 1}" in ended.stdout + ended.stderr


def test_a_dry_run_and_a_run_of_what_is_done(system: RunningSystem, services: Services) -> None:
    for arguments in (["--dry-run"], []):
        told = run(system, sys.executable, "-m", "app.cli", "migrate", *arguments)
        assert (told.returncode, told.stdout) == (0, f"Everything is of schema {NEWEST} already.\n")
