"""Webhooks: events reach receivers over real sockets, whatever these and the sender suffer."""

import asyncio
import base64
import hashlib
import hmac
import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bench.charge_point import SimulatedChargePoint
from tests.e2e.conftest import RestClient, TestTenant, make_tenant
from tests.e2e.system import RunningSystem
from tests.e2e.webhook_receiver import Received, Receiver

pytestmark = pytest.mark.e2e
FED_AFTER_S = 1.2


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def after(seconds: float) -> Callable[[Received], int]:
    """Answers late."""

    def answer(_: Received) -> int:
        time.sleep(seconds)
        return 204

    return answer


async def admin_of(system: RunningSystem, tenant: TestTenant) -> RestClient:
    client = RestClient(system, f"tenant_admin@{tenant.id}.example")
    await client.login()
    return client


@pytest.fixture
def admin(system: RunningSystem, tenant: TestTenant) -> Callable[[], Any]:
    return lambda: admin_of(system, tenant)


async def make_webhook(admin: RestClient, url: str, **fields: Any) -> dict[str, Any]:
    """A webhook that is fed by now."""
    made: dict[str, Any] = await admin.send("POST", "/webhooks", {"url": url, **fields}, 201)
    await asyncio.sleep(FED_AFTER_S)
    return made


def of(identity: str, *types: str) -> Callable[[Received], bool]:
    return lambda one: (
        one.event["charge_point_id"] == identity and (not types or one.event["event_type"] in types)
    )


async def until(look: Callable[[], Any], fits: Callable[[Any], bool], timeout_s: float = 20.0) -> Any:
    """What `look` sees as soon as it fits."""
    ends_at = time.monotonic() + timeout_s
    while not fits(seen := await look()):
        assert time.monotonic() < ends_at, seen
        await asyncio.sleep(0.1)
    return seen


async def charge(system: RunningSystem, tenant: TestTenant, identity: str, readings: int = 1) -> None:
    async with SimulatedChargePoint(system.ws_url, identity) as charge_point:
        await charge_point.boot()
        started = await charge_point.start(1, tenant.id_tag, 0)
        for number in range(readings):
            await charge_point.meter_values(1, started.transaction_id, 100 * (number + 1))
        await charge_point.stop(started.transaction_id, 100 * (readings + 1))


async def test_a_session_arrives_signed_and_in_order(
    system: RunningSystem, tenant: TestTenant, receiver: Receiver, admin: Callable[[], Any]
) -> None:
    rest, identity = await admin(), tenant.identity()
    webhook = await make_webhook(rest, receiver.url, channels=["session"], charge_point_prefix=identity)
    await charge(system, tenant, identity, readings=5)
    receiver.wait_for(of(identity, "session_stopped"))
    told = [one.event for one in receiver.received]
    assert [event["event_type"] for event in told] == [
        "session_started",
        *["meter_value"] * 5,
        "session_stopped",
    ]
    assert [event["data"]["energy_wh"] for event in told] == [0, 100, 200, 300, 400, 500, 600]
    for one in receiver.received:
        signed = f"{one.id}.{one.headers['webhook-timestamp']}.".encode() + one.body
        key = base64.b64decode(webhook["secret"].removeprefix("whsec_"))
        wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        assert one.headers["webhook-signature"] == wanted
        assert abs(int(one.headers["webhook-timestamp"]) - time.time()) < 60
    path = f"/webhooks/{webhook['id']}/deliveries"
    log = await until(
        lambda: rest.get(path), lambda page: {i["status"] for i in page["items"]} == {"delivered"}
    )
    assert len(log["items"]) == 7
    assert "secret" not in await rest.get(f"/webhooks/{webhook['id']}")
    assert webhook["secret"] not in system.log("webhooks")
    await rest.close()


async def test_a_failure_is_tried_again_and_keeps_nobody_else_waiting(
    system: RunningSystem, tenant: TestTenant, receiver: Receiver, admin: Callable[[], Any]
) -> None:
    """One receiver fails at first for one charge point, another one hangs; a third hears all at once."""
    failing, well = tenant.identity(), tenant.identity()
    refusals: list[str] = []

    def refuse_once(one: Received) -> int:
        if one.event["charge_point_id"] == failing and not refusals:
            refusals.append(one.id)
            return 500
        return 204

    receiver.answer = refuse_once
    rest = await admin()
    with Receiver(answer=after(15)) as hanging, Receiver() as quick:
        webhooks = [
            await make_webhook(rest, one.url, channels=["session"]) for one in (receiver, hanging, quick)
        ]
        await asyncio.gather(*(charge(system, tenant, identity) for identity in (failing, well)))
        quick.wait_for(of(failing, "session_stopped"), timeout_s=5)
        quick.wait_for(of(well, "session_stopped"), timeout_s=5)
        receiver.wait_for(of(well, "session_stopped"), timeout_s=5)
        receiver.wait_for(of(failing, "session_stopped"), timeout_s=25)
        told = [one for one in receiver.received if of(failing)(one)]
        assert [one.event["event_type"] for one in told] == [
            "session_started",
            "session_started",
            "meter_value",
            "session_stopped",
        ]
        assert told[0].id == told[1].id == refusals[0]
        hung = f"/webhooks/{webhooks[1]['id']}/deliveries"
        await until(
            lambda: rest.get(hung, status="waiting"),
            lambda log: any(item["error"] == "No answer within 10 seconds." for item in log["items"]),
        )
        for webhook in webhooks:
            await rest.delete(f"/webhooks/{webhook['id']}")
    await rest.close()


async def test_redirects_are_not_followed_and_gone_is_believed(
    system: RunningSystem, tenant: TestTenant, receiver: Receiver, admin: Callable[[], Any]
) -> None:
    receiver.answer = lambda _: 302
    rest = await admin()
    webhook = await make_webhook(rest, receiver.url, channels=["fault"])
    path = f"/webhooks/{webhook['id']}"
    tried = await rest.send("POST", f"{path}/test", None, 202)
    address = f"{path}/deliveries/{tried['id']}"
    seen = await until(lambda: rest.get(address), lambda one: one["attempts"] == 1)
    assert (seen["status"], seen["response_status"], seen["response_body"]) == (
        "waiting",
        302,
        "answered 302",
    )
    assert seen["error"] == "Redirects are not followed."
    assert {one.path for one in receiver.received} == {"/hook"}

    receiver.answer = lambda _: 410
    await rest.send("POST", f"{address}/redeliver", None, 202)
    gone = await until(lambda: rest.get(path), lambda one: not one["enabled"])
    assert gone["disabled_reason"] == "The receiver answered 410 Gone."

    receiver.answer = lambda _: 200
    await rest.send("PATCH", path, {"enabled": True}, 200)
    done = await until(lambda: rest.get(address), lambda one: one["status"] == "delivered")
    assert done["response_status"] == 200
    await rest.close()


async def test_a_sender_that_is_killed_loses_nothing(
    system: RunningSystem, tenant: TestTenant, receiver: Receiver, admin: Callable[[], Any]
) -> None:
    """kill -9 in the middle, while events keep coming: every event arrives, some perhaps twice."""
    rest = await admin()
    receiver.answer = after(0.05)
    webhook = await make_webhook(rest, receiver.url, channels=["session"])
    identities = [tenant.identity() for _ in range(6)]
    charging = asyncio.gather(*(charge(system, tenant, identity, readings=20) for identity in identities))
    await asyncio.to_thread(receiver.wait_for, lambda _: True, 20.0, 10)
    os.kill(system.processes.pids["webhooks"], signal.SIGKILL)
    await charging
    system.start("webhooks")
    system.wait_ready()
    for identity in identities:
        await asyncio.to_thread(receiver.wait_for, of(identity, "session_stopped"), 60.0)
        told = [one.event["event_id"] for one in receiver.received if of(identity)(one)]
        once = list(dict.fromkeys(told))
        energies = [
            one.event["data"]["energy_wh"]
            for one in {one.id: one for one in receiver.received}.values()
            if of(identity)(one)
        ]
        assert len(once) == 22
        assert energies == [0, *range(100, 2200, 100)]
    await rest.delete(f"/webhooks/{webhook['id']}")
    await rest.close()


async def test_another_tenants_events_never_come(
    system: RunningSystem, services: Any, tenant: TestTenant, receiver: Receiver, admin: Callable[[], Any]
) -> None:
    other = make_tenant(system, services, tenant.mode)
    rest, identity = await admin(), tenant.identity()
    webhook = await make_webhook(rest, receiver.url)
    await charge(system, other, other.identity())
    await charge(system, tenant, identity)
    receiver.wait_for(of(identity, "session_stopped"))
    assert {one.event["tenant_id"] for one in receiver.received} == {tenant.id}
    foreign = await admin_of(system, other)
    await foreign.get(f"/webhooks/{webhook['id']}", expect=404)
    await foreign.get(f"/webhooks/{webhook['id']}/deliveries", expect=404)
    for client in (rest, foreign):
        await client.close()
