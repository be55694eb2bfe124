"""Names of tasks and queues."""

from app.messaging import tasks


def test_a_tenants_queue_is_named_after_it() -> None:
    assert tasks.tenant_queue("acme") == "ocpp.acme"
    assert tasks.is_tenant_queue("ocpp.acme")
    assert not tasks.is_tenant_queue(tasks.SWEEP_QUEUE)
    assert not tasks.is_tenant_queue("celery")
