"""The OCPP message log over HTTP."""

from datetime import timedelta

import pytest

from app.domain.context import ChargePointRef
from app.services.batch import Exchange
from tests.builders import NOON
from tests.fakes.world import World
from tests.unit.api.calls import Api, assert_problem

LIST = "/api/v1/messages"


@pytest.fixture(autouse=True)
def _log(world: World) -> None:
    for number, (tenant_id, direction, response) in enumerate(
        [("acme", "in", '[3,"0",{}]'), ("acme", "out", '[4,"1","NotSupported","",{}]'), ("beta", "in", "")]
    ):
        ref, at = ChargePointRef(tenant_id, "CP-1"), NOON + timedelta(seconds=number)
        request = f'[2,"{number}","Heartbeat",{{}}]'
        world.batches.exchanges.append(
            Exchange(ref, direction, "Heartbeat", str(number), at, request, response)
        )


def test_frames_are_shown_as_they_were(operator: Api) -> None:
    newest, first = operator.get(LIST).get_json()["items"]
    assert (newest["unique_id"], newest["direction"]) == ("1", "out")
    assert first == {
        "id": first["id"],
        "tenant_id": "acme",
        "charge_point_id": "CP-1",
        "direction": "in",
        "action": "Heartbeat",
        "unique_id": "0",
        "received_at": "2026-03-01T12:00:00.000Z",
        "request": '[2,"0","Heartbeat",{}]',
        "response": '[3,"0",{}]',
    }
    assert operator.get(f"{LIST}/{first['id']}").get_json() == first


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("charge_point_id=CP-1&direction=in", ["0"]),
        ("errors=true", ["1"]),
        ("errors=false", ["1", "0"]),
        ("unique_id=0&action=Heartbeat", ["0"]),
        ("from=2026-03-01T12:00:01Z", ["1"]),
        ("to=2026-03-01T13:00:01%2B01:00", ["0"]),
        ("charge_point_id=CP-2", []),
    ],
)
def test_filters(operator: Api, query: str, found: list[str]) -> None:
    assert [item["unique_id"] for item in operator.get(f"{LIST}?{query}").get_json()["items"]] == found


def test_pages(operator: Api) -> None:
    first = operator.get(f"{LIST}?limit=1").get_json()
    second = operator.get(f"{LIST}?limit=1&cursor={first['next_cursor']}").get_json()
    assert [page["items"][0]["unique_id"] for page in (first, second)] == ["1", "0"]
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("direction=up", "direction"),
        ("from=yesterday", "from"),
        ("to=", "to"),
        ("errors=perhaps", "errors"),
        ("from_at=2026-03-01T12:00:01Z", "from_at"),
        ("cursor=nonsense", "cursor"),
    ],
)
def test_a_wrong_query_is_told_by_field(operator: Api, query: str, field: str) -> None:
    assert_problem(operator.get(f"{LIST}?{query}"), 422, "invalid_input", field)


def test_an_unknown_one_and_somebody_elses(operator: Api) -> None:
    assert_problem(operator.get(f"{LIST}/nobody"), 404, "not_found")
    assert_problem(operator.get(f"{LIST}/{2:024x}"), 404, "not_found")
