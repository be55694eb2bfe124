"""A new customer by the command line alone: onboarded, connected, charging; and the doctor."""

import asyncio
import json
import sys
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from bench.charge_point import SimulatedChargePoint
from tests.e2e.system import ROOT, RunningSystem

pytestmark = pytest.mark.e2e


async def command_line(system: RunningSystem, *arguments: str, status: int = 0) -> str:
    """What `python -m app.cli` prints on the running system, in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app.cli",
        *arguments,
        cwd=ROOT,
        env=system.environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == status, f"{out.decode()}{err.decode()}"
    return out.decode()


async def told(system: RunningSystem, *arguments: str) -> Any:
    """The same as JSON."""
    return json.loads(await command_line(system, *arguments, "--json"))


async def until_known(system: RunningSystem, identity: str) -> None:
    """The gateway then wants a subprotocol (400) instead of knowing nobody of that name (404)."""
    async with httpx.AsyncClient() as gateway, asyncio.timeout(10):
        while (await gateway.get(f"{system.gateway_url}/ocpp/{identity}")).status_code == 404:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@pytest.mark.usefixtures("services")
async def test_the_doctor_finds_a_running_system_well(system: RunningSystem) -> None:
    findings = {row["check"]: row for row in await told(system, "doctor")}
    assert {"mongodb", "redis", "mqtt", "indexes", "clock", "gateways", "workers", "queues"} <= set(findings)
    assert {row["result"] for row in findings.values()} <= {"ok", "warning"}, findings


async def test_the_doctor_names_what_is_down(system: RunningSystem) -> None:
    broken = system.environment | {"MQTT_URL": "mqtt://127.0.0.1:1", "REDIS_URL": "redis://127.0.0.1:1/0"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app.cli", "doctor", "--json", cwd=ROOT, env=broken,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    out, _ = await asyncio.wait_for(process.communicate(), 90)
    assert process.returncode == 1
    findings = {row["check"]: row for row in json.loads(out)}
    assert [findings[name]["result"] for name in ("mongodb", "redis", "mqtt")] == ["ok", "failed", "failed"]
    assert findings["mqtt"]["advice"]


async def test_from_nothing_to_the_first_charging_session(system: RunningSystem, tmp_path: Path) -> None:
    name = f"onboard-{uuid.uuid4().hex[:8]}"
    prefix = f"{name}-CP-"
    fleet, tags = tmp_path / "fleet.csv", tmp_path / "tags.csv"
    fleet.write_text(f"charge_point_id,security_profile,key\n{prefix}1,,\n{prefix}2,1,new\n")
    tags.write_text("id_tag\nFIRST-TAG\n")
    made = await told(
        system, "tenants", "onboard", name, "--name", "New Customer", "--prefix", prefix,
        "--admin-email", f"admin@{name}.example", "--brand", "support_email=help@new.example",
        "--charge-points", str(fleet), "--id-tags", str(tags),
    )  # fmt: skip
    assert (made["tenant_id"], made["charge_points"], made["id_tags"]) == (name, 2, 1)
    assert list(made["charge_point_keys"]) == [f"{prefix}2"]
    await until_known(system, f"{prefix}1")
    installer = await told(system, "charge-points", "installer", name, f"{prefix}1")
    async with SimulatedChargePoint(installer["central_system_url"], f"{prefix}1") as charge_point:
        await charge_point.announce()
        started = await charge_point.start(1, "FIRST-TAG", meter_start=1_000)
        async with httpx.AsyncClient(base_url=made["rest_url"]) as rest:
            headers = {"Authorization": f"Bearer {made['api_key']}"}
            sessions = (await rest.get("/api/v1/sessions", headers=headers)).json()["items"]
            assert [one["id_tag"] for one in sessions] == ["FIRST-TAG"]
            login = {"email": made["administrator"], "password": made["password"], "tenant_id": name}
            assert (await rest.post("/api/v1/auth/login", json=login)).status_code == 200
            brand = (await rest.get("/api/v1/brand", headers=headers)).json()
            assert brand["support_email"] == "help@new.example"
        await charge_point.stop(started.transaction_id, meter_stop=2_500)


async def test_wrong_input_makes_nothing(system: RunningSystem, tmp_path: Path) -> None:
    name = f"onboard-{uuid.uuid4().hex[:8]}"
    fleet = tmp_path / "fleet.csv"
    fleet.write_text(f"charge_point_id,security_profile\n{name}-1,9\n")
    common = ("tenants", "onboard", name, "--name", "X", "--prefix", name, "--admin-email", "a@b.example")
    await command_line(system, *common, "--charge-points", str(fleet), status=1)
    await command_line(system, *common, "--set", "speed=9", status=1)
    assert name not in {row["id"] for row in await told(system, "tenants", "list")}
