"""Local lists and id tags, from REST to a charge point's list and to its answers offline and online."""

from typing import Any

import pytest

from app.domain.context import ChargePointRef
from app.services import Services
from bench.charge_point import SimulatedChargePoint
from tests.e2e.conftest import RestClient, TestTenant

pytestmark = pytest.mark.e2e


async def update(rest: RestClient, charge_point: SimulatedChargePoint, **wanted: Any) -> dict[str, Any]:
    path = f"/chargepoints/{charge_point.identity}/local-list?wait=20"
    shown: dict[str, Any] = await rest.send("PUT", path, wanted, 200)
    return shown


def sent(charge_point: SimulatedChargePoint) -> list[tuple[str, int, int]]:
    """Kind, version and length of each SendLocalList."""
    return [
        (told["update_type"], told["list_version"], len(told.get("local_authorization_list", [])))
        for name, told in charge_point.commands
        if name == "SendLocalList"
    ]


async def make_group(rest: RestClient, group: str, *names: str) -> None:
    for name in names:
        await rest.send("PUT", f"/id-tags/{group}-{name}", {"parent_id_tag": group}, 200, 201)


async def test_a_list_reaches_the_charge_point_in_parts_and_then_by_its_differences(
    rest: RestClient, charge_point: SimulatedChargePoint, tenant: TestTenant, services: Services
) -> None:
    """C20-C23, TC_042_2, TC_043_4, TC_043_5."""
    group = charge_point.identity[-8:]
    await make_group(rest, group, "1", "2", "3")
    longest = {"key": "SendLocalListMaxLength", "readonly": True, "value": "2"}
    ref = ChargePointRef(tenant.id, charge_point.identity)
    services.keepers.configuration.note_reported(ref, [longest], ())

    shown = await update(rest, charge_point, parent_id_tag=group.upper())
    assert (shown["state"], shown["version"], shown["size"]) == ("in_sync", 2, 3)
    assert sent(charge_point) == [("Full", 1, 2), ("Differential", 2, 1)]
    assert set(charge_point.local_list.entries) == {f"{group}-{number}" for number in (1, 2, 3)}

    await rest.send("PATCH", f"/id-tags/{group}-1", {"blocked": True}, 200)
    path = f"/chargepoints/{charge_point.identity}/local-list"
    assert (await rest.get(path))["differences"]["outdated"] == 1
    shown = await update(rest, charge_point, parent_id_tag=group)
    assert (shown["state"], shown["version"], shown["differences"]["outdated"]) == ("in_sync", 3, 0)
    assert sent(charge_point)[-1] == ("Differential", 3, 1)
    assert charge_point.local_list.entries[f"{group}-1"]["status"] == "Blocked"
    entries = (await rest.get(f"{path}/entries"))["items"]
    assert [entry["status"] for entry in entries] == ["Blocked", "Accepted", "Accepted"]


async def test_refused_differences_are_followed_by_the_whole_list(
    rest: RestClient, charge_point: SimulatedChargePoint
) -> None:
    """C24."""
    group = charge_point.identity[-8:]
    await make_group(rest, group, "1", "2")
    await update(rest, charge_point, parent_id_tag=group)
    await make_group(rest, group, "3")
    charge_point.local_list.script.append("Failed")
    shown = await update(rest, charge_point, parent_id_tag=group)
    assert shown["state"] == "in_sync"
    assert [kind for kind, _, _ in sent(charge_point)] == ["Full", "Differential", "Full"]
    assert len(charge_point.local_list.entries) == 3


async def test_a_charge_point_without_lists(rest: RestClient, charge_point: SimulatedChargePoint) -> None:
    """TC_042_1, TC_043_1."""
    charge_point.local_list.version = -1
    path = f"/chargepoints/{charge_point.identity}/local-list"
    checked = await rest.send("POST", f"{path}/check?wait=20", None, 200)
    assert (checked["state"], checked["last_answer"]) == ("unsupported", "version -1")
    await rest.send("PUT", path, {"all": True}, 409)


async def test_somebody_elses_list_is_noticed(rest: RestClient, charge_point: SimulatedChargePoint) -> None:
    await update(rest, charge_point, id_tags=["good-tag"], update="full")
    charge_point.local_list.version = 77
    checked = await rest.send(
        "POST", f"/chargepoints/{charge_point.identity}/local-list/check?wait=20", None, 200
    )
    assert (checked["state"], checked["version"], checked["size"]) == ("unknown", 77, None)
    shown = await update(rest, charge_point, id_tags=["good-tag"])
    assert (shown["state"], shown["version"]) == ("in_sync", 78)


async def test_an_imported_tag_is_good_at_once_and_a_blocked_one_is_not(
    rest: RestClient, charge_point: SimulatedChargePoint
) -> None:
    """B6: no cache of ours stands between."""
    name = f"A/{charge_point.identity[-8:]}"
    report = await rest.send_file(
        "/id-tags/import", f"id_tag,note\n{name},imported\n".encode(), content_type="text/csv", expect=200
    )
    assert report["created"] == 1
    assert (await charge_point.authorize(name.lower())).id_tag_info["status"] == "Accepted"
    await rest.send("PATCH", f"/id-tags/{name}", {"blocked": True}, 200)
    assert (await charge_point.authorize(name)).id_tag_info["status"] == "Blocked"
    exported = (await rest.read_file("/id-tags.csv")).decode().splitlines()
    assert f"{name},,,true,,imported" in exported
