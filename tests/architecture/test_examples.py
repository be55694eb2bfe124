"""The example bodies in the integrators' document have the shape of what is really published."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from app.domain.command import CommandRequest
from app.domain.context import ChargePointRef
from app.domain.events import Event
from app.domain.times import format_time, to_epoch_ms
from app.messaging.topics import is_retained, topic_of
from app.ocpp.catalog import load_catalog
from app.ocpp.dispatch import handle_batch
from app.ocpp.envelope import BatchEnvelope, InboundCall
from tests.architecture.markdown import text_of
from tests.fakes.world import World, fake_world
from workers.command_message import command_id_in, read_command

DEMO_1 = ChargePointRef("demo", "DEMO-0001")
SAMPLES = [
    {
        "value": "24808",
        "context": "Sample.Periodic",
        "measurand": "Energy.Active.Import.Register",
        "unit": "Wh",
    }
]
_BLOCK = re.compile(r"^```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TOPIC = re.compile(r"Topic `([^`]+)`(, retained)?")


def examples() -> dict[str, tuple[str, bool, dict[str, Any]]]:
    """Event type, with the status for responses -> topic, whether retained, body."""
    text = text_of("docs/integrators.md")
    found = {}
    for block in _BLOCK.finditer(text):
        body = json.loads(block[1])
        if "event_type" not in body:
            continue
        *_, topic = _TOPIC.finditer(text, 0, block.start())
        found[_name(body)] = (topic[1], topic[2] is not None, body)
    return found


def _name(body: Mapping[str, Any]) -> str:
    kind = str(body["event_type"])
    return f"{kind} {body['status']}" if kind == "command_response" else kind


class DemoStory:
    """What the document tells, played in memory."""

    def __init__(self) -> None:
        self.world: World = fake_world(load_catalog())
        services = self.world.services
        services.tenants.create("demo", "Demo", ["DEMO-"])
        services.tenants.directory.refresh()
        services.id_tags.put("demo", "DEMO-TAG-2")
        self.world.add_charge_point("demo", DEMO_1.charge_point_id)
        self.world.link.gateways.add("gw-1")
        services.charge_points.open_connection(DEMO_1, "gw-1", "connection-1")
        self._sequence = 0

    def call(self, action: str, **payload: Any) -> dict[str, Any]:
        """A call of the charge point; gives the answer's payload."""
        self._sequence += 1
        received = to_epoch_ms(self.world.clock.now())
        text = json.dumps([2, f"u-{self._sequence}", action, payload])
        call = InboundCall(
            DEMO_1.charge_point_id, "connection-1", 1, self._sequence, "Accepted", received, text
        )
        order_key = self.world.clock.order_key()
        batch = BatchEnvelope("demo", "gw-1", self._sequence, order_key, 0, (call,), ())
        (reply,) = handle_batch(batch, self.world.services)
        answer: dict[str, Any] = json.loads(reply.text)[2]
        return answer

    def charge(self) -> None:
        """A session, a fault, a security event."""
        self.call("StatusNotification", connectorId=1, status="Available", errorCode="NoError")
        moment = format_time(self.world.clock.now())
        start = {"connectorId": 2, "idTag": "DEMO-TAG-2", "meterStart": 24666, "timestamp": moment}
        transaction = self.call("StartTransaction", **start)["transactionId"]
        reading = {"timestamp": moment, "sampledValue": SAMPLES}
        self.call("MeterValues", connectorId=2, transactionId=transaction, meterValue=[reading])
        stop = {"transactionId": transaction, "meterStop": 26086, "timestamp": moment, "reason": "Local"}
        self.call("StopTransaction", **stop)
        fault = {"errorCode": "GroundFailure", "info": "residual current"}
        names = {"vendorId": "Example", "vendorErrorCode": "E17"}
        self.call("StatusNotification", connectorId=1, status="Faulted", **fault, **names)
        tampered = {"type": "TamperDetectionActivated", "techInfo": "door open"}
        self.call("SecurityEventNotification", **tampered, timestamp=moment)

    def command(self) -> None:
        """Commands that are accepted, refused by the charge point, and not taken."""
        commands, tenant = self.world.services.commands, self.world.services.tenants.get("demo")
        parameters = {"connector_id": 1, "id_tag": "DEMO-TAG-1"}
        for command_id, answer in (("cmd-1001", "Accepted"), ("cmd-1004", "Rejected")):
            request = CommandRequest(DEMO_1, "remote_start", parameters, "mqtt", command_id, force=True)
            commands.submit(tenant, request)
            commands.complete(DEMO_1, command_id, {"status": answer})
        problems = {"parameters.id_tag": ["Missing."]}
        error = {"code": "invalid_input", "message": "Not valid.", "problems": problems}
        commands.refuse(DEMO_1, "cmd-1002", error)

    def events(self) -> dict[str, Event]:
        """The last of each kind."""
        return {_name(event.body): event for event in self.world.outbox.events("demo")}


@pytest.fixture(scope="module")
def told() -> dict[str, Event]:
    story = DemoStory()
    story.charge()
    story.command()
    return story.events()


def shape(value: Any) -> Any:
    """Names and JSON types; of a list, what its members have in common; numbers are numbers."""
    if isinstance(value, Mapping):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return (
        "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
    )


def test_there_is_an_example_of_every_kind_of_event() -> None:
    kinds = {name.partition(" ")[0] for name in examples()}
    assert kinds == {
        "session_started",
        "session_stopped",
        "meter_value",
        "fault",
        "security_event",
        "status",
        "command_response",
    }


@pytest.mark.parametrize("name", sorted(examples()))
def test_the_example_looks_like_what_is_published(name: str, told: dict[str, Event]) -> None:
    topic, retained, body = examples()[name]
    event = told[name]
    if name == "meter_value":  # the story's last one went to the session's topic, with the same body
        topic = topic.replace("/meter_value", "/session")
    assert list(body) == list(event.body)
    assert shape(body) == shape(event.body)
    assert (topic, retained) == (topic_of(event), is_retained(event))


def test_the_example_command_is_understood() -> None:
    text = text_of("docs/integrators.md")
    sent = [json.loads(block[1]) for block in _BLOCK.finditer(text) if '"parameters"' in block[1]]
    commands = [
        body for body in sent if set(body) <= {"command_id", "command_type", "timestamp", "parameters"}
    ]
    (quoted,) = re.findall(r"-m '(\{.*\})'", text)
    assert len(commands) == 1
    for body in [*commands, json.loads(quoted)]:
        payload = json.dumps(body).encode()
        assert read_command(DEMO_1, payload).command_id == command_id_in(payload) == "cmd-1001"
        load_catalog().command_kind(body["command_type"]).build_payload(body["parameters"])
