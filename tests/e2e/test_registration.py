"""Who is let in, by the tenant's policy and the operator's word (item 3); what is sent unasked (item 7)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from app.services import Services
from bench.raw_client import RawClient
from tests.e2e.conftest import RestClient, TestTenant, make_tenant
from tests.e2e.system import RunningSystem

pytestmark = pytest.mark.e2e
BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
STATUS = {"connectorId": 1, "status": "Available", "errorCode": "NoError"}
START = {"connectorId": 1, "idTag": "GOOD-TAG", "meterStart": 0, "timestamp": "2026-03-01T12:00:00Z"}
RETRY_S = 7


@asynccontextmanager
async def operator_of(system: RunningSystem, tenant: TestTenant) -> AsyncIterator[RestClient]:
    client = RestClient(system, f"operator@{tenant.id}.example")
    await client.login()
    yield client
    await client.close()


def with_policy(system: RunningSystem, services: Services, mode: str, policy: str, **more: Any) -> TestTenant:
    return make_tenant(
        system, services, mode, unknown_charge_points=policy, boot_retry_interval=RETRY_S, **more
    )


async def ask(charge_point: RawClient, action: str, payload: Any) -> Any:
    """The CallResult's payload, or the CallError's code."""
    answer = await charge_point.call_raw([2, "u", action, payload])
    return answer[2]


async def next_command(charge_point: RawClient, status: str = "Accepted") -> tuple[str, Any]:
    """The next command, answered."""
    frame = await charge_point.recv()
    assert frame[0] == 2, frame
    await charge_point.send_raw(f'[3,"{frame[1]}",{{"status":"{status}"}}]')
    return frame[2], frame[3]


async def test_refuse_until_it_is_made_known(
    system: RunningSystem, services: Services, tenant: TestTenant
) -> None:
    ours = with_policy(system, services, tenant.mode, "refuse")
    identity = ours.identity()
    with pytest.raises(InvalidStatus) as refused:
        async with RawClient(system.ws_url, identity):
            pass
    assert refused.value.response.status_code == 404
    async with operator_of(system, ours) as rest:
        assert (await rest.send("POST", "/chargepoints", {"id": identity}, 201))["admission"] == "Accepted"
    async with RawClient(system.ws_url, identity) as charge_point:
        assert (await ask(charge_point, "BootNotification", BOOT))["status"] == "Accepted"


async def test_accept_at_once(system: RunningSystem, services: Services, tenant: TestTenant) -> None:
    ours = with_policy(system, services, tenant.mode, "accept", heartbeat_interval=77)
    async with RawClient(system.ws_url, ours.identity()) as charge_point:
        assert await ask(charge_point, "StatusNotification", STATUS) == "SecurityError"
        boot = await ask(charge_point, "BootNotification", BOOT)
        assert (boot["status"], boot["interval"]) == ("Accepted", 77)
        assert await ask(charge_point, "StatusNotification", STATUS) == {}


async def test_pending_until_an_operator_accepts(
    system: RunningSystem, services: Services, tenant: TestTenant
) -> None:
    """A33, A34, vector H12: what may be triggered is answered, charging is not; what reads may be sent."""
    ours = with_policy(system, services, tenant.mode, "pending")
    identity = ours.identity()
    async with operator_of(system, ours) as rest, RawClient(system.ws_url, identity) as charge_point:
        boot = await ask(charge_point, "BootNotification", BOOT)
        assert (boot["status"], boot["interval"]) == ("Pending", RETRY_S)
        assert await ask(charge_point, "StatusNotification", STATUS) == {}
        assert "currentTime" in await ask(charge_point, "Heartbeat", {})
        assert await ask(charge_point, "Authorize", {"idTag": "GOOD-TAG"}) == "SecurityError"
        assert await ask(charge_point, "StartTransaction", START) == "SecurityError"
        assert await ask(charge_point, "DataTransfer", {"vendorId": "x"}) == "SecurityError"

        start = {"command_type": "remote_start", "parameters": {"id_tag": "GOOD-TAG"}}
        await rest.send("POST", f"/chargepoints/{identity}/commands", start, 409)
        pending = await rest.get("/chargepoints", registration="Pending", admission="Pending")
        assert [item["id"] for item in pending["items"]] == [identity]
        await rest.send("POST", f"/chargepoints/{identity}/configuration/read", {"keys": ["A"]}, 202)
        frame = await charge_point.recv()
        assert frame[2:] == ["GetConfiguration", {"key": ["A"]}]
        await charge_point.send_raw(
            f'[3,"{frame[1]}",{{"configurationKey":[{{"key":"A","readonly":false,"value":"1"}}]}}]'
        )

        decision = {"status": "Accepted", "trigger_boot": True}
        decided = await rest.send("PUT", f"/chargepoints/{identity}/registration", decision, 202)
        assert (decided["admission"], decided["registration"]) == ("Accepted", "Pending")
        assert await next_command(charge_point) == (
            "TriggerMessage",
            {"requestedMessage": "BootNotification"},
        )
        assert (await ask(charge_point, "BootNotification", BOOT))["status"] == "Accepted"
        assert (await ask(charge_point, "StartTransaction", START))["idTagInfo"] == {"status": "Accepted"}
        assert (await rest.get(f"/chargepoints/{identity}/configuration"))["keys"][0]["value"] == "1"


async def test_rejected_until_the_operator_changes_their_mind(
    system: RunningSystem, services: Services, tenant: TestTenant
) -> None:
    """A35: nothing but the boot is answered, and nothing is sent."""
    ours = with_policy(system, services, tenant.mode, "accept")
    identity = ours.identity()
    async with operator_of(system, ours) as rest, RawClient(system.ws_url, identity) as charge_point:
        assert (await ask(charge_point, "BootNotification", BOOT))["status"] == "Accepted"
        path = f"/chargepoints/{identity}/registration"
        decided = await rest.send("PUT", path, {"status": "Rejected", "trigger_boot": True}, 200)
        assert (decided["registration"], decided["command_id"]) == ("Accepted", None)
        boot = await ask(charge_point, "BootNotification", BOOT)
        assert (boot["status"], boot["interval"]) == ("Rejected", RETRY_S)
        for action, payload in (
            ("StatusNotification", STATUS),
            ("Heartbeat", {}),
            ("StartTransaction", START),
        ):
            assert await ask(charge_point, action, payload) == "SecurityError"
        reset = {"command_type": "reset", "parameters": {"type": "Soft"}}
        await rest.send("POST", f"/chargepoints/{identity}/commands", reset, 409)
        await rest.send("PUT", path, {"status": "Accepted"}, 200)
        assert (await ask(charge_point, "BootNotification", BOOT))["status"] == "Accepted"
        assert await ask(charge_point, "StatusNotification", STATUS) == {}


async def test_once_accepted_it_need_not_boot_again(
    system: RunningSystem, services: Services, tenant: TestTenant
) -> None:
    """A38: not on a new connection, whatever its registration would be today."""
    ours = with_policy(system, services, tenant.mode, "accept")
    identity = ours.identity()
    async with RawClient(system.ws_url, identity) as charge_point:
        await ask(charge_point, "BootNotification", BOOT)
    async with RawClient(system.ws_url, identity) as charge_point:
        assert await ask(charge_point, "StatusNotification", STATUS) == {}


async def test_by_default_nobody_sends_anything_unasked(
    system: RunningSystem, services: Services, tenant: TestTenant
) -> None:
    """Item 7: connecting, booting and talking bring no command."""
    ours = with_policy(system, services, tenant.mode, "accept")
    async with RawClient(system.ws_url, ours.identity()) as charge_point:
        await ask(charge_point, "BootNotification", BOOT)
        await ask(charge_point, "StatusNotification", STATUS)
        with pytest.raises(TimeoutError):
            await charge_point.recv(timeout_s=3)


async def test_the_tenants_baseline_follows_the_accepted_boot(
    system: RunningSystem, services: Services, tenant: TestTenant
) -> None:
    """Item 7, G8, G27: after the answer, once, and what was refused is not tried at the next boot."""
    baseline = {"MeterValueSampleInterval": "60", "BlinkRepeat": "3"}
    ours = with_policy(
        system, services, tenant.mode, "accept", boot_configuration=baseline, read_configuration_at_boot=True
    )
    identity = ours.identity()
    async with RawClient(system.ws_url, identity) as charge_point:
        await charge_point.send_raw(
            '[2,"b","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]'
        )
        assert (await charge_point.recv())[:2] == [3, "b"]
        seen = [await next_command(charge_point, "Accepted"), await next_command(charge_point, "Rejected")]
        assert seen == [("ChangeConfiguration", {"key": key, "value": baseline[key]}) for key in baseline]
        frame = await charge_point.recv()
        assert frame[2:] == ["GetConfiguration", {}]
        await charge_point.send_raw(f'[3,"{frame[1]}",{{}}]')
    async with operator_of(system, ours) as rest, asyncio.timeout(20):
        while not (await rest.get(f"/chargepoints/{identity}/configuration"))["refused"]:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    async with RawClient(system.ws_url, identity) as charge_point:
        await ask(charge_point, "BootNotification", BOOT)
        assert (await charge_point.recv())[2:] == ["GetConfiguration", {}]
