"""Statuses that the broker keeps: they would outlive their tenant."""

from collections.abc import Callable, Iterable

import paho.mqtt.client as paho
import structlog

from app.domain.context import ChargePointRef
from app.domain.errors import Retryable
from app.messaging import mqtt, topics

log = structlog.stdlib.get_logger(__name__)
_TIMEOUT_S = 5.0


class RetainedStatuses:
    """Forgets them. `charge_points_of` names a tenant's charge points."""

    def __init__(self, url: str, charge_points_of: Callable[[str], Iterable[str]]) -> None:
        self._url = url
        self._charge_points_of = charge_points_of

    def remove_all(self, tenant_id: str) -> None:
        """An empty message takes the place of each status (MQTT 3.1.1, 3.3.1.3). Raises Retryable."""
        refs = [ChargePointRef(tenant_id, name) for name in self._charge_points_of(tenant_id)]
        if not refs:
            return
        client = mqtt.build_client(self._url, "")
        try:
            mqtt.connect(client, self._url)
            client.loop_start()
            sent = [client.publish(topics.status_topic(ref), b"", qos=1, retain=True) for ref in refs]
            self._wait(sent)
        except (OSError, ValueError, RuntimeError) as failure:
            raise Retryable(f"MQTT: {type(failure).__name__}: {failure}") from failure
        finally:
            client.disconnect()
            client.loop_stop()

    def _wait(self, sent: list[paho.MQTTMessageInfo]) -> None:
        for message in sent:
            message.wait_for_publish(timeout=_TIMEOUT_S)
            if not message.is_published():
                raise TimeoutError("the broker did not acknowledge in time")
