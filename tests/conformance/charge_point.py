"""A charge point that follows a script, frame by frame, and checks every frame that it gets.

    async with ScriptedChargePoint(system.ws_url, identity) as charge_point:
        await charge_point.boot()
        async with charge_point.expects("Reset", {"type": "Hard"}, answer={"status": "Accepted"}):
            command = await operator.command(charge_point, "Reset", {"type": "Hard"})

Whatever comes is held against the official schemas, the order of the specification's tables and compact
JSON; a Call that the script does not expect is a breach too. Leaving the charge point fails the test with all
breaches. It knows nothing of the system under test.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

from websockets.exceptions import ConnectionClosed

from bench.raw_client import RawClient
from tests.conformance.specification import breaches_of_answer, breaches_of_call

Payload = dict[str, Any]
BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
PATIENCE_S = 10.0


def at(seconds: float = 0) -> str:
    """The time in so many seconds, as a well-behaved charge point writes it."""
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Refusal:
    """Answer a Call with this CallError."""

    def __init__(self, code: str, description: str = "") -> None:
        self.code, self.description = code, description


SILENCE = Refusal("", "")
"""Do not answer at all."""
Answer = Mapping[str, Any] | Refusal | Callable[[Payload], Mapping[str, Any]]


class Expectation:
    """A Call that the script waits for; `payload` is what came."""

    def __init__(self, action: str, answer: Answer) -> None:
        self.action, self.answer = action, answer
        self.unique_id = ""
        self.received: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()

    @property
    def payload(self) -> Payload:
        """What came; only once it has come."""
        return self.received.result()


class ScriptedChargePoint:
    """One WebSocket of one charge point. `options` are those of `RawClient`.

    `calls` are the texts of the Calls that came, `breaches` what was wrong with all that came. Actions in
    `always` are answered so as often as they come.
    """

    def __init__(self, ws_url: str, identity: str, **options: Any) -> None:
        self.identity = identity
        self.client = RawClient(ws_url, identity, **options)
        self.breaches: list[str] = []
        self.calls: list[str] = []
        self.always: dict[str, Answer] = {}
        self._sequence = 0
        self._asked: dict[str, tuple[str, asyncio.Future[list[Any]]]] = {}
        self._expected: deque[Expectation] = deque()
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.client.__aenter__()
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.client.__aexit__(kind, error, trace)
        if self._reader is not None:
            await self._reader
        if error is None:
            assert not self.breaches, "\n".join(self.breaches)

    # --- what comes ------------------------------------------------------------------------------

    async def _read(self) -> None:
        try:
            async for message in self.client.connection:
                await self._take(str(message))
        except ConnectionClosed:
            pass  # the script may end the connection, or lose it
        for _, answer in self._asked.values():
            if not answer.done():
                answer.set_exception(ConnectionError("the connection ended before the answer"))

    async def _take(self, text: str) -> None:
        frame = json.loads(text)
        if frame[0] == 2:
            self.calls.append(text)
            self.breaches += breaches_of_call(text)
            await self._answer(*frame[1:])
            return
        action, answer = self._asked.pop(frame[1], ("", None))
        if answer is None:
            self.breaches.append(f"answers nothing: {text}")
            return
        self.breaches += breaches_of_answer(text, action)
        answer.set_result(frame)

    async def _answer(self, unique_id: str, action: str, payload: Payload) -> None:
        expected = next((e for e in self._expected if e.action == action), None)
        if expected is None:
            if action not in self.always:
                self.breaches.append(f"nobody expects {action} {payload}")
            await self._give(unique_id, self.always.get(action, Refusal("NotSupported")), payload)
            return
        self._expected.remove(expected)
        expected.unique_id = unique_id
        await self._give(unique_id, expected.answer, payload)
        expected.received.set_result(payload)

    async def _give(self, unique_id: str, answer: Answer, payload: Payload) -> None:
        if not isinstance(answer, Refusal):
            await self.send([3, unique_id, answer(payload) if callable(answer) else answer])
        elif answer is not SILENCE:
            await self.send([4, unique_id, answer.code, answer.description, {}])

    @asynccontextmanager
    async def expects(
        self, action: str, payload: Payload | None = None, *, answer: Answer
    ) -> AsyncIterator[Expectation]:
        """Inside, the central system has to send this Call; with `payload`, exactly this one."""
        expectation = Expectation(action, answer)
        self._expected.append(expectation)
        yield expectation
        async with asyncio.timeout(PATIENCE_S):
            received = await expectation.received
        if payload is not None:
            assert received == payload

    # --- what is sent ----------------------------------------------------------------------------

    async def send(self, frame: Any) -> None:
        """Any JSON, or a text as it is."""
        await self.client.send_raw(frame if isinstance(frame, str) else json.dumps(frame))

    async def ask(self, action: str, payload: Any = None, *, unique_id: str | None = None) -> list[Any]:
        """Send a Call; the frame that answers it. Raises ConnectionError when the connection ends before."""
        self._sequence += 1
        unique_id = unique_id or f"m{self._sequence}"
        answer = self.awaits(unique_id, action)
        await self.send([2, unique_id, action, {} if payload is None else payload])
        return await self.within(answer)

    async def ask_raw(self, text: str, unique_id: str, action: str) -> list[Any]:
        """Send a text that is to be answered under this id, as an answer of this action is."""
        answer = self.awaits(unique_id, action)
        await self.send(text)
        return await self.within(answer)

    def awaits(self, unique_id: str, action: str) -> "asyncio.Future[list[Any]]":
        """The answer to come under this id."""
        answer: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._asked[unique_id] = (action, answer)
        return answer

    @staticmethod
    async def within(answer: "asyncio.Future[list[Any]]") -> list[Any]:
        """What `awaits` promised."""
        async with asyncio.timeout(PATIENCE_S):
            return await answer

    async def call(self, action: str, payload: Any = None) -> Payload:
        """Send a Call; the payload of its CallResult. A CallError fails the test."""
        answer = await self.ask(action, payload)
        assert answer[0] == 3, answer
        result: Payload = answer[2]
        return result

    async def refused(self, action: str, payload: Any = None) -> str:
        """Send a Call; the code of its CallError. A CallResult fails the test."""
        answer = await self.ask(action, payload)
        assert answer[0] == 4, answer
        return str(answer[2])

    # --- what charge points do all day -----------------------------------------------------------

    async def boot(self, *connectors: int, **inventory: Any) -> Payload:
        """BootNotification, and Available for these connectors, when the central system has accepted it."""
        answer = await self.call("BootNotification", BOOT | inventory)
        for connector in connectors:
            await self.status(connector, "Available")
        return answer

    async def status(self, connector: int, status: str, error_code: str = "NoError", **more: Any) -> None:
        """StatusNotification, which is answered with nothing."""
        payload = {"connectorId": connector, "errorCode": error_code, "status": status, "timestamp": at()}
        assert await self.call("StatusNotification", payload | more) == {}

    async def authorize(self, id_tag: str) -> Payload:
        """IdTagInfo."""
        info: Payload = (await self.call("Authorize", {"idTag": id_tag}))["idTagInfo"]
        return info

    async def start(
        self, id_tag: str, meter_start: int = 1000, connector: int = 1, **more: Any
    ) -> tuple[int, Payload]:
        """StartTransaction; the transaction's id and IdTagInfo."""
        start = {"connectorId": connector, "idTag": id_tag, "meterStart": meter_start, "timestamp": at()}
        answer = await self.call("StartTransaction", start | more)
        assert answer["transactionId"] > 0
        return answer["transactionId"], answer["idTagInfo"]

    async def stop(self, transaction_id: int, meter_stop: int = 3500, **more: Any) -> Payload:
        """StopTransaction."""
        stop = {"transactionId": transaction_id, "meterStop": meter_stop, "timestamp": at()}
        return await self.call("StopTransaction", stop | more)

    async def meter_values(self, sampled: Any, connector: int = 1, **more: Any) -> None:
        """MeterValues with one reading of these sampled values, which are answered with nothing."""
        reading = {"timestamp": at(), "sampledValue": sampled}
        payload = {"connectorId": connector, "meterValue": [reading]}
        assert await self.call("MeterValues", payload | more) == {}
