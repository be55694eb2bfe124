"""Names of tasks and queues."""

from app.messaging import tasks
from tests.builders import a_tenant


def test_tenants_share_a_queue_except_those_with_a_pool_of_their_own() -> None:
    assert tasks.queue_of("acme", a_tenant("acme")) == "calls"
    assert tasks.queue_of("beta", a_tenant("beta", worker_pool_size=1)) == "ocpp.beta"


def test_who_is_not_known_yet_is_served_by_the_shared_workers() -> None:
    assert tasks.queue_of("new", None) == "calls"


def test_no_tenant_can_be_named_like_another_queue() -> None:
    assert tasks.own_queue("calls") not in {tasks.SHARED_QUEUE, tasks.SWEEP_QUEUE}


def test_all_queues_of_calls_are_few() -> None:
    tenants = [a_tenant("acme"), a_tenant("beta", worker_pool_size=2), a_tenant("gamma")]
    assert tasks.call_queues(tenants) == ["calls", "ocpp.beta"]
