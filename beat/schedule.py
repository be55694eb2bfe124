"""Which sweep runs how often. A tick that nobody took before the next but one is dropped."""

from typing import Any

from app.messaging import tasks

RECONCILE_EVERY_S = 60.0
TELL_FORGOTTEN_EVERY_S = 15.0
JOBS_EVERY_S = 300.0
SYNC_EVERY_S = 300.0
PRUNE_EVERY_S = 3600.0


def schedule(sweep_interval_s: float) -> dict[str, dict[str, Any]]:
    """Celery's beat schedule."""
    return {
        task: {
            "task": task,
            "schedule": interval_s,
            "kwargs": {"every_s": interval_s},
            "options": {"queue": tasks.SWEEP_QUEUE, "expires": interval_s * 2},
        }
        for task, interval_s in (
            (tasks.SWEEP_LIVENESS, sweep_interval_s),
            (tasks.SWEEP_COMMANDS, sweep_interval_s),
            (tasks.EXPIRE_RESERVATIONS, sweep_interval_s),
            (tasks.SIGN_CERTIFICATES, sweep_interval_s),
            (tasks.RECONCILE_PRESENCE, RECONCILE_EVERY_S),
            (tasks.RECONCILE_SESSIONS, min(RECONCILE_EVERY_S, sweep_interval_s * 12)),
            (tasks.TELL_FORGOTTEN, TELL_FORGOTTEN_EVERY_S),
            (tasks.SWEEP_JOBS, JOBS_EVERY_S),
            (tasks.PRUNE_MESSAGES, PRUNE_EVERY_S),
            (tasks.PRUNE_AUDIT, PRUNE_EVERY_S),
            (tasks.PRUNE_DELIVERIES, PRUNE_EVERY_S),
            (tasks.PRUNE_LOGINS, PRUNE_EVERY_S),
            (tasks.PRUNE_SESSIONS, PRUNE_EVERY_S),
            (tasks.REMOVE_TENANTS, sweep_interval_s),
            (tasks.SYNC_MQTT, SYNC_EVERY_S),
        )
    }
