"""What beat sends with each sweep."""

from pathlib import Path
from typing import Any

import pytest
from celery.beat import ScheduleEntry

from app.messaging import tasks
from beat.main import Scheduler, app


def test_a_sweep_is_told_which_time_it_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that of very many tenants each has its turn."""
    sent: list[dict[str, Any]] = []
    scheduler = Scheduler(app, schedule_filename=str(tmp_path / "schedule"), lazy=True)
    monkeypatch.setattr(scheduler, "apply_async", lambda entry, **_: sent.append(entry.kwargs))
    entry = ScheduleEntry(
        tasks.SWEEP_COMMANDS, tasks.SWEEP_COMMANDS, schedule=5, kwargs={"every_s": 5}, app=app
    )
    for _ in range(3):
        scheduler.apply_entry(entry)
        entry = next(entry)
    assert sent == [{"every_s": 5, "turn": turn} for turn in range(3)]
