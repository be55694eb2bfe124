"""The tasks that beat sends: liveness, commands, presence, housekeeping."""

from collections.abc import Callable
from datetime import timedelta

import structlog
from celery import Celery

from app.domain.errors import Retryable
from app.domain.tenant import Tenant
from app.messaging import tasks
from app.process import Process
from app.services import Services

log = structlog.stdlib.get_logger(__name__)
_COPY_SINCE = timedelta(seconds=90)


def register(app: Celery, process: Callable[[], Process]) -> None:
    """Add the sweeps to `app`."""

    def services() -> Services:
        return process().services

    @app.task(name=tasks.SWEEP_LIVENESS)
    def sweep_liveness() -> None:
        complete = _for_each_tenant(services(), "liveness", services().liveness.sweep)
        if complete:
            services().liveness.forget_dead_gateways()

    @app.task(name=tasks.SWEEP_COMMANDS)
    def sweep_commands() -> None:
        _for_each_tenant(services(), "commands", lambda tenant: services().commands.end_overdue(tenant.id))

    @app.task(name=tasks.RECONCILE_PRESENCE)
    def reconcile_presence() -> None:
        since = services().clock.now() - _COPY_SINCE
        _for_each_tenant(services(), "presence", lambda tenant: services().liveness.reconcile(tenant, since))

    @app.task(name=tasks.PRUNE_MESSAGES)
    def prune_messages() -> None:
        now = services().clock.now()

        def prune(tenant: Tenant) -> int:
            before = now - timedelta(days=tenant.configuration.message_log_days)
            return process().adapters.messages.prune(tenant.id, before)

        _for_each_tenant(services(), "messages", prune)


def _for_each_tenant(services: Services, sweep: str, work: Callable[[Tenant], int | None]) -> bool:
    """Do it for every tenant; one that fails does not stop the others. True if none failed."""
    complete = True
    for tenant in services.tenants.directory.all():
        try:
            changed = work(tenant)
        except Retryable as failure:
            log.warning("sweep_failed", sweep=sweep, tenant_id=tenant.id, reason=failure.message)
            complete = False
            continue
        if changed:
            log.info("swept", sweep=sweep, tenant_id=tenant.id, changed=changed)
    return complete
