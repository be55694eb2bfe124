"""Names of tasks and queues, shared by those who send and those who work."""

from collections.abc import Iterable

from app.domain.tenant import Tenant

HANDLE_BATCHES = "ocpp.handle_batches"
SWEEP_LIVENESS = "sweeps.liveness"
SWEEP_COMMANDS = "sweeps.commands"
EXPIRE_RESERVATIONS = "sweeps.expire_reservations"
RECONCILE_PRESENCE = "sweeps.reconcile_presence"
RECONCILE_SESSIONS = "sweeps.reconcile_sessions"
TELL_FORGOTTEN = "sweeps.tell_forgotten"
SWEEP_JOBS = "sweeps.jobs"
SIGN_CERTIFICATES = "sweeps.sign_certificates"
PRUNE_MESSAGES = "sweeps.prune_messages"
PRUNE_AUDIT = "sweeps.prune_audit"
PRUNE_DELIVERIES = "sweeps.prune_deliveries"
PRUNE_LOGINS = "sweeps.prune_logins"
PRUNE_SESSIONS = "sweeps.prune_sessions"
REMOVE_TENANTS = "sweeps.remove_tenants"
SYNC_MQTT = "sweeps.sync_mqtt"

SWEEP_QUEUE = "sweeps"
SHARED_QUEUE = "calls"
"""Of all tenants without a pool of their own.

One for all of them: a worker that watches a queue for each of a thousand tenants spends more time on asking
Redis than on calls, and their calls could not travel together. No tenant can fill it: of each, a gateway lets
one batch under way at a time.
"""

_OWN_QUEUE_PREFIX = "ocpp."


def own_queue(tenant_id: str) -> str:
    """The queue of a tenant with a pool of its own."""
    return f"{_OWN_QUEUE_PREFIX}{tenant_id}"


def queue_of(tenant_id: str, tenant: Tenant | None) -> str:
    """Where a tenant's calls go; the shared workers serve whom nobody knows yet."""
    has_own = tenant is not None and tenant.configuration.worker_pool_size > 0
    return own_queue(tenant_id) if has_own else SHARED_QUEUE


def call_queues(tenants: Iterable[Tenant]) -> list[str]:
    """All queues that calls go to."""
    return sorted({SHARED_QUEUE, *(queue_of(tenant.id, tenant) for tenant in tenants)})
