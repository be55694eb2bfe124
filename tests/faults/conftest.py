"""One system for all faults, under load from a tenant that uses the queue and one that goes round it."""

from collections.abc import Iterator

import pytest

from tests.faults.scene import Scene, open_scene

SEED = 7


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Under load for as long as the rounds last."""
    with open_scene(tmp_path_factory.mktemp("faults"), charge_points=8, seed=SEED, pace_s=0.4) as opened:
        yield opened
