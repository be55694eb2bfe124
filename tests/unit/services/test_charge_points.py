"""Charge points: being known, connected, fenced by epochs, silent and heard again (A5, A39, A40)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from app.domain.charge_point import Availability
from app.domain.context import ChargePointRef
from app.domain.errors import Conflict, NotFound, QuotaExceeded, Retryable
from app.domain.tenant import Tenant
from app.services.batch import Batch
from app.services.ports import OpenedConnection, PageRequest
from tests.builders import NOON, REF, a_call, a_charge_point, a_connector, a_tenant
from tests.fakes.world import World

NEW = ChargePointRef("acme", "ACME-7")


def statuses(world: World) -> list[str]:
    return [event.body["status"] for event in world.outbox.events("acme")]


# --- being known -------------------------------------------------------------------------------------


def test_a_known_charge_point_may_connect(world: World, tenant: Tenant) -> None:
    assert world.services.charge_points.admit(tenant, "CP-1").id == "CP-1"


def test_a_name_in_another_case_is_the_stored_one_while_that_is_clear(world: World, tenant: Tenant) -> None:
    """A4."""
    service = world.services.charge_points
    assert service.admit(tenant, "cp-1").id == "CP-1"
    world.add_charge_point("acme", "Cp-1")
    assert service.find_known(ChargePointRef("acme", "cp-1")) is None
    exact = service.find_known(ChargePointRef("acme", "Cp-1"))
    assert exact is not None
    assert exact.id == "Cp-1"


@pytest.mark.parametrize(("policy", "admission"), [("pending", "Pending"), ("accept", "Accepted")])
def test_a_newcomer_is_as_its_tenant_wants_and_not_stored_yet(
    world: World, policy: str, admission: str
) -> None:
    tenant = a_tenant(unknown_charge_points=policy, security_profile=2)
    newcomer = world.services.charge_points.newcomer(tenant, "ACME-7")
    assert (newcomer.id, newcomer.admission, newcomer.security.profile) == ("ACME-7", admission, 2)
    assert world.charge_points.find(NEW) is None


def test_an_unknown_one_may_not(world: World, tenant: Tenant) -> None:
    """A5."""
    with pytest.raises(NotFound):
        world.services.charge_points.admit(tenant, "ACME-7")
    assert world.charge_points.find(NEW) is None


def test_one_that_rest_could_not_name_may_not_either(world: World) -> None:
    """Else an outsider could fill the quota with charge points that nobody can remove."""
    with pytest.raises(NotFound):
        world.services.charge_points.admit(a_tenant(unknown_charge_points="accept"), "ACME-/7")


def test_an_unknown_one_is_created_where_the_tenant_wants_that(world: World) -> None:
    world.services.charge_points.admit(a_tenant(unknown_charge_points="accept"), "ACME-7")
    created = world.services.charge_points.get(NEW)
    assert (created.registration, created.created_at) == (None, NOON)


def test_a_tenant_has_no_more_charge_points_than_it_may(world: World) -> None:
    full = a_tenant(unknown_charge_points="accept", max_charge_points=1)
    with pytest.raises(QuotaExceeded):
        world.services.charge_points.admit(full, "ACME-7")
    world.services.charge_points.admit(full, "CP-1")


def test_registering_tells_whether_it_was_new(world: World, tenant: Tenant) -> None:
    assert world.services.charge_points.register(tenant, "ACME-7") is True
    assert world.services.charge_points.register(tenant, "ACME-7") is False


def test_the_same_name_in_another_tenant_is_another_charge_point(world: World) -> None:
    with pytest.raises(NotFound):
        world.services.charge_points.get(ChargePointRef("beta", "CP-1"))
    assert world.services.charge_points.list_page("beta", PageRequest()).items == ()


# --- connections and their epochs --------------------------------------------------------------------


def test_each_connection_has_a_higher_epoch(world: World) -> None:
    service = world.services.charge_points
    epochs = []
    for number in range(3):
        opened = service.open_connection(REF, "gw-1", f"c-{number}")
        assert opened.charge_point.connection is not None
        epochs.append(opened.charge_point.connection.epoch)
        service.close_connection(REF, epochs[-1])
    assert epochs == sorted(set(epochs))


def test_an_unknown_charge_point_gets_no_connection(world: World) -> None:
    with pytest.raises(NotFound):
        world.services.charge_points.open_connection(NEW, "gw-1", "c-1")


def test_opening_and_closing_are_told(world: World) -> None:
    world.charge_points.put(a_charge_point(connectors=(a_connector(1, "Available"),)))
    world.services.charge_points.open_connection(REF, "gw-1", "c-1")
    assert world.services.charge_points.close_connection(REF, 1) is True
    assert statuses(world) == ["Available", "Offline"]
    assert world.link.woken == ["acme", "acme"]


def test_closing_an_older_connection_changes_nothing(world: World) -> None:
    """A39: the newest wins; what the old one still does must not clear it."""
    service = world.services.charge_points
    service.open_connection(REF, "gw-1", "c-1")
    service.open_connection(REF, "gw-1", "c-2")
    told = statuses(world)
    assert service.close_connection(REF, 1) is False
    connection = service.get(REF).connection
    assert connection is not None
    assert connection.connection_id == "c-2"
    assert statuses(world) == told
    assert "CP-1" in world.last_seen.heard_since("acme", NOON)


def test_a_replaced_connection_on_another_gateway_is_asked_to_close(world: World) -> None:
    service = world.services.charge_points
    service.open_connection(REF, "gw-1", "c-1")
    service.open_connection(REF, "gw-2", "c-2")
    assert world.link.closed == [("gw-1", REF, 2)]


def test_a_connection_is_closed_on_request_if_there_is_one(world: World) -> None:
    service = world.services.charge_points
    with pytest.raises(Conflict):
        service.disconnect(REF)
    service.open_connection(REF, "gw-1", "c-1")
    assert service.disconnect(REF).connection is not None
    assert world.link.closed == [("gw-1", REF, 2)]
    with pytest.raises(NotFound):
        service.disconnect(NEW)


def test_on_the_same_gateway_the_gateway_closes_it_itself(world: World) -> None:
    for number in (1, 2):
        world.services.charge_points.open_connection(REF, "gw-1", f"c-{number}")
    assert world.link.closed == []


def test_a_new_connection_counts_as_heard_and_not_as_silent(world: World) -> None:
    service = world.services.charge_points
    service.open_connection(REF, "gw-1", "c-1")
    service.mark_silent(REF, 1)
    service.open_connection(REF, "gw-1", "c-2")
    assert service.get(REF).is_live
    assert world.last_seen.touch("acme", {"CP-1": NOON}) == frozenset()


def test_a_closed_connection_is_off_the_lists_of_liveness(world: World) -> None:
    service = world.services.charge_points
    service.open_connection(REF, "gw-1", "c-1")
    service.close_connection(REF, 1)
    assert world.last_seen.heard_since("acme", NOON) == {}


# --- silent, and heard again -------------------------------------------------------------------------


def test_silence_is_told_once(world: World) -> None:
    service = world.services.charge_points
    service.open_connection(REF, "gw-1", "c-1")
    assert service.mark_silent(REF, 1) is True
    assert service.mark_silent(REF, 1) is False
    assert service.get(REF).availability is Availability.OFFLINE
    assert statuses(world) == ["Unavailable", "Offline"]


def test_a_connection_that_was_replaced_is_not_marked_silent(world: World) -> None:
    service = world.services.charge_points
    for number in (1, 2):
        service.open_connection(REF, "gw-1", f"c-{number}")
    assert service.mark_silent(REF, 1) is False
    assert service.get(REF).is_live


def test_who_speaks_is_online_again_at_once(world: World) -> None:
    service = world.services.charge_points
    service.open_connection(REF, "gw-1", "c-1")
    service.mark_silent(REF, 1)
    service.hear("acme", {"CP-1": world.clock.advance(60)})
    assert service.get(REF).is_live
    assert statuses(world) == ["Unavailable", "Offline", "Unavailable"]


def test_who_was_not_silent_costs_the_store_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Heartbeats do not cost a MongoDB query each (design section 3)."""
    service = world.services.charge_points
    service.open_connection(REF, "gw-1", "c-1")

    def asked(*_: Any) -> None:
        raise AssertionError("the store was asked")

    monkeypatch.setattr(world.charge_points, "find", asked)
    service.hear("acme", {"CP-1": NOON})


def test_who_could_not_be_marked_is_marked_when_it_speaks_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a charge point would stay Offline for as long as it is connected."""
    service = world.services.charge_points
    world.add_charge_point("acme", "CP-2")
    for number, name in enumerate(("CP-1", "CP-2"), start=1):
        service.open_connection(ChargePointRef("acme", name), "gw-1", f"c-{number}")
        service.mark_silent(ChargePointRef("acme", name), 1)

    def fail(*_: Any) -> None:
        raise Retryable("MongoDB: no primary")

    seen = {"CP-1": NOON, "CP-2": NOON}
    with monkeypatch.context() as broken:
        broken.setattr(world.charge_points, "find", fail)
        with pytest.raises(Retryable):
            service.hear("acme", seen)
    service.hear("acme", seen)
    assert [cp.is_live for cp in service.list_page("acme", PageRequest()).items] == [True, True]


def test_a_charge_point_that_is_not_connected_any_more_is_not_marked_online(world: World) -> None:
    service = world.services.charge_points
    service.open_connection(REF, "gw-1", "c-1")
    service.mark_silent(REF, 1)
    world.charge_points.put(a_charge_point())
    service.hear("acme", {"CP-1": NOON})
    assert not service.get(REF).is_live


# --- status ------------------------------------------------------------------------------------------


def test_a_status_of_a_charge_point_that_is_gone_is_dropped(world: World, tenant: Tenant) -> None:
    batch = Batch(tenant)
    world.services.charge_points.record_status(batch, 0, a_call(NEW), a_connector(1))
    assert (batch.connector_changes, batch.events) == ([], [])


def test_of_two_statuses_in_one_batch_the_second_builds_on_the_first(world: World, tenant: Tenant) -> None:
    batch = Batch(tenant, charge_points={"CP-1": a_charge_point()})
    service = world.services.charge_points
    service.record_status(batch, 0, a_call(sequence=1), a_connector(1, "Preparing"))
    service.record_status(batch, 1, a_call(sequence=2), a_connector(2, "Charging"))
    assert [c.id for c in batch.connector_changes[-1].connectors] == [1, 2]
    assert [change.call for change in batch.connector_changes] == [0, 1]
    service.record_status(batch, 2, a_call(sequence=1), a_connector(2, "Available"))
    assert len(batch.connector_changes) == 2


def test_a_connection_that_was_overtaken_while_it_opened_is_told_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between writing and reading another one came: this one must not be served."""
    repository = world.charge_points
    opened = repository.open_connections

    def overtaken(
        tenant_id: str, gateway_id: str, connection_ids: Mapping[str, str], at: datetime
    ) -> dict[str, OpenedConnection]:
        opened(tenant_id, gateway_id, connection_ids, at)
        return opened(tenant_id, "gw-2", dict.fromkeys(connection_ids, "the newer one"), at)

    monkeypatch.setattr(repository, "open_connections", overtaken)
    with pytest.raises(Conflict):
        world.services.charge_points.open_connection(REF, "gw-1", "c-1")
    assert statuses(world) == []


def test_a_gateway_taken_for_dead_gets_its_connections_back(world: World, tenant: Tenant) -> None:
    """It only stood still: the socket is open, so the charge point is online again, unless it moved on."""
    world.add_charge_point("acme", "CP-1")
    opened = world.services.charge_points.open_connection(REF, "gw-1", "c-1")
    connection = opened.charge_point.connection
    assert connection is not None
    world.services.charge_points.close_connection(REF, connection.epoch)
    assert world.services.charge_points.resume_connection(REF, connection) is True
    assert world.services.charge_points.get(REF).connection == connection
    assert statuses(world)[-1] != "Offline"
    assert world.services.charge_points.resume_connection(REF, connection) is False
    world.services.charge_points.open_connection(REF, "gw-2", "c-2")
    assert world.services.charge_points.resume_connection(REF, connection) is False


def test_those_that_come_together_are_opened_together_and_each_for_itself(
    world: World, tenant: Tenant
) -> None:
    world.add_charge_point("acme", "CP-1")
    world.add_charge_point("acme", "CP-2")
    world.services.charge_points.open_connection(REF, "gw-old", "c-0")
    before = len(statuses(world))
    ids = {"CP-1": "c-1", "CP-2": "c-2", "nobody": "c-3"}
    opened = world.services.charge_points.open_connections("acme", "gw-1", ids)
    assert isinstance(opened["nobody"], NotFound)
    epochs = [one.epoch for one in opened.values() if isinstance(one, OpenedConnection)]
    assert epochs == [2, 1]
    assert len(statuses(world)) == before + 2
    assert world.link.closed == [("gw-old", REF, 2)]


def test_when_nobody_of_them_is_known_nothing_is_told(world: World, tenant: Tenant) -> None:
    opened = world.services.charge_points.open_connections("acme", "gw-1", {"nobody": "c-1"})
    assert isinstance(opened["nobody"], NotFound)
    assert statuses(world) == []
