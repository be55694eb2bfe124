"""Hears everything on the broker, whosever it is."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import orjson
import paho.mqtt.client as paho

from app.messaging import mqtt

PATIENCE_S = 15.0


@dataclass(frozen=True)
class Heard:
    """One message."""

    topic: str
    payload: str

    @property
    def tenant_id(self) -> str:
        """Whose topic it came on."""
        return self.topic.split("/")[2]

    @property
    def body(self) -> Any:
        """What it says."""
        return orjson.loads(self.payload)


class Ears:
    """A context manager. `heard` grows while it is open."""

    def __init__(self, url: str) -> None:
        self.heard: list[Heard] = []
        self._news = threading.Condition()
        self._subscribed = threading.Event()
        self._url = url
        self.client = mqtt.build_client(url, f"isolation-{time.monotonic_ns()}")
        self.client.on_connect = lambda client, *_: client.subscribe("#", 1)
        self.client.on_subscribe = lambda *_: self._subscribed.set()
        self.client.on_message = self._keep

    def __enter__(self) -> Self:
        mqtt.connect(self.client, self._url)
        self.client.loop_start()
        assert self._subscribed.wait(PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def _keep(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        with self._news:
            self.heard.append(Heard(message.topic, message.payload.decode()))
            self._news.notify_all()

    def of(self, tenant_id: str) -> list[Heard]:
        """All that came on a tenant's topics."""
        with self._news:
            return [one for one in self.heard if f"/{tenant_id}/" in f"{one.topic}/"]

    def wait_for(self, tenant_id: str, is_it: Callable[[Heard], bool]) -> Heard:
        """The first message on a tenant's topics for which `is_it` is true, past or future."""
        found = self.listen_for(tenant_id, is_it, PATIENCE_S)
        assert found is not None, f"not heard in time on the topics of {tenant_id}"
        return found

    def listen_for(self, tenant_id: str, is_it: Callable[[Heard], bool], patience_s: float) -> Heard | None:
        """The same; None if it does not come in time."""
        ends_at, looked_at = time.monotonic() + patience_s, 0
        with self._news:
            while True:
                for one in self.heard[looked_at:]:
                    if f"/{tenant_id}/" in one.topic and is_it(one):
                        return one
                looked_at = len(self.heard)
                left = ends_at - time.monotonic()
                if left <= 0:
                    return None
                self._news.wait(left)

    def publish(self, topic: str, body: Any) -> None:
        """As a tenant's service would."""
        self.client.publish(topic, orjson.dumps(body), qos=1).wait_for_publish(PATIENCE_S)
