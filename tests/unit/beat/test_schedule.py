"""Which sweep runs how often."""

from app.messaging import tasks
from beat.schedule import schedule


def test_every_sweep_is_scheduled_on_the_sweeps_queue() -> None:
    entries = schedule(5.0)
    names = {
        value for name, value in vars(tasks).items() if name.isupper() and str(value).startswith("sweeps.")
    }
    assert {entry["task"] for entry in entries.values()} == names
    assert {entry["options"]["queue"] for entry in entries.values()} == {tasks.SWEEP_QUEUE}


def test_the_interval_of_the_heartbeat_and_command_sweeps_is_a_setting() -> None:
    entries = schedule(2.5)
    assert entries[tasks.SWEEP_LIVENESS]["schedule"] == 2.5
    assert entries[tasks.SWEEP_COMMANDS]["schedule"] == 2.5


def test_a_tick_that_nobody_took_is_dropped_instead_of_piling_up() -> None:
    for entry in schedule(5.0).values():
        assert entry["schedule"] < entry["options"]["expires"] <= 2 * entry["schedule"]


def test_every_sweep_is_told_how_often_it_comes() -> None:
    for entry in schedule(5.0).values():
        assert entry["kwargs"] == {"every_s": entry["schedule"]}
