"""Which sweep runs how often. A tick that nobody took before the next but one is dropped."""

from typing import Any

from app.messaging import tasks

RECONCILE_EVERY_S = 60.0
TELL_FORGOTTEN_EVERY_S = 15.0
PRUNE_EVERY_S = 3600.0


def schedule(sweep_interval_s: float) -> dict[str, dict[str, Any]]:
    """Celery's beat schedule."""
    return {
        task: {
            "task": task,
            "schedule": interval_s,
            "options": {"queue": tasks.SWEEP_QUEUE, "expires": interval_s * 2},
        }
        for task, interval_s in (
            (tasks.SWEEP_LIVENESS, sweep_interval_s),
            (tasks.SWEEP_COMMANDS, sweep_interval_s),
            (tasks.RECONCILE_PRESENCE, RECONCILE_EVERY_S),
            (tasks.TELL_FORGOTTEN, TELL_FORGOTTEN_EVERY_S),
            (tasks.PRUNE_MESSAGES, PRUNE_EVERY_S),
        )
    }
