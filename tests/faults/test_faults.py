"""Nothing is lost, whatever breaks: one thing is broken under load, and everything compared."""

import random
import shutil

import pytest

from tests.faults.breaking import Fault, all_faults
from tests.faults.conftest import SEED
from tests.faults.scene import Scene

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240), pytest.mark.xdist_group("faults")]
FAULTS = all_faults(broker_keeps_sessions=shutil.which("mosquitto", path="/usr/sbin:/usr/bin") is not None)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "_"))
def test_nothing_is_lost_when(fault: Fault, scene: Scene) -> None:
    scene.break_with(fault, random.Random(f"{SEED}-{fault.name}"))
    assert scene.judge.wrong_sessions() == []
    assert scene.judge.wrong_events() == []


def test_afterwards_nobody_is_stuck_and_rest_knows_it_all(scene: Scene) -> None:
    """The last of this file: all stop and leave."""
    scene.field.leave()
    assert scene.judge.wrong_sessions() == []
    assert scene.judge.stuck_sessions() == []
    assert scene.judge.wrong_events() == []
    assert scene.judge.wrong_over_rest() == []
    assert scene.judge.disagreements() == []
