"""What lists and single things have in common: order, fields, ETags."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from app.domain.user import Role
from app.services.id_tags import IdTagService
from tests.fakes.world import World
from tests.unit.api.calls import Api, assert_problem

LIST = "/api/v1/chargepoints"
TAG = "/api/v1/id-tags/TAG"


@pytest.fixture(autouse=True)
def _charge_points(world: World) -> None:
    for number in range(1, 6):
        world.add_charge_point("acme", f"CP-{number}")


# --- order and fields ----------------------------------------------------------------------------


def test_a_list_is_sorted_the_other_way_round_page_by_page(operator: Api) -> None:
    path: str | None = f"{LIST}?sort=-id&limit=2&fields=id"
    found: list[dict[str, Any]] = []
    while path is not None:
        page: dict[str, Any] = operator.get(path).get_json()
        found += page["items"]
        cursor = page["next_cursor"]
        path = f"{LIST}?sort=-id&limit=2&fields=id&cursor={cursor}" if cursor else None
    assert found == [{"id": f"CP-{number}"} for number in (5, 4, 3, 2, 1)]


def test_its_own_order_may_be_named(operator: Api) -> None:
    assert operator.get(f"{LIST}?sort=id").data == operator.get(LIST).data


@pytest.mark.parametrize("sort", ["model", "-status", "", "id,-id", "--id"])
def test_by_what_has_no_index_nothing_is_sorted(operator: Api, sort: str) -> None:
    assert_problem(operator.get(f"{LIST}?sort={sort}"), 422, "invalid_input", "sort")


def test_a_cursor_is_one_of_its_order(operator: Api) -> None:
    cursor = operator.get(f"{LIST}?limit=2").get_json()["next_cursor"]
    answer = operator.get(f"{LIST}?limit=2&sort=-id&cursor={cursor}")
    assert_problem(answer, 422, "invalid_input", "cursor")


def test_only_the_fields_that_were_asked_for(operator: Api) -> None:
    assert operator.get(f"{LIST}/CP-1?fields=status,id").get_json() == {"id": "CP-1", "status": "Offline"}
    page = operator.get(f"{LIST}?fields=id&limit=1").get_json()
    assert page == {"items": [{"id": "CP-1"}], "next_cursor": page["next_cursor"]}


@pytest.mark.parametrize("path", [LIST, f"{LIST}/CP-1", "/api/v1/sessions"])
@pytest.mark.parametrize("fields", ["colour", "id,colour", "", "id,,", "security.key_hash"])
def test_fields_that_do_not_exist(operator: Api, path: str, fields: str) -> None:
    body = assert_problem(operator.get(f"{path}?fields={fields}"), 422, "invalid_input", "fields")
    assert "Known: " in body["errors"]["fields"][0]


def test_a_file_has_no_fields_to_choose_from(operator: Api) -> None:
    assert_problem(operator.get("/api/v1/sessions.csv?fields=id"), 422, "invalid_input", "fields")


# --- ETags ---------------------------------------------------------------------------------------


def test_what_has_not_changed_is_not_sent_again(operator: Api) -> None:
    for path in (LIST, f"{LIST}/CP-1", f"{LIST}/CP-1?fields=id"):
        etag = operator.get(path).headers["ETag"]
        again = operator.get(path, headers={"If-None-Match": etag})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", etag)
        assert operator.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_new_state_has_a_new_etag(operator: Api, world: World) -> None:
    before = operator.get(f"{LIST}/CP-1").headers["ETag"]
    world.charge_points.copy_last_seen("acme", {"CP-1": world.clock.now()})
    assert operator.get(f"{LIST}/CP-1", headers={"If-None-Match": before}).status_code == 200


def test_a_heartbeat_does_not_refuse_a_change_of_settings(tenant_admin: Api, world: World) -> None:
    etag = tenant_admin.get(f"{LIST}/CP-1").headers["ETag"]
    world.charge_points.copy_last_seen("acme", {"CP-1": world.clock.now() + timedelta(seconds=9)})
    body, condition = {"settings": {"strict": True}}, {"If-Match": etag}
    assert tenant_admin.patch(f"{LIST}/CP-1", body, headers=condition).status_code == 200
    answer = tenant_admin.patch(f"{LIST}/CP-1", body, headers=condition)
    assert_problem(answer, 412, "precondition_failed")


def test_what_is_a_part_goes_by_the_etag_of_the_whole(tenant_admin: Api) -> None:
    parts: list[tuple[str, str, dict[str, Any]]] = [
        (f"{LIST}/CP-1", "registration", {"status": "Rejected"}),
        ("/api/v1/tenants/acme", "config", {"heartbeat_interval": 77}),
    ]
    for whole, part, body in parts:
        etag = tenant_admin.get(whole).headers["ETag"]
        assert tenant_admin.put(f"{whole}/{part}", body, headers={"If-Match": etag}).status_code == 200
        refused = tenant_admin.put(f"{whole}/{part}", body, headers={"If-Match": etag})
        assert_problem(refused, 412, "precondition_failed")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_an_id_tag_that_somebody_else_has_changed(operator: Api, method: str) -> None:
    operator.put(TAG, {})
    old = operator.get(TAG).headers["ETag"]
    operator.patch(TAG, {"note": "mine"})
    body = None if method == "DELETE" else {"note": "yours"}
    assert_problem(operator(method, TAG, body, headers={"If-Match": old}), 412, "precondition_failed")
    assert operator.get(TAG).get_json()["note"] == "mine"
    new = operator.get(TAG).headers["ETag"]
    assert operator(method, TAG, body, headers={"If-Match": new}).status_code in (200, 204)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_of_two_who_passed_the_look_only_one_wins(
    operator: Api, world: World, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """Somebody else's change comes between the comparison and the write."""
    operator.put(TAG, {})
    etag = operator.get(TAG).headers["ETag"]
    name = {"PUT": "put", "PATCH": "change", "DELETE": "remove"}[method]
    real = getattr(IdTagService, name)

    def late(*args: Any, **options: Any) -> Any:
        world.id_tags.change("acme", "tag", {"note": "first"})
        return real(*args, **options)

    monkeypatch.setattr(IdTagService, name, late)
    body = None if method == "DELETE" else {"note": "second"}
    assert_problem(operator(method, TAG, body, headers={"If-Match": etag}), 412, "precondition_failed")
    assert operator.get(TAG).get_json()["note"] == "first"


def test_what_has_no_revision_is_compared_by_all_that_is_shown(operator: Api, world: World) -> None:
    path = "/api/v1/charging-profiles/night"
    profile = {
        "stack_level": 0,
        "charging_profile_purpose": "TxDefaultProfile",
        "charging_profile_kind": "Relative",
        "charging_schedule": {
            "charging_rate_unit": "A",
            "charging_schedule_period": [{"start_period": 0, "limit": 6}],
        },
    }
    operator.post("/api/v1/charging-profiles", {"name": "night", "profile": profile})
    old = operator.get(path).headers["ETag"]
    world.clock.advance(1)
    body = {"profile": {**profile, "stack_level": 1}}
    assert operator.put(path, body, headers={"If-Match": old}).status_code == 200
    assert_problem(operator.put(path, body, headers={"If-Match": old}), 412, "precondition_failed")
    assert_problem(operator.delete(path, headers={"If-Match": old}), 412, "precondition_failed")


def test_any_state_will_do_where_it_exists(operator: Api) -> None:
    condition = {"If-Match": "*"}
    assert_problem(operator.put(TAG, {}, headers=condition), 412, "precondition_failed")
    assert_problem(operator.patch(TAG, {}, headers=condition), 404, "not_found")
    operator.put(TAG, {})
    assert operator.put(TAG, {}, headers=condition).status_code == 200


def test_what_cannot_be_read_has_no_etag_to_match(tenant_admin: Api) -> None:
    answer = tenant_admin.delete("/api/v1/refused-identities/CP-9", headers={"If-Match": '"1"'})
    assert_problem(answer, 412, "precondition_failed")


def test_another_tenants_thing_is_not_there_to_match(as_user: Callable[..., Api]) -> None:
    etag = as_user(Role.TENANT_ADMIN).get(f"{LIST}/CP-1").headers["ETag"]
    stranger = as_user(Role.TENANT_ADMIN, "beta")
    answer = stranger.patch(f"{LIST}/CP-1", {"settings": {}}, headers={"If-Match": etag})
    assert_problem(answer, 404, "not_found")
