"""Who may begin a handshake: a storm is put off cheaply, each of it to another time, and gets in later."""

import asyncio
import random
from http import HTTPStatus

import pytest

from gateway import admission as module
from gateway.admission import Admission, AdmissionLimits, Later


class Socket:
    """A connection that is not open yet."""

    def __init__(self) -> None:
        self.is_aborted = False

    @property
    def transport(self) -> "Socket":
        return self

    def abort(self) -> None:
        self.is_aborted = True


class Door:
    """An admission with a clock in the test's hands."""

    def __init__(
        self, at_once: int = 4, per_charge_point: int = 0, per_address: int = 0, max_silent: int = 100
    ) -> None:
        self.now = 0.0
        limits = AdmissionLimits(at_once, per_charge_point, per_address)
        self.admission = Admission(limits, lambda: self.now, random.Random(1), max_silent)

    def asks(self, name: str = "CP-1", tenant_id: str = "acme", address: str = "a") -> Later | Socket:
        """The socket that has a place, or when to come back."""
        socket = Socket()
        later = self.admission.enter(socket, tenant_id, address, f"/ocpp/{tenant_id}/{name}")
        return later if later is not None else socket


def test_so_many_handshakes_are_in_progress_and_the_next_comes_later() -> None:
    door = Door(at_once=4)
    first = door.asks(tenant_id="other")
    for number in range(3):
        assert isinstance(door.asks(f"CP-{number}"), Socket)
    later = door.asks(tenant_id="third")
    assert isinstance(later, Later)
    assert (later.status, later.reason) == (HTTPStatus.SERVICE_UNAVAILABLE, "overload")
    assert isinstance(first, Socket)
    door.admission.leave(first)
    assert isinstance(door.asks(tenant_id="third"), Socket)
    assert door.admission.in_progress == 4


@pytest.mark.asyncio
async def test_a_place_is_held_until_the_first_answer_or_for_a_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So that no more are let in than are served."""
    monkeypatch.setattr(module, "_FIRST_ANSWER_S", 0.01)
    door = Door()
    answered, silent = door.asks(), door.asks()
    assert isinstance(answered, Socket)
    assert isinstance(silent, Socket)
    for socket in (answered, silent):
        door.admission.leave_soon(socket)
    assert door.admission.in_progress == 2
    door.admission.leave(answered)
    assert door.admission.in_progress == 1
    await asyncio.sleep(0.05)
    assert door.admission.in_progress == 0


def test_a_place_is_given_back_once() -> None:
    door = Door()
    one, other = door.asks(), door.asks()
    assert isinstance(one, Socket)
    assert isinstance(other, Socket)
    for _ in range(3):
        door.admission.leave(one)
    assert door.admission.in_progress == 1


def test_they_come_back_at_different_times() -> None:
    door = Door(at_once=1)
    door.asks()
    times = {later.retry_after_s for _ in range(200) if isinstance(later := door.asks(), Later)}
    assert len(times) > 10
    assert min(times) >= 1


def test_a_storm_of_one_tenant_leaves_places_for_the_others() -> None:
    door = Door(at_once=8)
    answers = [door.asks(f"CP-{number}") for number in range(20)]
    assert sum(isinstance(answer, Socket) for answer in answers) == 6
    assert {answer.reason for answer in answers if isinstance(answer, Later)} == {"tenant"}
    assert isinstance(door.asks(tenant_id="calm"), Socket)


def test_a_charge_point_that_reconnects_too_often_is_told_429_and_gets_in_later() -> None:
    door = Door(per_charge_point=2)
    for _ in range(2):
        socket = door.asks()
        assert isinstance(socket, Socket)
        door.admission.leave(socket)
    later = door.asks()
    assert isinstance(later, Later)
    assert (later.status, later.reason) == (HTTPStatus.TOO_MANY_REQUESTS, "charge_point")
    assert 30 <= later.retry_after_s <= 60
    assert isinstance(door.asks("CP-2"), Socket)
    door.now += later.retry_after_s
    assert isinstance(door.asks(), Socket)


def test_somebody_elsewhere_who_claims_its_name_does_not_use_up_its_attempts() -> None:
    door = Door(per_charge_point=1)
    for _ in range(10):
        door.asks(address="attacker")
    assert isinstance(door.asks(address="a"), Socket)


def test_an_address_may_have_a_limit() -> None:
    door = Door(at_once=50, per_address=3)
    answers = [door.asks(f"CP-{number}") for number in range(5)]
    assert [later.reason for later in answers if isinstance(later, Later)] == ["address"] * 2
    assert isinstance(door.asks("CP-9", address="b"), Socket)


def test_overload_uses_up_nobodys_attempts() -> None:
    door = Door(at_once=1, per_charge_point=1)
    socket = door.asks("CP-0")
    for _ in range(5):
        assert isinstance(door.asks(), Later)
    assert isinstance(socket, Socket)
    door.admission.leave(socket)
    assert isinstance(door.asks(), Socket)


def test_while_it_drains_nobody_gets_in_but_soon_again() -> None:
    door = Door()
    door.admission.draining = True
    later = door.asks()
    assert isinstance(later, Later)
    assert (later.status, later.reason) == (HTTPStatus.SERVICE_UNAVAILABLE, "draining")
    assert 1 <= later.retry_after_s <= 5


def test_of_too_many_silent_sockets_the_oldest_goes() -> None:
    """Else whoever opens sockets and says nothing could keep everybody out."""
    door = Door(max_silent=3)
    sockets = [Socket() for _ in range(6)]
    for socket in sockets:
        door.admission.knock(socket)
        if socket is sockets[1]:
            door.admission.heard(socket)
    assert [socket.is_aborted for socket in sockets] == [True, False, True, False, False, False]
    assert door.admission.silent == 3
    door.admission.leave(sockets[3])
    assert door.admission.silent == 2


def test_who_was_put_off_is_counted() -> None:
    door = Door(at_once=1, max_silent=1)
    for _ in range(3):
        door.asks()
    for _ in range(3):
        door.admission.knock(Socket())
    assert door.admission.refused == {"overload": 2, "silent": 2}
    assert door.admission.later("full").status is HTTPStatus.SERVICE_UNAVAILABLE
    assert door.admission.refused["full"] == 1


def test_what_is_remembered_is_bounded() -> None:
    door = Door(at_once=1, per_charge_point=1)
    for number in range(module.MAX_REMEMBERED + 500):
        socket = door.asks(f"CP-{number}")
        assert isinstance(socket, Socket)
        door.admission.leave(socket)
    assert len(door.admission._charge_points._buckets) == module.MAX_REMEMBERED
    assert not door.admission._by_tenant
