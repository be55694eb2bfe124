"""The local MongoDB, Redis and MQTT servers of development and tests (design section 6).

`python -m app.embedded` starts the ones that no environment variable replaces. Tests use them as a library:

    with EmbeddedServers.in_directory(path, mongodb_port=free_port(), redis_port=free_port()) as servers:
        MongoClient(servers.mongodb_uri)
        servers.redis.kill()
        servers.redis.restart()

All three are real servers in processes of their own, on loopback only. MongoDB and Redis find their data
again after a stop and after SIGKILL; the MQTT broker keeps everything (retained messages, sessions) in
memory and starts empty. The MongoDB stand-in is a GPL program: it is only ever run, never imported.
"""

from app.embedded.server import EmbeddedServer, EmbeddedServerError, free_port
from app.embedded.servers import EmbeddedServers

__all__ = ["EmbeddedServer", "EmbeddedServerError", "EmbeddedServers", "free_port"]
