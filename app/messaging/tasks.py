"""Names of tasks and queues, shared by those who send and those who work."""

HANDLE_BATCH = "ocpp.handle_batch"
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
"""A worker that consumes this queue also takes the calls of every tenant."""

_TENANT_QUEUE_PREFIX = "ocpp."


def tenant_queue(tenant_id: str) -> str:
    """The queue of a tenant's calls."""
    return f"{_TENANT_QUEUE_PREFIX}{tenant_id}"


def is_tenant_queue(name: str) -> bool:
    """Does this queue belong to a tenant?"""
    return name.startswith(_TENANT_QUEUE_PREFIX)
