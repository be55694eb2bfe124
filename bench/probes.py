"""What integrators notice of the load, a process of its own: `python -m bench.probes --result FILE ...`.

While the charge points speak, it sends commands over REST at a steady pace and waits for each to end, and it
notes when session events come over MQTT, until SIGTERM. BENCH_API_KEY says who it is.
"""

import argparse
import asyncio
import json
import os
import random
import signal
from array import array
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx
import paho.mqtt.client as paho

from app.messaging.mqtt import build_client, connect
from bench.load_charge_point import identity

WAIT_S = 15.0
LAST_EVENTS_S = 1.0
COMMAND = {"command_type": "clear_cache", "parameters": {}}
_CONCERNS = b'"session_st'
EVENTS = {"session_started": "started", "session_stopped": "stopped"}


class Ears:
    """When each session event came first: (transaction id, what) -> `time.perf_counter`."""

    def __init__(self, url: str, tenant_id: str) -> None:
        self.heard: dict[tuple[int, str], float] = {}
        self._topic = f"ocpp/events/{tenant_id}/+/session"
        self._client = build_client(url, f"bench-probes-{random.getrandbits(32):08x}")
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        connect(self._client, url)
        self._client.loop_start()

    def _on_connect(self, client: paho.Client, *_: Any) -> None:
        client.subscribe(
            self._topic, qos=0
        )  # the broker has it by then: what is acknowledged here costs only us

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        now = perf_counter()
        if _CONCERNS not in message.payload:  # most tell of energy
            return
        body = json.loads(message.payload)
        what = EVENTS.get(body["event_type"])
        if what is not None:
            self.heard.setdefault((body["data"]["transaction_id"], what), now)

    def close(self) -> None:
        """End the subscription."""
        self._client.disconnect()
        self._client.loop_stop()


class Commander:
    """Sends commands to charge points picked at random, `per_second`, and waits for what becomes of each."""

    def __init__(self, rest_url: str, api_key: str, identities: Sequence[str]) -> None:
        self.latencies: array[float] = array("d")
        self.outcomes: dict[str, int] = {}
        self._identities = identities
        headers = {"X-API-Key": api_key}
        self._client = httpx.AsyncClient(base_url=rest_url, headers=headers, timeout=WAIT_S + 10)

    async def run(self, per_second: float, ended: asyncio.Event) -> None:
        """Until `ended`; then for those that are under way."""
        async with asyncio.TaskGroup() as group:
            began, count = perf_counter(), 0
            while not ended.is_set():
                group.create_task(self._send())
                count += 1
                await asyncio.sleep(max(0.0, began + count / per_second - perf_counter()))
        await self._client.aclose()

    async def _send(self) -> None:
        name, began = random.choice(self._identities), perf_counter()
        path = f"/api/v1/chargepoints/{name}/commands?wait={WAIT_S:g}"
        try:
            answer = await self._client.post(path, json=COMMAND)
        except httpx.HTTPError as failure:
            outcome = type(failure).__name__
        else:
            outcome = answer.json()["status"] if answer.is_success else str(answer.status_code)
            self.latencies.append(perf_counter() - began)
        self.outcomes[str(outcome)] = self.outcomes.get(str(outcome), 0) + 1


async def watch(arguments: argparse.Namespace, ears: Ears) -> dict[str, Any]:
    """Until SIGTERM."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    numbers = range(1, arguments.charge_points + 1, arguments.every)
    identities = [identity(number) for number in numbers]
    commander = Commander(arguments.rest, os.environ["BENCH_API_KEY"], identities)
    await commander.run(arguments.commands, ended)
    await asyncio.sleep(LAST_EVENTS_S)
    heard = [[transaction_id, what, at] for (transaction_id, what), at in ears.heard.items()]
    return {"commands_s": list(commander.latencies), "outcomes": commander.outcomes, "heard": heard}


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.probes", description=__doc__)
    parser.add_argument("--rest", required=True, help="http://host:port")
    parser.add_argument("--mqtt", required=True, help="mqtt://host:port")
    parser.add_argument("--tenant", required=True)
    parser.add_argument("--charge-points", type=int, required=True)
    parser.add_argument("--every", type=int, default=1, help="only every N-th is the tenant's")
    parser.add_argument("--commands", type=float, default=5.0, help="commands a second")
    parser.add_argument("--result", type=Path, required=True)
    return parser.parse_args(argv)


def main() -> None:
    """Entry point of the process."""
    arguments = parse()
    ears = Ears(arguments.mqtt, arguments.tenant)
    result = asyncio.run(watch(arguments, ears))
    ears.close()
    arguments.result.write_text(json.dumps(result))


if __name__ == "__main__":
    main()
