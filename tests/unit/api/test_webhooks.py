"""Webhooks over HTTP."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from app.domain.user import Role
from app.domain.webhook import DeliveryStatus
from tests.builders import an_event, at
from tests.fakes.world import World
from tests.unit.api.calls import Api, assert_problem

LIST = "/api/v1/webhooks"
URL = "https://example.com/hook"


def make(admin: Api, **fields: Any) -> dict[str, Any]:
    answer = admin.post(LIST, {"url": URL, **fields})
    assert answer.status_code == 201, answer.get_data(as_text=True)
    made: dict[str, Any] = answer.get_json()
    assert answer.headers["Location"] == f"{LIST}/{made['id']}"
    return made


def feed(world: World, *names: str) -> None:
    world.outbox.append("acme", [an_event(name) for name in names], world.clock.order_key())
    world.services.webhooks.take("acme", world.outbox.head("acme", 100))


def test_a_webhook_is_made_shown_changed_and_deleted(tenant_admin: Api) -> None:
    made = make(
        tenant_admin, channels=["session", "fault"], charge_point_prefix="DEPOT-", description="Bills"
    )
    path = f"{LIST}/{made['id']}"
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert made == {
        "id": made["id"],
        "tenant_id": "acme",
        "url": URL,
        "channels": ["session", "fault"],
        "charge_point_prefix": "DEPOT-",
        "description": "Bills",
        "enabled": True,
        "disabled_reason": None,
        "failing_since": None,
        "created_at": "2026-03-01T12:00:00.000Z",
        "updated_at": "2026-03-01T12:00:00.000Z",
    }
    assert tenant_admin.get(path).get_json() == made
    assert tenant_admin.get(LIST).get_json() == {"items": [made], "next_cursor": None}
    changed = tenant_admin.patch(path, {"enabled": False, "channels": []}).get_json()
    assert changed == made | {"enabled": False, "channels": []}
    assert tenant_admin.delete(path).status_code == 204
    assert_problem(tenant_admin.get(path), 404, "not_found")
    assert_problem(tenant_admin.delete(path), 404, "not_found")


def test_a_secret_is_shown_when_it_is_made_and_never_again(
    tenant_admin: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    made = make(tenant_admin)
    path = f"{LIST}/{made['id']}"
    rotated = tenant_admin.post(f"{path}/secret").get_json()
    tenant_admin.patch(path, {"description": "x"})
    shown = "".join(
        tenant_admin.get(one).get_data(as_text=True) for one in (LIST, path, f"{path}/deliveries")
    )
    assert rotated["secret"] != made["secret"]
    for secret in (made["secret"], rotated["secret"]):
        assert secret not in shown
        assert secret not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": 1}, "url"),
        ({"url": "http://example.com"}, "url"),
        ({"url": "https://169.254.169.254/"}, "url"),
        ({"url": "https://user:pw@example.com"}, "url"),
        ({"url": URL, "channels": ["nonsense"]}, "channels.0"),
        ({"url": URL, "channels": "session"}, "channels"),
        ({"url": URL, "enabled": "yes"}, "enabled"),
        ({"url": URL, "secret": "whsec_x"}, "secret"),
        ({"url": URL, "description": "x" * 501}, "description"),
    ],
)
def test_a_wrong_webhook_is_refused(tenant_admin: Api, body: dict[str, Any], field: str) -> None:
    assert_problem(tenant_admin.post(LIST, body), 422, "invalid_input", *([field] if body else ["url"]))
    assert tenant_admin.get(LIST).get_json()["items"] == []


def test_trying_it_out(tenant_admin: Api, world: World) -> None:
    path = f"{LIST}/{make(tenant_admin)['id']}"
    tried = tenant_admin.post(f"{path}/test")
    assert tried.status_code == 202
    shown = tenant_admin.get(tried.headers["Location"]).get_json()
    assert shown == tried.get_json()
    assert (shown["event_type"], shown["status"], shown["attempts"]) == ("test", "waiting", 0)
    assert world.link.woken_for_webhooks
    tenant_admin.patch(path, {"enabled": False})
    assert_problem(tenant_admin.post(f"{path}/test"), 409, "conflict")


def test_the_delivery_log(tenant_admin: Api, world: World) -> None:
    path = f"{LIST}/{make(tenant_admin)['id']}"
    feed(world, "a", "b", "c")
    first = world.deliveries.all("acme")[0]
    done = replace(
        first,
        status=DeliveryStatus.FAILED,
        attempts=3,
        last_attempt_at=at(9),
        completed_at=at(9),
        response_status=500,
        response_body="sorry",
    )
    world.deliveries.record("acme", [done])
    page = tenant_admin.get(f"{path}/deliveries?limit=2").get_json()
    assert len(page["items"]) == 2
    more = tenant_admin.get(f"{path}/deliveries?limit=2&cursor={page['next_cursor']}").get_json()
    assert {item["event_id"] for item in page["items"] + more["items"]} == {"a", "b", "c"}
    (failed,) = tenant_admin.get(f"{path}/deliveries?status=failed").get_json()["items"]
    assert failed == {
        "id": first.id,
        "tenant_id": "acme",
        "webhook_id": first.webhook_id,
        "channel": "session",
        "event_type": "session_started",
        "event_id": "a",
        "charge_point_id": "CP-1",
        "status": "failed",
        "attempts": 3,
        "created_at": "2026-03-01T12:00:00.000Z",
        "next_at": "2026-03-01T12:00:00.000Z",
        "last_attempt_at": "2026-03-01T12:00:09.000Z",
        "completed_at": "2026-03-01T12:00:09.000Z",
        "response_status": 500,
        "response_body": "sorry",
        "error": None,
    }
    assert tenant_admin.get(f"{path}/deliveries/{first.id}").get_json()["body"] == first.body
    assert_problem(tenant_admin.get(f"{path}/deliveries?status=x"), 422, "invalid_input", "status")
    assert_problem(tenant_admin.get(f"{LIST}/wh-other/deliveries"), 404, "not_found")


def test_sending_again(tenant_admin: Api, world: World) -> None:
    path = f"{LIST}/{make(tenant_admin)['id']}"
    feed(world, "a", "b", "c")
    failed = [replace(one, status=DeliveryStatus.FAILED) for one in world.deliveries.all("acme")]
    world.deliveries.record("acme", failed)
    again = tenant_admin.post(f"{path}/deliveries/{failed[0].id}/redeliver")
    assert (again.status_code, again.get_json()["status"]) == (202, "waiting")
    since = {"since": "2026-03-01T12:00:00Z"}
    assert tenant_admin.post(f"{path}/redeliver", since).get_json() == {"redelivered": 2}
    assert tenant_admin.post(f"{path}/redeliver", since).get_json() == {"redelivered": 0}
    assert_problem(tenant_admin.post(f"{path}/redeliver", {"since": "x"}), 422, "invalid_input", "since")
    assert_problem(tenant_admin.post(f"{path}/deliveries/whd-x/redeliver"), 404, "not_found")


def test_another_tenants_webhook_is_not_there(tenant_admin: Api, as_user: Callable[..., Api]) -> None:
    path = f"{LIST}/{make(tenant_admin)['id']}"
    delivery = tenant_admin.post(f"{path}/test").get_json()["id"]
    foreign = as_user(Role.TENANT_ADMIN, "beta")
    assert foreign.get(LIST).get_json()["items"] == []
    for answer in (
        foreign.get(path),
        foreign.patch(path, {"enabled": False}),
        foreign.delete(path),
        foreign.post(f"{path}/secret"),
        foreign.post(f"{path}/test"),
        foreign.post(f"{path}/redeliver", {"since": "2026-03-01T12:00:00Z"}),
        foreign.get(f"{path}/deliveries"),
        foreign.get(f"{path}/deliveries/{delivery}"),
        foreign.post(f"{path}/deliveries/{delivery}/redeliver"),
    ):
        assert_problem(answer, 404, "not_found")
    assert tenant_admin.get(path).get_json()["enabled"] is True
