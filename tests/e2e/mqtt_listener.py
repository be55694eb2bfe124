"""A subscriber that tests can wait on."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import paho.mqtt.client as paho

from app.messaging import mqtt


@dataclass(frozen=True)
class Heard:
    """One message."""

    topic: str
    body: dict[str, Any]
    retained: bool


class MqttListener:
    """Async context manager; keeps every message of its filters in order of arrival."""

    def __init__(self, url: str, client_id: str, *filters: str) -> None:
        self._url = url
        self._filters = filters
        self.heard: list[Heard] = []
        self._news = asyncio.Event()
        self._subscribed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.client = mqtt.build_client(url, client_id)
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = self._on_subscribe
        self.client.on_message = self._on_message

    def _on_subscribe(self, *_: Any) -> None:
        self._loop.call_soon_threadsafe(self._subscribed.set)

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        self._loop.call_soon_threadsafe(self._keep, message)

    def _on_connect(self, client: paho.Client, *_: Any) -> None:
        client.subscribe([(topic, 1) for topic in self._filters])

    def _keep(self, message: paho.MQTTMessage) -> None:
        self.heard.append(Heard(message.topic, json.loads(message.payload), message.retain))
        self._news.set()

    async def __aenter__(self) -> Self:
        mqtt.connect(self.client, self._url)
        self.client.loop_start()
        async with asyncio.timeout(10):
            await self._subscribed.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    async def wait_for(self, wanted: Callable[[Heard], bool], timeout_s: float = 15.0) -> Heard:
        """The first message, past or future, for which `wanted` is true."""
        return (await self.wait_for_count(wanted, 1, timeout_s))[0]

    async def wait_for_count(
        self, wanted: Callable[[Heard], bool], count: int, timeout_s: float = 15.0
    ) -> list[Heard]:
        """The first `count` messages for which `wanted` is true."""
        try:
            async with asyncio.timeout(timeout_s):
                while len(found := [message for message in self.heard if wanted(message)]) < count:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            seen = "\n".join(f"{message.topic} {message.body}" for message in self.heard)
            raise AssertionError(f"Not heard in {timeout_s} s. Heard:\n{seen}") from None
        return found[:count]

    def publish(self, topic: str, body: dict[str, Any] | str) -> None:
        """Send a message as an integrator would."""
        payload = body if isinstance(body, str) else json.dumps(body)
        self.client.publish(topic, payload, qos=1)
