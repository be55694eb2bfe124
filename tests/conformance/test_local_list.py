"""Certification cases of the local list: its version, and lists in full and by differences."""

from typing import Any

import pytest

from app.services import Services
from tests.conformance.central import Operator
from tests.conformance.charge_point import ScriptedChargePoint
from tests.e2e.conftest import TestTenant

pytestmark = [pytest.mark.e2e, pytest.mark.conformance]
TAGS = ("LIST-A", "LIST-B", "LIST-C")


@pytest.fixture(autouse=True)
def _id_tags(tenant: TestTenant, services: Services) -> None:
    """LIST-C is blocked, and a list says so."""
    for id_tag in TAGS:
        services.id_tags.put(tenant.id, id_tag, blocked=id_tag == "LIST-C")


async def _list(charge_point: ScriptedChargePoint, operator: Operator) -> Any:
    return await operator.get(f"/chargepoints/{charge_point.identity}/local-list")


async def _version(charge_point: ScriptedChargePoint, operator: Operator, version: int) -> Any:
    async with charge_point.expects("GetLocalListVersion", {}, answer={"listVersion": version}):
        command = await operator.command(charge_point, "get_local_list_version")
    assert (command["status"], command["result"]) == ("accepted", {"list_version": version})
    return await _list(charge_point, operator)


async def test_tc_042_1_local_list_version_not_supported(
    charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    shown = await _version(charge_point, operator, -1)
    assert shown["state"] == "unsupported"


async def test_tc_042_2_local_list_version_empty(
    charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    shown = await _version(charge_point, operator, 0)
    assert (shown["version"], shown["size"]) == (0, 0)


async def _send_full(charge_point: ScriptedChargePoint, operator: Operator, status: str) -> Any:
    wanted = {
        "listVersion": 1,
        "localAuthorizationList": [{"idTag": "LIST-A", "idTagInfo": {"status": "Accepted"}}],
        "updateType": "Full",
    }
    parameters = {
        "list_version": 1,
        "update_type": "Full",
        "local_authorization_list": [{"id_tag": "LIST-A", "id_tag_info": {"status": "Accepted"}}],
    }
    async with charge_point.expects("SendLocalList", wanted, answer={"status": status}):
        command = await operator.command(charge_point, "send_local_list", parameters, force=True)
    assert command["result"] == {"status": status}
    return command["status"], (await _list(charge_point, operator))["state"]


async def test_tc_043_1_send_local_list_not_supported(
    charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    assert await _send_full(charge_point, operator, "NotSupported") == ("rejected", "unsupported")


async def test_tc_043_3_send_local_list_failed(charge_point: ScriptedChargePoint, operator: Operator) -> None:
    assert await _send_full(charge_point, operator, "Failed") == ("rejected", "failed")


async def _put(
    charge_point: ScriptedChargePoint, operator: Operator, id_tags: list[str], update: str, version: int
) -> dict[str, Any]:
    """Have the list brought up to date; the SendLocalList that came."""
    path = f"/chargepoints/{charge_point.identity}/local-list"
    charge_point.always["GetLocalListVersion"] = {"listVersion": version}
    async with charge_point.expects("SendLocalList", answer={"status": "Accepted"}) as sent:
        await operator.send("PUT", path, {"id_tags": id_tags, "update": update}, wait=10)
    assert sent.payload["listVersion"] > version
    return sent.payload


def _entries(sent: dict[str, Any]) -> dict[str, Any]:
    return {entry["idTag"]: entry.get("idTagInfo") for entry in sent["localAuthorizationList"]}


async def test_tc_043_4_send_local_list_full(charge_point: ScriptedChargePoint, operator: Operator) -> None:
    """Every entry says what its id tag is worth (C22)."""
    sent = await _put(charge_point, operator, list(TAGS), "full", 0)
    assert sent["updateType"] == "Full"
    accepted, blocked = {"status": "Accepted"}, {"status": "Blocked"}
    assert _entries(sent) == {"LIST-A": accepted, "LIST-B": accepted, "LIST-C": blocked}
    shown = await operator.until(
        lambda: _list(charge_point, operator), lambda found: found["state"] == "in_sync"
    )
    assert (shown["version"], shown["size"]) == (sent["listVersion"], 3)


async def test_tc_043_5_send_local_list_differential(
    charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    """What is new comes with its worth, what goes without (C22); the version rises (C23)."""
    full = await _put(charge_point, operator, ["LIST-A", "LIST-B"], "full", 0)
    await operator.until(lambda: _list(charge_point, operator), lambda found: found["state"] == "in_sync")
    sent = await _put(charge_point, operator, ["LIST-B", "LIST-C"], "differential", full["listVersion"])
    assert sent["updateType"] == "Differential"
    assert _entries(sent) == {"LIST-C": {"status": "Blocked"}, "LIST-A": None}
    shown = await operator.until(
        lambda: _list(charge_point, operator), lambda found: found["state"] == "in_sync"
    )
    assert (shown["version"], shown["size"]) == (sent["listVersion"], 2)
