"""Celery beat: `celery -A beat.main beat` (see Procfile). It only sends; workers do the sweeps.

One beat at a time. Two would sweep twice, which changes nothing: every sweep is idempotent.
"""

from typing import Any

import structlog
from celery import Celery, signals
from celery.beat import PersistentScheduler

from app.health import Health, Pulse, Role
from app.logs import configure_logging
from app.messaging import redis_client
from app.messaging.celery_app import Side, build_celery
from app.metrics import SWEEPS
from app.process import read_settings, serve_health
from beat.schedule import schedule

log = structlog.stdlib.get_logger(__name__)
settings = read_settings()
app: Celery = build_celery(settings, Side.PUBLISHER)
app.conf.beat_schedule = schedule(settings.sweeps.interval_s)
app.conf.beat_max_loop_interval = 1.0
pulse = Pulse()


class Scheduler(PersistentScheduler):  # type: ignore[misc]
    """Celery's own, which tells that it turns and whether what it sends is taken."""

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        """Once a second at least."""
        pulse.beat(pulse.role)
        return super().tick(*args, **kwargs)

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Send one that is due, and which time this is.

        That nobody takes them is said once, and that somebody does again.
        """
        entry.kwargs = entry.kwargs | {"turn": entry.total_run_count}
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except Exception as failure:  # as Celery's own does, which says it each time, at length
            SWEEPS.labels("failed").inc()
            if pulse.role is not Role.WAITING:
                log.warning("sweeps_pause", reason=str(failure))
            pulse.beat(Role.WAITING)
            return
        SWEEPS.labels("sent").inc()
        if pulse.role is Role.WAITING:
            log.info("sweeps_go_on")
        pulse.beat(Role.ACTIVE)


app.conf.beat_scheduler = Scheduler


@signals.setup_logging.connect
def _configure_logging(**_: Any) -> None:
    configure_logging(settings)


@signals.beat_init.connect
def _serve_health(**_: Any) -> None:
    redis = redis_client.RedisGuard(redis_client.connect(settings.redis.url))
    serve_health(settings, Health(pulse, {"redis": redis.ping}, frozenset({"redis"})))
