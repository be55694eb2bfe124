"""Fleets and id tags from files, and what an installer is told."""

import json
from pathlib import Path

import pytest

from app.domain.context import ChargePointRef
from tests.fakes.world import World
from tests.unit.cli.running import Run

ACME = ("tenants", "create", "acme", "--name", "Acme Charging", "--prefix", "ACME-")


@pytest.fixture(autouse=True)
def acme(run: Run) -> None:
    run(*ACME)


def written(folder: Path, *lines: str) -> str:
    path = folder / "file.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    return str(path)


def test_charge_points(run: Run, world: World, tmp_path: Path) -> None:
    file = written(tmp_path, "charge_point_id;security_profile;key", "ACME-1;;", "ACME-2;1;new")
    told = json.loads(run("charge-points", "import", "acme", file, "--dry-run", "--json").out)
    assert (told["created"], told["dry_run"], told["new_keys"]) == (2, True, {})
    assert world.charge_points.count("acme") == 0
    outcome = run("charge-points", "import", "acme", file)
    assert outcome.status == 0
    assert "shown this once" in outcome.out
    assert world.charge_points.count("acme") == 2


def test_a_wrong_line_is_named_and_nothing_is_changed(run: Run, world: World, tmp_path: Path) -> None:
    file = written(tmp_path, "charge_point_id,security_profile", "ACME-1,0", "ACME-2,9")
    refused = run("charge-points", "import", "acme", file)
    assert refused.status == 1
    assert "line 3: security_profile" in refused.err
    assert world.charge_points.count("acme") == 0
    told = run("charge-points", "import", "acme", file, "--skip-wrong-lines").out
    assert "line 3: security_profile" in told
    assert world.charge_points.count("acme") == 1


def test_id_tags(run: Run, world: World, tmp_path: Path) -> None:
    file = written(tmp_path, "id_tag,blocked", "TAG-1,", "TAG-2,true")
    assert json.loads(run("id-tags", "import", "acme", file, "--dry-run", "--json").out)["created"] == 2
    assert json.loads(run("id-tags", "import", "acme", file, "--json").out)["created"] == 2
    assert world.services.id_tags.get("acme", "TAG-2").blocked
    wrong = written(tmp_path, "id_tag,blocked", "TAG-3,perhaps")
    assert run("id-tags", "import", "acme", wrong).status == 1


def test_an_installer_is_told_what_to_type(run: Run, world: World) -> None:
    run("charge-points", "add", "acme", "ACME-1", "OTHER 1")
    told = json.loads(run("charge-points", "installer", "acme", "ACME-1", "--json").out)
    assert told["central_system_url"] == "ws://127.0.0.1:9000/ocpp"
    assert told["full_url"] == "ws://127.0.0.1:9000/ocpp/ACME-1"
    assert "authorization_key" not in told
    other = json.loads(run("charge-points", "installer", "acme", "OTHER 1", "--json").out)
    assert other["full_url"] == "ws://127.0.0.1:9000/ocpp/acme/OTHER%201"


def test_a_key_is_shown_to_the_installer_once(run: Run, world: World) -> None:
    run("charge-points", "add", "acme", "ACME-1")
    ref = ChargePointRef("acme", "ACME-1")
    world.services.keepers.security.set_profile(ref, 2, force=True)
    told = json.loads(
        run("charge-points", "installer", "acme", "ACME-1", "--new-key", "--json").out.splitlines()[-1]
    )
    assert len(bytes.fromhex(told["authorization_key"])) == 20
    again = run("charge-points", "installer", "acme", "ACME-1").out
    assert told["authorization_key"] not in again
    assert "--new-key" in again


def test_an_identity_that_rest_could_not_name_is_refused(run: Run, world: World) -> None:
    refused = run("charge-points", "add", "acme", "GOOD", "A/B")
    assert refused.status == 1
    assert "A/B" in refused.err
    assert world.charge_points.count("acme") == 0
