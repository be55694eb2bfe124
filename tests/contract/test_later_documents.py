"""Documents that a later version of the program wrote, with more in them than this one knows, can be read."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo.collection import Collection

from app.domain.charge_point import ConnectorRating
from app.domain.configuration import ConfigurationKey, ConfigurationMirror
from app.domain.context import ChargePointRef
from app.domain.session import EnergyValue, SessionStatus
from app.storage import mongo
from app.storage.mongo import Databases, Document
from tests.builders import NOON, a_charge_point, a_command, a_reservation, a_session, an_event
from tests.contract.stores import Stores

pytestmark = pytest.mark.integration
Case = tuple[str, Callable[[], Any]]


def charge_point(stores: Stores, ref: ChargePointRef) -> Case:
    stores.charge_points.insert(a_charge_point(ref))
    changes = {"connectors": [{"id": 1, "status": "Available", "error_code": "NoError", "last_update": NOON}]}
    stores.charge_points.change(ref, changes | {"ratings": {1: ConnectorRating()}})
    return "charge_points", lambda: stores.charge_points.find(ref)


def session(stores: Stores, ref: ChargePointRef) -> Case:
    values = (EnergyValue(NOON, 1500),)
    ended = a_session(5, ref, status=SessionStatus.COMPLETED, stop_time=NOON, meter_values=values)
    stores.sessions.insert(ended, [an_event()], 1)
    return "sessions", lambda: stores.sessions.find(ref.tenant_id, "session-5")


def command(stores: Stores, ref: ChargePointRef) -> Case:
    stores.commands.insert(a_command("cmd-1", ref), [an_event()], 1)
    return "commands", lambda: stores.commands.find(ref.tenant_id, "cmd-1")


def reservation(stores: Stores, ref: ChargePointRef) -> Case:
    stores.reservations.insert(a_reservation("r-1", ref))
    return "reservations", lambda: stores.reservations.find(ref.tenant_id, "r-1")


def configuration(stores: Stores, ref: ChargePointRef) -> Case:
    keys = {
        "heartbeatinterval": ConfigurationKey("HeartbeatInterval", "300", readonly=False, reported_at=NOON)
    }
    stores.configurations.save(replace(ConfigurationMirror(ref), keys=keys))
    return "configurations", lambda: stores.configurations.find(ref)


def with_more(value: Any) -> Any:
    """Every object in it has one more member; maps are left alone."""
    if isinstance(value, dict):
        return {name: with_more(inner) for name, inner in value.items()} | {"of_a_later_version": {"x": 1}}
    return [with_more(inner) for inner in value] if isinstance(value, list) else value


MAPS = ("parameters", "payload", "inventory", "configuration", "wanted_availability", "ratings", "connection")


def add_to_all(collection: Collection[Document]) -> None:
    for document in list(collection.find()):
        kept = {name: document[name] for name in MAPS if name in document}
        collection.replace_one({"_id": document["_id"]}, with_more(document) | kept)


@pytest.mark.parametrize("make", [charge_point, session, command, reservation, configuration])
def test_what_a_later_version_wrote_beside_ours_is_left_alone(
    real: Stores, databases: Databases, make: Callable[[Stores, ChargePointRef], Case]
) -> None:
    name, read = make(real, ChargePointRef(real.id, f"CP-{uuid4().hex[:6]}"))
    before = read()
    assert before is not None
    add_to_all(databases.collection(real.id, name))
    assert read() == before


def test_nothing_is_read_from_a_whole_document_by_name() -> None:
    """`Kind(**document)` breaks at the first new member: `app.storage.mongo.members_of` is the way."""
    folder = mongo.__file__.rpartition("/")[0]
    risky = re.compile(r"\b[A-Z]\w+\(\*\*(?!members_of|\(members_of|known|values|fields|plain)")
    found = {
        f"{path.name}: {line.strip()}"
        for path in Path(folder).glob("*.py")
        for line in path.read_text().splitlines()
        if risky.search(line)
    }
    assert found == set()
