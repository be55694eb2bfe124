"""`Idempotency-Key` on POST."""

from datetime import timedelta
from typing import Any, NoReturn

import pytest

from app.domain.errors import Retryable
from app.domain.user import Role
from tests.fakes.world import World
from tests.unit.api.calls import Api, assert_problem

PATH = "/api/v1/chargepoints"
KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}


def register(api: Api, name: str = "CP-1", **headers: str) -> Any:
    return api.post(PATH, {"id": name}, headers=KEY | headers)


def test_a_repetition_gets_the_first_answer_and_does_nothing(operator: Api, world: World) -> None:
    first = register(operator)
    assert first.status_code == 201
    assert "Idempotent-Replayed" not in first.headers
    world.clock.advance(60)
    again = register(operator)
    assert (again.status_code, again.data) == (201, first.data)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert again.content_type == first.content_type
    assert again.headers["X-Request-ID"] != first.headers["X-Request-ID"]


def test_without_a_key_nothing_is_kept(operator: Api, world: World) -> None:
    operator.post(PATH, {"id": "CP-1"})
    assert_problem(operator.post(PATH, {"id": "CP-1"}), 409, "conflict")
    assert not world.idempotency.known


def test_a_refusal_is_repeated_too(operator: Api) -> None:
    first = operator.post(PATH, {"id": "a/b"}, headers=KEY)
    again = operator.post(PATH, {"id": "a/b"}, headers=KEY)
    assert (first.status_code, first.data) == (again.status_code, again.data)
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (422, "true")
    assert again.content_type == "application/problem+json"


def test_the_same_key_with_another_body_or_query(operator: Api) -> None:
    register(operator)
    for answer in (
        register(operator, "CP-2"),
        operator.post(f"{PATH}?tenant_id=acme", {"id": "CP-1"}, headers=KEY),
    ):
        assert_problem(answer, 422, "idempotency_key_reused", "Idempotency-Key")


def test_each_caller_route_and_tenant_has_keys_of_its_own(
    operator: Api, tenant_admin: Api, platform_admin: Api, as_user: Any
) -> None:
    assert register(operator).status_code == 201
    assert_problem(register(tenant_admin), 409, "conflict")
    assert register(as_user(Role.OPERATOR, "beta")).status_code == 201
    assert operator.post("/api/v1/id-tags", {"id_tag": "CP-1"}, headers=KEY).status_code == 201
    assert register(platform_admin, "CP-7", **{"X-Tenant-Id": "acme"}).status_code == 201
    assert register(platform_admin, "CP-7", **{"X-Tenant-Id": "beta"}).status_code == 201


def test_while_the_first_one_runs(operator: Api, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = []
    plain = world.services.charge_points.register

    def slow(*args: Any) -> bool:
        answers.append(register(operator))
        return plain(*args)

    monkeypatch.setattr(type(world.services.charge_points), "register", lambda _, *args: slow(*args))
    assert register(operator).status_code == 201
    assert_problem(answers[0], 409, "idempotency_in_progress")


def test_a_failure_of_ours_is_not_kept(operator: Api, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for failure in (Retryable("away"), KeyError("a mistake")):

        def fail(*_: object, failure: Exception = failure) -> NoReturn:
            raise failure

        with monkeypatch.context() as broken:
            broken.setattr(world.charge_points, "insert", fail)
            assert register(operator).status_code in (500, 503)
        assert not world.idempotency.known
    assert register(operator).status_code == 201


def test_who_died_while_it_ran_is_forgotten(operator: Api, world: World) -> None:
    register(operator)
    ((where, known),) = world.idempotency.known.items()
    expires_at = world.clock.now() + timedelta(minutes=2)
    world.idempotency.known[where] = type(known)(known.id, known.fingerprint, expires_at)
    assert_problem(register(operator), 409, "idempotency_in_progress")
    world.clock.advance(120)
    assert_problem(register(operator), 409, "conflict")


def test_answers_are_forgotten_after_a_day(operator: Api, world: World, platform_admin: Api) -> None:
    register(operator)
    (known,) = world.idempotency.known.values()
    assert known.expires_at - world.clock.now() == timedelta(hours=24)


def test_neither_keys_nor_answers_can_be_read_in_the_store(operator: Api, world: World) -> None:
    register(operator, "CP-SECRET")
    assert "SECRET" not in str(world.idempotency.known)
    assert KEY["Idempotency-Key"] not in str(world.idempotency.known)


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "\xe4"])
def test_a_key_that_is_none(operator: Api, key: str) -> None:
    answer = operator.post(PATH, {"id": "CP-1"}, headers={"Idempotency-Key": key})
    assert_problem(answer, 422, "invalid_input", "Idempotency-Key")
