"""A charge point that answers while a request waits for it."""

from dataclasses import replace
from typing import Any

from flask import Flask

from app.api.current import equip, equipment
from app.api.waiting import Waiting
from app.domain.context import ChargePointRef
from tests.fakes.world import World


def let_answer(app: Flask, world: World, ref: ChargePointRef, answer: dict[str, Any]) -> None:
    """From now on whatever is open ends with this CallResult as soon as anybody waits."""

    def end(_: float) -> None:
        for command in world.commands.waiting(ref.tenant_id, [ref.charge_point_id]):
            world.services.commands.complete(ref, command.id, answer)

    let_wait(app, Waiting(1, sleep=end))


def let_wait(app: Flask, waiting: Waiting) -> None:
    """From now on requests wait so."""
    with app.app_context():
        patient = replace(equipment(), waiting=waiting)
    equip(app, patient)
