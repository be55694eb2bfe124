"""Those who were let in and never came do not keep a place for ever."""

from app.domain.context import ChargePointRef
from gateway.seats import Seats
from tests.builders import a_tenant

ONE, OTHER = ChargePointRef("acme", "CP-1"), ChargePointRef("acme", "CP-2")


class Nobody:
    """Is connected."""

    def count_of(self, tenant_id: str) -> int:
        return 0

    def find(self, ref: ChargePointRef) -> None:
        return None


def test_a_place_that_was_not_taken_in_time_is_free_again() -> None:
    now = [0.0]
    seats, tenant = Seats(Nobody(), lambda: now[0]), a_tenant(max_connections=1)
    assert seats.take(tenant, ONE, is_counted=False)
    assert not seats.take(tenant, OTHER, is_counted=False)
    now[0] = 21.0
    assert seats.take(tenant, OTHER, is_counted=False)


def test_without_a_limit_nothing_is_noted() -> None:
    seats = Seats(Nobody())
    for number in range(100):
        assert seats.take(a_tenant(), ChargePointRef("acme", f"CP-{number}"), is_counted=False)
    assert seats._expected == {}
