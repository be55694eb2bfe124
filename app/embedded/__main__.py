"""`python -m app.embedded`: the embedded servers that the settings ask for, until SIGTERM or SIGINT.

Ends with 1 when a server cannot start or ends by itself, with 2 when the settings are wrong.
"""

from __future__ import annotations

import signal
import sys
import time

from app.domain.errors import SettingsError
from app.embedded.server import EmbeddedServerError
from app.embedded.servers import EmbeddedServers
from app.settings import Settings

CHECK_S = 0.2
CLIENTS_FIRST_S = 0.7  # honcho ends all processes at once; the others need their stores to finish cleanly


def main() -> int:
    try:
        settings = Settings.from_env()
    except SettingsError as error:
        _say(str(error))
        return 2
    for stopping in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stopping, signal.default_int_handler)
    try:
        return _serve(_chosen(settings))
    except EmbeddedServerError as error:
        _say(str(error))
        return 1


def _chosen(settings: Settings) -> EmbeddedServers:
    """Those whose address is not in the environment."""
    wanted = settings.embedded
    return EmbeddedServers.in_directory(
        settings.var_dir,
        mongodb_port=wanted.mongodb_port if wanted.start_mongodb else None,
        redis_port=wanted.redis_port if wanted.start_redis else None,
        mqtt_port=wanted.mqtt_port if wanted.start_mqtt else None,
    )


def _serve(servers: EmbeddedServers) -> int:
    """Run until a signal (0) or until a server ends by itself (EmbeddedServerError)."""
    try:
        servers.start()
        _say(_summary(servers))
        while True:
            servers.check_alive()
            time.sleep(CHECK_S)
    except KeyboardInterrupt:
        # A second Ctrl-C must not cut the clean stop short; it takes STOP_S at most
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        time.sleep(CLIENTS_FIRST_S if servers.running else 0)
        return 0
    finally:
        servers.stop()


def _summary(servers: EmbeddedServers) -> str:
    if not servers.servers:
        return "no embedded servers: the environment names MongoDB, Redis and MQTT"
    names = ", ".join(f"{name} on port {server.spec.port}" for name, server in servers.servers.items())
    return f"embedded servers are ready: {names}"


def _say(text: str) -> None:
    # print, not logging: this process is run by hand and by honcho, and says three lines in its life
    print(text, file=sys.stdout, flush=True)


if __name__ == "__main__":
    sys.exit(main())
