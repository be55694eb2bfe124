"""The message log over REST: what a charge point and the server said, as it was on the wire (item 6)."""

import asyncio
from typing import Any

import pytest

from bench.raw_client import RawClient
from tests.e2e.conftest import RestClient, TestTenant
from tests.e2e.system import RunningSystem

pytestmark = pytest.mark.e2e
BOOT = '[2, "b" ,"BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]'


async def _logged(rest: RestClient, count: int, **filters: Any) -> list[dict[str, Any]]:
    """So many messages; the log is written beside the answers, so it may come a moment later."""
    async with asyncio.timeout(15):
        while len(found := (await rest.get("/messages", **filters))["items"]) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return list(found)


async def test_both_directions_are_kept_as_they_were(
    system: RunningSystem, tenant: TestTenant, rest: RestClient
) -> None:
    identity = tenant.identity()
    async with RawClient(system.ws_url, identity) as charge_point:
        booted = await charge_point.call_raw(BOOT)
        await charge_point.call_raw('[2,"f","Foo",{}]')
        await charge_point.send_raw("hello")
        reset = {"command_type": "reset", "parameters": {"type": "Soft"}}
        taken = await rest.send("POST", f"/chargepoints/{identity}/commands", reset, 202)
        command = await charge_point.recv()
        answer = f'[4,"{command[1]}","NotSupported","not here",{{}}]'
        await charge_point.send_raw(answer)
        messages = await _logged(rest, 4, charge_point_id=identity)
    by_action = {message["action"]: message for message in messages}
    assert set(by_action) == {"BootNotification", "Foo", "(stray)", "Reset"}
    assert by_action["BootNotification"]["request"] == BOOT
    assert booted[2]["currentTime"] in by_action["BootNotification"]["response"]
    assert by_action["(stray)"]["request"] == "hello"
    assert (by_action["Reset"]["direction"], by_action["Reset"]["unique_id"]) == ("out", taken["id"])
    assert by_action["Reset"]["response"] == answer
    errors = await _logged(rest, 2, charge_point_id=identity, errors="true")
    assert {message["action"] for message in errors} == {"Foo", "Reset"}
    assert await rest.get(f"/messages/{errors[0]['id']}") == errors[0]
    assert [m["action"] for m in await _logged(rest, 1, charge_point_id=identity, direction="out")] == [
        "Reset"
    ]


async def test_what_came_of_a_command(system: RunningSystem, tenant: TestTenant, rest: RestClient) -> None:
    """C3: the boot after a reset."""
    identity = tenant.identity()
    async with RawClient(system.ws_url, identity) as charge_point:
        await charge_point.call_raw(BOOT)
        reset = {"command_type": "reset", "parameters": {"type": "Soft"}}
        taken = await rest.send("POST", f"/chargepoints/{identity}/commands", reset, 202)
        command = await charge_point.recv()
        await charge_point.send_raw(f'[3,"{command[1]}",{{"status":"Accepted"}}]')
        path = f"/commands/{taken['id']}/effect"
        assert (await rest.get(path))["seen_at"] is None
        await charge_point.call_raw(BOOT)
        async with asyncio.timeout(15):
            while (effect := await rest.get(path))["seen_at"] is None:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    assert effect["what"] == "BootNotification"
