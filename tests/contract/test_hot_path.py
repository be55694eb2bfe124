"""What the messages of a charging session cost the store, in commands: the budget of the hot path.

Commands, not milliseconds: those are what grows without anybody noticing.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.monitoring import CommandListener, CommandStartedEvent

from app.ocpp.catalog import load_catalog
from app.ocpp.dispatch import handle_batch
from app.ocpp.envelope import BatchEnvelope, InboundCall
from app.services.authorization import AuthorizationService
from app.services.meter_values import MeterValueService
from app.services.sessions import SessionService
from app.storage.batches import MongoBatches
from app.storage.id_tags import MongoIdTags
from app.storage.meter_values import MongoMeterValues
from app.storage.mongo import Databases
from app.storage.outbox import MongoOutbox
from app.storage.sessions import MongoSessions
from app.storage.untold import Untold
from tests.builders import NOON
from tests.contract.conftest import Servers
from tests.contract.stores import Stores
from tests.fakes.world import fake_world

pytestmark = pytest.mark.integration
START = {"connectorId": 1, "idTag": "TAG", "meterStart": 1000, "timestamp": "2026-03-01T12:00:00Z"}
STOP = {"meterStop": 2000, "timestamp": "2026-03-01T12:30:00Z"}
READING = {"timestamp": "2026-03-01T12:10:00Z", "sampledValue": [{"value": "1500"}]}


class _Counter(CommandListener):
    """Notes which command goes to which of the collections that sessions are made of."""

    def __init__(self) -> None:
        self.noted: list[str] = []

    def started(self, event: CommandStartedEvent) -> None:
        collection = str(event.command.get(event.command_name))
        if collection in ("sessions", "meter_values"):
            self.noted.append(f"{event.command_name} {collection}")

    def succeeded(self, event: Any) -> None:
        """Of no interest."""

    def failed(self, event: Any) -> None:
        """Of no interest."""


class Line:
    """A charge point's calls, handled over a real store; answers what each cost."""

    def __init__(self, stores: Stores, databases: Databases, counter: _Counter) -> None:
        world = fake_world(load_catalog())
        world.services.tenants.create(stores.id, "Counted")
        world.services.tenants.directory.refresh()
        outbox = MongoOutbox(databases)
        untold = Untold(databases, outbox, ("sessions",))
        sessions = MongoSessions(databases, untold)
        authorization = AuthorizationService(MongoIdTags(databases), sessions, world.clock)
        self.services = replace(
            world.services,
            authorization=authorization,
            sessions=SessionService(sessions, authorization, world.clock),
            meter_values=MeterValueService(MongoMeterValues(databases)),
            batches=MongoBatches(databases, untold),
        )
        self._tenant_id, self._counter, self._sequence = stores.id, counter, 0
        self.answer: dict[str, Any] = {}

    def cost(self, action: str, **payload: Any) -> list[str]:
        """Of one call; `answer` is what it got."""
        noted, (self.answer,) = self.cost_of_many(action, [payload])
        return noted

    def cost_of_many(
        self, action: str, payloads: Sequence[dict[str, Any]]
    ) -> tuple[list[str], list[dict[str, Any]]]:
        """Of a batch, with a call of each of several charge points; and their answers."""
        self._sequence += 1
        calls = tuple(
            InboundCall(
                f"CP-{number}",
                f"c-{number}",
                1,
                self._sequence,
                "Accepted",
                round(NOON.timestamp() * 1000),
                json.dumps([2, str(self._sequence), action, payload]),
            )
            for number, payload in enumerate(payloads, 1)
        )
        self._counter.noted.clear()
        envelope = BatchEnvelope(self._tenant_id, "gw", self._sequence, self._sequence, 0, calls, ())
        frames = [json.loads(reply.text) for reply in handle_batch(envelope, self.services)]
        assert [frame[0] for frame in frames] == [3] * len(calls), frames
        return list(self._counter.noted), [frame[2] for frame in frames]


@pytest.fixture
def line(real: Stores, servers: Servers) -> Iterator[Line]:
    counter = _Counter()
    client: MongoClient[dict[str, Any]] = MongoClient(
        servers.mongodb_uri, tz_aware=True, event_listeners=[counter]
    )
    yield Line(real, Databases(client), counter)
    client.close()


def test_a_session_costs_as_many_commands_as_ever(line: Line) -> None:
    """The last update of a start or stop takes its events out again, once they are in the outbox."""
    started = ["insert sessions", "update sessions"]
    assert line.cost("StartTransaction", **START) == started
    number = line.answer["transactionId"]
    known = line.cost("MeterValues", connectorId=1, transactionId=number, meterValue=[READING])
    assert known == ["find sessions", "insert meter_values"]
    stopped = ["find sessions", "find meter_values", "update sessions", "update sessions"]
    assert line.cost("StopTransaction", transactionId=number, **STOP) == stopped
    again = ["find sessions", "find sessions"]  # it makes sure that the first one's events are on their way
    assert line.cost("StopTransaction", transactionId=number, **STOP) == again


def test_starts_and_stops_of_many_cost_as_much_as_of_one(line: Line) -> None:
    cost, answers = line.cost_of_many("StartTransaction", [START] * 20)
    assert cost == ["insert sessions", "update sessions"]
    stops = [{"transactionId": answer["transactionId"], **STOP} for answer in answers]
    assert len({stop["transactionId"] for stop in stops}) == 20
    stopped = ["find sessions", "find meter_values", "update sessions", "update sessions"]
    assert line.cost_of_many("StopTransaction", stops)[0] == stopped


def test_a_start_that_is_sent_again_costs_one_query_more_and_gets_the_same_answer(line: Line) -> None:
    line.cost("StartTransaction", **START)
    first = line.answer
    assert line.cost("StartTransaction", **START) == ["insert sessions", "find sessions"]
    assert line.answer == first


def test_the_main_meter_is_not_looked_up(line: Line) -> None:
    assert line.cost("MeterValues", connectorId=0, meterValue=[READING]) == ["insert meter_values"]


@pytest.mark.parametrize("fields", [{}, {"transactionId": -1}, {"transactionId": 0}])
def test_readings_without_transaction_cost_one_query(line: Line, fields: dict[str, Any]) -> None:
    cost = line.cost("MeterValues", connectorId=1, meterValue=[READING], **fields)
    assert cost == ["find sessions", "insert meter_values"]


def test_readings_of_an_unknown_transaction_cost_one_query_more(line: Line) -> None:
    cost = line.cost("MeterValues", connectorId=1, transactionId=4711, meterValue=[READING])
    assert cost == ["find sessions", "find sessions", "insert meter_values"]
