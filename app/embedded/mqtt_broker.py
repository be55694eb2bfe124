"""The MQTT broker's own process: `python -m app.embedded.mqtt_broker PORT`, started by `app.embedded`."""

from __future__ import annotations

import logging
import sys
from tempfile import NamedTemporaryFile

from iotcore.iotcore import IotCoreBroker

from app.embedded.server import HOST

_MEGABYTE = 1_048_576
# For each topic filter it keeps the last messages in memory, read or not, by default a gigabyte of them. With
# this a subscriber may be 50,000 events behind before it misses the oldest
SEGMENTS, SEGMENT_BYTES = 8, 5 * _MEGABYTE
MAX_PAYLOAD_BYTES = 4 * _MEGABYTE  # an event holds more than the largest call that made it
MAX_INFLIGHT = 1_000  # QoS 1 messages on their way to one subscriber; the default of 100 throttles the relay
MAX_CONNECTIONS = 1_000
_CONFIGURATION = f"""
id = 0
[router]
id = 0
max_connections = {MAX_CONNECTIONS}
max_outgoing_packet_count = 200
max_segment_count = {SEGMENTS}
max_segment_size = {SEGMENT_BYTES}
[v4.1]
name = "v4-1"
listen = "{HOST}:%d"
next_connection_delay_ms = 1
[v4.1.connections]
connection_timeout_ms = 60000
max_inflight_count = {MAX_INFLIGHT}
max_payload_size = {MAX_PAYLOAD_BYTES}
"""


def main() -> None:
    """Serve until SIGTERM; the broker has no stop of its own and keeps nothing that a stop could lose."""
    logging.basicConfig(level=logging.WARNING)
    # rumqttd logs every packet inside `error_span!`s, which arrive here as ERROR records
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)
    with NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(_CONFIGURATION % int(sys.argv[1]))
        file.flush()
        broker = IotCoreBroker(config_path=file.name)
    broker.run_forever()


if __name__ == "__main__":
    main()
