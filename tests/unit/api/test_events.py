"""Live events over HTTP."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from jwt.exceptions import ExpiredSignatureError
from werkzeug.test import TestResponse

from app.api import event_stream
from app.api.current import equipment
from app.domain.context import ChargePointRef
from app.domain.events import Event, EventChannel
from app.domain.tenant import TenantStatus
from app.domain.user import Role
from tests.fakes.world import World
from tests.unit.api.calls import Api, assert_problem

PATH, TICKET = "/api/v1/events", "/api/v1/events/ticket"


@pytest.fixture(autouse=True)
def _feeds(world: World) -> None:
    """Somebody looked before, so that events are kept."""
    for tenant_id in ("acme", "beta"):
        world.live_feed.open(tenant_id)


def tell(world: World, name: str, channel: EventChannel = EventChannel.STATUS, **place: str) -> None:
    ref = ChargePointRef(place.get("tenant", "acme"), place.get("charge_point", "CP-1"))
    world.live_feed.publish(ref.tenant_id, [Event(channel, ref, {"event_id": name})])


def messages(answer: TestResponse) -> list[tuple[str, Any]]:
    """(event, data) of each message; comments as (":", text)."""
    assert answer.status_code == 200
    assert answer.content_type == "text/event-stream"
    found: list[tuple[str, Any]] = []
    for part in answer.get_data(as_text=True).split("\n\n"):
        if part.startswith(":"):
            found.append((":", part[1:].strip()))
        fields = dict(line.split(": ", 1) for line in part.splitlines() if not line.startswith(":"))
        if "event" in fields:
            found.append((fields["event"], json.loads(fields["data"])))
    answer.close()  # as a server does
    return found


def ids(answer: TestResponse) -> list[str]:
    return [line[4:] for line in answer.get_data(as_text=True).splitlines() if line.startswith("id: ")]


LOST = ("end", {"code": "temporarily_unavailable"})


def test_a_stream_begins_with_now_and_says_why_it_ends(operator: Api, world: World) -> None:
    tell(world, "before")
    read, to_tell = world.live_feed.read, ["a"]

    def read_and_tell(tenant_id: str, after: str, timeout_s: float) -> Any:
        while to_tell:
            tell(world, to_tell.pop())
        return read(tenant_id, after, timeout_s)

    world.live_feed.read = read_and_tell  # type: ignore[method-assign]
    found = messages(operator.get(PATH))
    assert found[:2] == [("ready", {"resumed": False}), ("status", {"event_id": "a"})]
    assert found[-1] == LOST


def test_a_reader_goes_on_where_it_stopped(operator: Api, world: World) -> None:
    position = world.live_feed.open("acme")
    for name in ("a", "b"):
        tell(world, name)
    answer = operator.get(PATH, headers={"Last-Event-ID": position})
    assert messages(answer) == [
        ("ready", {"resumed": True}),
        ("status", {"event_id": "a"}),
        ("status", {"event_id": "b"}),
        LOST,
    ]
    world.live_feed.reachable = True
    again = operator.get(f"{PATH}?last_event_id={ids(answer)[1]}")
    assert [data for _, data in messages(again)][1:-1] == [{"event_id": "b"}]


@pytest.mark.parametrize("position", ["nonsense", "99999-0", "'; DROP"])
def test_a_place_that_is_none_begins_with_now(operator: Api, position: str) -> None:
    assert messages(operator.get(PATH, headers={"Last-Event-ID": position}))[0] == (
        "ready",
        {"resumed": False},
    )


def test_only_what_is_wanted(operator: Api, world: World) -> None:
    position = world.live_feed.open("acme")
    tell(world, "other", charge_point="CP-2")
    tell(world, "fault", EventChannel.FAULT)
    tell(world, "session", EventChannel.SESSION)
    tell(world, "response", EventChannel.RESPONSE)
    tell(world, "foreign", tenant="beta")

    def heard(query: str) -> list[str]:
        world.live_feed.reachable = True
        answer = operator.get(f"{PATH}?last_event_id={position}&{query}")
        return [data["event_id"] for _, data in messages(answer)[1:-1]]

    assert heard("") == ["other", "fault", "session"]
    assert heard("charge_point_id=CP-1") == ["fault", "session"]
    assert heard("types=session,status") == ["other", "session"]
    assert_problem(operator.get(f"{PATH}?types=response"), 422, "invalid_input", "types")


def test_a_stream_ends_with_the_token_and_with_the_tenant(
    operator: Api, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "CHECK_EVERY_S", 0)
    world.live_feed.empty_reads = 100
    read = world.live_feed.read

    def suspend(tenant_id: str, after: str, timeout_s: float) -> Any:
        tenant = world.services.tenants.get("acme")
        world.tenants.replace(replace(tenant, status=TenantStatus.SUSPENDED))
        return read(tenant_id, after, timeout_s)

    world.live_feed.read = suspend  # type: ignore[method-assign]
    assert messages(operator.get(PATH))[-1] == ("end", {"code": "tenant_suspended"})
    assert world.live_feed.kept == {"acme": 1}


def test_a_token_that_ends_ends_the_stream(
    operator: Api, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "CHECK_EVERY_S", 0)
    world.live_feed.empty_reads = 100

    def expired() -> None:
        raise ExpiredSignatureError

    monkeypatch.setattr(sys.modules["app.api.events"], "identify", expired)
    assert messages(operator.get(PATH))[-1] == ("end", {"code": "not_authenticated"})


def test_in_quiet_times_there_are_comments(
    operator: Api, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "HEARTBEAT_S", 0)
    world.live_feed.empty_reads = 2
    assert [kind for kind, _ in messages(operator.get(PATH))] == ["ready", ":", ":", "end"]


def test_without_redis_there_is_no_stream(operator: Api, world: World) -> None:
    world.live_feed.reachable = False
    assert_problem(operator.get(PATH), 503, "temporarily_unavailable")


def test_a_ticket_opens_one_stream(operator: Api, anybody: Api, world: World) -> None:
    got = operator.post(TICKET)
    assert got.status_code == 200
    ticket = got.get_json()["ticket"]
    assert got.get_json()["expires_in"] == 30
    assert ticket not in str(world.tickets.values)
    assert (operator.token or "?") not in str(world.tickets.values)
    assert messages(anybody.get(f"{PATH}?ticket={ticket}"))[0] == ("ready", {"resumed": False})
    assert_problem(anybody.get(f"{PATH}?ticket={ticket}"), 401, "not_authenticated")
    assert_problem(anybody.get(f"{PATH}?ticket=nonsense"), 401, "not_authenticated")
    assert_problem(anybody.get(PATH), 401, "token_missing")


def test_an_api_key_gets_a_ticket_too(world: World, anybody: Api) -> None:
    _, secret = world.services.api_keys.create("acme", "board", Role.VIEWER, None, None)
    for headers in ({"X-API-Key": secret}, {"Authorization": f"Bearer {secret}"}):
        world.live_feed.reachable = True
        ticket = anybody.post(TICKET, headers=headers).get_json()["ticket"]
        assert messages(anybody.get(f"{PATH}?ticket={ticket}"))[0] == ("ready", {"resumed": False})


def test_a_ticket_is_good_in_its_tenant_only(platform_admin: Api, anybody: Api, world: World) -> None:
    position = world.live_feed.open("beta")
    tell(world, "b", tenant="beta")
    ticket = platform_admin.post(TICKET, headers={"X-Tenant-Id": "beta"}).get_json()["ticket"]
    answer = anybody.get(f"{PATH}?ticket={ticket}&last_event_id={position}", headers={"X-Tenant-Id": "acme"})
    assert messages(answer)[1:-1] == [("status", {"event_id": "b"})]


def test_places_are_counted_and_given_back(app: Flask, as_user: Callable[..., Api], world: World) -> None:
    viewer = as_user(Role.VIEWER)
    with app.app_context():
        places = equipment().streams
        while places.acquire(blocking=False):
            pass
    refused = viewer.get(PATH)
    assert_problem(refused, 503, "busy")
    assert "Retry-After" in refused.headers
    places.release()
    for _ in range(3):
        world.live_feed.reachable = True
        assert messages(viewer.get(PATH))[0][0] == "ready"
    world.live_feed.reachable = False
    assert_problem(viewer.get(PATH), 503, "temporarily_unavailable")
    world.live_feed.reachable = True
    assert messages(viewer.get(PATH))[0][0] == "ready"
