"""The MQTT broker's own process: `python -m app.embedded.mqtt_broker PORT`, started by `app.embedded`."""

from __future__ import annotations

import logging
import sys

from iotcore.iotcore import IotCoreBroker

from app.embedded.server import HOST

MAX_PAYLOAD_BYTES = 4 * 1_048_576  # an event holds more than the largest call that made it
MAX_INFLIGHT = 1_000  # QoS 1 messages on their way to one subscriber; the default of 100 throttles the relay
MAX_CONNECTIONS = 1_000


def main() -> None:
    """Serve until SIGTERM; the broker has no stop of its own and keeps nothing that a stop could lose."""
    logging.basicConfig(level=logging.WARNING)
    # rumqttd logs every packet inside `error_span!`s, which arrive here as ERROR records
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)
    IotCoreBroker(
        listen=HOST,
        port=int(sys.argv[1]),
        max_connections=MAX_CONNECTIONS,
        max_payload_size=MAX_PAYLOAD_BYTES,
        max_inflight_count=MAX_INFLIGHT,
    ).run_forever()


if __name__ == "__main__":
    main()
