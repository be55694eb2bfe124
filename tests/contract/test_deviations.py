"""Counts of deviations, in memory and in MongoDB."""

import pytest

from app.domain.context import ChargePointRef
from app.services.batch import Batch, Exchange
from app.services.deviations import Deviations
from tests.builders import at
from tests.contract.stores import Stores

pytestmark = pytest.mark.integration


def flush(stores: Stores, charge_point_id: str, *names: str) -> None:
    batch = Batch(stores.tenant)
    ref = ChargePointRef(stores.id, charge_point_id)
    batch.exchanges.append(Exchange(ref, "in", "Heartbeat", "u-1", at(1), "[]", "[]"))
    batch.deviated(charge_point_id, names)
    assert stores.batches.flush(batch) == {}


def test_a_charge_point_that_never_deviated_has_no_counts(stores: Stores) -> None:
    flush(stores, "CP-1")
    assert stores.deviations.find(ChargePointRef(stores.id, "CP-1")) == Deviations()


def test_counts_add_up_for_each_charge_point(stores: Stores) -> None:
    flush(stores, "CP-1", "wrong_type", "wrong_type", "unknown_word")
    flush(stores, "CP-1", "wrong_type")
    flush(stores, "CP-2", "empty_frame")
    found = stores.deviations.find(ChargePointRef(stores.id, "CP-1"))
    assert found.counts == {"wrong_type": 3, "unknown_word": 1}
    assert found.since is not None
    assert found.last_at is not None


def test_counting_can_begin_anew(stores: Stores) -> None:
    ref = ChargePointRef(stores.id, "CP-1")
    flush(stores, "CP-1", "wrong_type")
    stores.deviations.clear(ref)
    stores.deviations.clear(ref)
    assert stores.deviations.find(ref) == Deviations()
