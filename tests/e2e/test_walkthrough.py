"""The walk through REST of docs/integrators.md, done as it stands there."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from app.domain.user import Role
from app.services import Services
from bench.charge_point import SimulatedChargePoint
from tests.architecture.markdown import blocks, section
from tests.e2e.conftest import PASSWORD, make_tenant
from tests.e2e.system import RunningSystem

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not (shutil.which("curl") and shutil.which("bash")), reason="needs curl and bash"),
]


def json_documents(text: str) -> list[Any]:
    """All JSON documents in a text that has nothing else."""
    found, decoder = [], json.JSONDecoder()
    while text := text.strip():
        document, end = decoder.raw_decode(text)
        found.append(document)
        text = text[end:]
    return found


async def run_script(script: str, folder: Path) -> list[Any]:
    """What a shell script prints, as JSON documents; fails if any of its lines fails."""
    bash = await asyncio.create_subprocess_exec(
        "bash",
        "-euo",
        "pipefail",
        "-c",
        script,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await asyncio.wait_for(bash.communicate(), 60)
    assert bash.returncode == 0, errors.decode()
    return json_documents(output.decode())


async def test_the_walk_through_does_what_it_says(
    system: RunningSystem, services: Services, tmp_path: Path
) -> None:
    tenant = make_tenant(system, services, "queue")
    users = {
        role.value: {"email": f"{role}@{tenant.id}.example", "password": PASSWORD}
        for role in (Role.OPERATOR, Role.TENANT_ADMIN)
    }
    demo = {"rest_url": system.rest_url, "tenant_id": tenant.id, "id_tags": [tenant.id_tag], "users": users}
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "demo.json").write_text(json.dumps(demo))
    script = "\n".join(blocks(section("docs/integrators.md", "walk-through"), "sh"))
    async with SimulatedChargePoint(f"{system.ws_url}/{tenant.id}", "DEMO-0001") as charge_point:
        await charge_point.announce()
        await charge_point.start(2, tenant.id_tag, meter_start=1000)  # as the slow demo does
        answers = await run_script(script, tmp_path)
    listed, shown, asked, started, active, stopping, session, page, mistake, before, after = answers
    assert [one["id"] for one in listed["items"]] == ["DEMO-0001"] == [shown["id"]]
    assert [one["status"] for one in (asked, started, stopping)] == ["accepted"] * 3
    assert asked["result"]["configuration_key"][0]["key"] == "HeartbeatInterval"
    assert {one["connector_id"] for one in active["items"]} == {1, 2}
    assert session["id"] in {one["id"] for one in active["items"]}
    assert (session["status"], session["stop_reason"]) == ("completed", "Remote")
    assert [one["connector_id"] for one in page["items"]] == [2]
    assert (mistake["status"], set(mistake["errors"])) == (422, {"parameters.idtag", "parameters.id_tag"})
    changes = {"heartbeat_interval": 120, "command_expiry_s": 90}
    assert after["configuration"] == before["configuration"] | changes
