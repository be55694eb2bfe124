"""Celery beat: `celery -A beat.main beat` (see Procfile). It only sends; workers do the sweeps.

One beat at a time. Two would sweep twice, which changes nothing: every sweep is idempotent.
"""

from typing import Any

from celery import Celery, signals

from app.logs import configure_logging
from app.messaging.celery_app import Side, build_celery
from app.process import read_settings
from beat.schedule import schedule

settings = read_settings()
app: Celery = build_celery(settings, Side.PUBLISHER)
app.conf.beat_schedule = schedule(settings.sweeps.interval_s)
app.conf.beat_max_loop_interval = 1.0


@signals.setup_logging.connect
def _configure_logging(**_: Any) -> None:
    configure_logging(settings)
