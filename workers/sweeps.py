"""The tasks that beat sends: liveness, commands, presence, housekeeping."""

import math
from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import uuid4

import structlog
from celery import Celery

from app.domain.errors import Retryable
from app.domain.tenant import Tenant
from app.messaging import tasks
from app.process import Process
from app.services import Services
from workers.turns import tenants_of_turn

log = structlog.stdlib.get_logger(__name__)
_COPY_SINCE = timedelta(seconds=90)
_FORGOTTEN_AFTER = timedelta(seconds=10)
_TENANTS = "tenants"
_DELETING = frozenset({"messages", "sessions_kept", "audit_log", _TENANTS})
"""Sweeps that are on record: what they delete was somebody's."""
_SIGNING, _SIGNING_S = "signing", 60.0


def register(app: Celery, process: Callable[[], Process]) -> None:
    """Add the sweeps to `app`. The process is asked for when the first one runs."""
    of_tenants: dict[str, Callable[[Process, Sequence[Tenant]], None]] = {
        tasks.SWEEP_COMMANDS: sweep_commands,
        tasks.EXPIRE_RESERVATIONS: expire_reservations,
        tasks.SIGN_CERTIFICATES: sign_certificates,
        tasks.RECONCILE_PRESENCE: reconcile_presence,
        tasks.RECONCILE_SESSIONS: reconcile_sessions,
        tasks.TELL_FORGOTTEN: tell_forgotten,
        tasks.SWEEP_JOBS: sweep_jobs,
        tasks.PRUNE_MESSAGES: prune_messages,
        tasks.PRUNE_AUDIT: prune_audit,
        tasks.PRUNE_DELIVERIES: prune_deliveries,
        tasks.PRUNE_SESSIONS: prune_sessions,
        tasks.REMOVE_TENANTS: remove_tenants,
    }
    of_the_platform: dict[str, Callable[[Process], None]] = {
        tasks.SWEEP_LIVENESS: sweep_liveness,
        tasks.PRUNE_LOGINS: prune_logins,
        tasks.SYNC_MQTT: sync_mqtt,
    }
    for name, sweep in of_tenants.items():
        app.task(name=name)(_in_turn(sweep, process))
    for name, whole in of_the_platform.items():
        app.task(name=name)(_whole(whole, process))


def _in_turn(
    sweep: Callable[[Process, Sequence[Tenant]], None], process: Callable[[], Process]
) -> Callable[..., None]:
    def run(every_s: float = math.inf, turn: int = 0) -> None:
        """Beat says how often it comes, and which time this is."""
        tenants = process().services.tenants.directory.all()
        sweep(process(), tenants_of_turn(tenants, every_s, turn))

    return run


def _whole(sweep: Callable[[Process], None], process: Callable[[], Process]) -> Callable[..., None]:
    def run(every_s: float = math.inf, turn: int = 0) -> None:
        sweep(process())

    return run


def sweep_liveness(process: Process) -> None:
    """Silence becomes Offline; what a dead gateway held is closed."""
    services = process.services
    tenants, liveness = services.tenants.directory.all(), services.liveness
    try:
        evidence = liveness.look(tenants)
    except Retryable as failure:
        log.warning("sweep_failed", sweep="liveness", reason=failure.message)
        return
    concerned = [tenant for tenant in tenants if evidence.concerns(tenant)]
    if _for_each(services, concerned, "liveness", lambda tenant: liveness.sweep(tenant, evidence)):
        liveness.forget(evidence)


def sweep_commands(process: Process, tenants: Sequence[Tenant]) -> None:
    """What waited or was awaited for too long ends; what was held up is tried again."""
    commands = process.services.commands
    _for_each(process.services, tenants, "commands", lambda tenant: commands.sweep(tenant.id))


def expire_reservations(process: Process, tenants: Sequence[Tenant]) -> None:
    """Reservations end by our own clock too, whatever their charge points say (C28)."""
    reservations = process.services.keepers.reservations
    _for_each(process.services, tenants, "reservations", lambda tenant: reservations.expire(tenant.id))


def sign_certificates(process: Process, tenants: Sequence[Tenant]) -> None:
    """What charge points asked for is signed and sent; one process at a time: none is signed twice."""
    services, leases, holder = process.services, process.adapters.leases, uuid4().hex

    def sign(tenant: Tenant) -> int:
        held = leases.hold(_SIGNING, holder, services.clock.now(), _SIGNING_S)
        return services.signing.sweep(tenant) if held else 0

    if _for_each(services, tenants, "certificates", sign):
        leases.release(_SIGNING, holder)


def reconcile_presence(process: Process, tenants: Sequence[Tenant]) -> None:
    """Last-seen times reach the database; what a loss of Redis left behind is repaired."""
    services = process.services
    since = services.clock.now() - _COPY_SINCE
    _for_each(services, tenants, "presence", lambda tenant: services.liveness.reconcile(tenant, since))


def reconcile_sessions(process: Process, tenants: Sequence[Tenant]) -> None:
    """Running sessions that cannot be alive any more get an estimated end."""
    services = process.services

    def reconcile(tenant: Tenant) -> int:
        closed = services.reconciliation.sweep(tenant)
        if closed:
            services.gateway_link.wake_relay(tenant.id)
        return closed

    _for_each(services, tenants, "sessions", reconcile)


def tell_forgotten(process: Process, tenants: Sequence[Tenant]) -> None:
    """Events whose writer died before they reached the outbox get there now."""
    services, before = process.services, process.services.clock.now() - _FORGOTTEN_AFTER

    def tell(tenant: Tenant) -> int:
        told = process.adapters.untold.tell_forgotten(tenant.id, before)
        if told:
            services.gateway_link.wake_relay(tenant.id)
        return told

    _for_each(services, tenants, "untold", tell)


def sweep_jobs(process: Process, tenants: Sequence[Tenant]) -> None:
    """Firmware updates and uploads of which nothing was heard for too long are given up."""
    keepers = process.services.keepers
    _for_each(
        process.services, tenants, "firmware_jobs", lambda tenant: keepers.firmware.mark_stalled(tenant.id)
    )
    _for_each(
        process.services, tenants, "diagnostics", lambda tenant: keepers.diagnostics.mark_stalled(tenant.id)
    )


def prune_messages(process: Process, tenants: Sequence[Tenant]) -> None:
    """The message log is kept as long as each tenant wants, and dead letters as long as that."""
    now, dead_letters = process.services.clock.now(), process.services.dead_letters

    def prune(tenant: Tenant) -> int:
        before = now - timedelta(days=tenant.configuration.message_log_days)
        return process.adapters.messages.prune(tenant.id, before) + dead_letters.prune(tenant.id, before)

    _for_each(process.services, tenants, "messages", prune)


def prune_sessions(process: Process, tenants: Sequence[Tenant]) -> None:
    """Ended sessions and their meter values are kept as long as each tenant wants; 0 days is for ever."""
    now, old_sessions = process.services.clock.now(), process.services.old_sessions

    def prune(tenant: Tenant) -> int:
        days = tenant.configuration.session_days
        return old_sessions.prune(tenant.id, now - timedelta(days=days)) if days else 0

    _for_each(process.services, tenants, "sessions_kept", prune)


def remove_tenants(process: Process, tenants: Sequence[Tenant]) -> None:
    """Tenants whose grace period is over go, with all that is their own."""
    _for_each(process.services, tenants, _TENANTS, process.services.tenant_lifecycle.remove_due)


def prune_deliveries(process: Process, tenants: Sequence[Tenant]) -> None:
    """What was sent to webhooks is forgotten after a week; what could not be sent is given up."""
    webhooks = process.services.webhooks
    _for_each(process.services, tenants, "webhooks", lambda tenant: webhooks.sweep(tenant.id))


def prune_logins(process: Process) -> None:
    """Login sessions that are over, and failed logins that count no more, are forgotten, of all tenants."""
    services = process.services
    try:
        sessions, failures = services.tokens.prune(), services.lockout.prune()
    except Retryable as failure:
        log.warning("sweep_failed", sweep="logins", reason=failure.message)
    else:
        log.debug("swept", sweep="logins", sessions=sessions, failures=failures)


def sync_mqtt(process: Process) -> None:
    """The broker's accounts are those that we know, with the rights that they should have."""
    try:
        process.services.mqtt_access.sync()
    except Retryable as failure:
        log.warning("sweep_failed", sweep="mqtt", reason=failure.message)


def prune_audit(process: Process, tenants: Sequence[Tenant]) -> None:
    """The audit log is kept as long as each tenant has it, that of the platform as the settings say."""
    audit, now = process.services.audit, process.services.clock.now()

    def prune(tenant: Tenant) -> int:
        return audit.prune(tenant.id, now - timedelta(days=tenant.configuration.audit_log_days))

    _for_each(process.services, tenants, "audit_log", prune)
    try:
        audit.prune(None, now - timedelta(days=process.settings.sweeps.platform_audit_days))
    except Retryable as failure:
        log.warning("sweep_failed", sweep="audit_log", reason=failure.message)


def _for_each(
    services: Services, tenants: Sequence[Tenant], sweep: str, work: Callable[[Tenant], int | None]
) -> bool:
    """Do it for every tenant; one that fails does not stop the others. True if none failed."""
    complete = True
    for tenant in tenants:
        try:
            changed = work(tenant)
        except Retryable as failure:
            log.warning("sweep_failed", sweep=sweep, tenant_id=tenant.id, reason=failure.message)
            complete = False
            continue
        except (
            Exception
        ):  # the edge: one document that nobody can read must not stop the other tenants' sweeps
            log.exception("sweep_failed", sweep=sweep, tenant_id=tenant.id)
            complete = False
            continue
        if changed:
            log.info("swept", sweep=sweep, tenant_id=tenant.id, changed=changed)
            if sweep in _DELETING:
                home = None if sweep == _TENANTS else tenant.id  # one that is gone has no log any more
                target = {"tenant_id": tenant.id, "deleted": str(changed)}
                services.audit.record_of_system(f"sweeps.{sweep}", home, target)
    return complete
