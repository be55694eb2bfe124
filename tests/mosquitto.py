"""A real Mosquitto with its dynamic-security plugin; where it is not installed, tests are skipped."""

import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.domain.errors import Retryable
from app.messaging import mqtt
from bench.system import free_ports

_MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
_CONTROL = shutil.which("mosquitto_ctrl")
_PLUGINS = [*Path("/usr/lib").glob("*/mosquitto_dynamic_security.so")]
_UP_WITHIN_S = 10.0
SECRET = "an-admin-secret"
needs_mosquitto = pytest.mark.skipif(
    not (_MOSQUITTO and _CONTROL and _PLUGINS),
    reason="needs Mosquitto with mosquitto_ctrl and the dynamic-security plugin (Debian: mosquitto)",
)


@dataclass
class RealMosquitto:
    """At `tenants_port` it puts the username in the place of the client id, as the documentation advises."""

    folder: Path
    port: int = field(init=False)
    tenants_port: int = field(init=False)

    def __post_init__(self) -> None:
        self.port, self.tenants_port = free_ports(2)
        assert _CONTROL is not None
        command = [_CONTROL, "dynsec", "init", str(self.book), "ocpp", SECRET]
        subprocess.run(command, check=True, capture_output=True)

    @property
    def book(self) -> Path:
        """The plugin's file."""
        return self.folder / "dynamic-security.json"

    @property
    def own_url(self) -> str:
        """Of its administrator, who is also the server's own user."""
        return self.url("ocpp", SECRET)

    def url(self, username: str, password: str, port: int | None = None) -> str:
        """Where to come as this user."""
        return f"mqtt://{username}:{password}@127.0.0.1:{port or self.port}"

    def configuration(self, plugin: Path) -> str:
        """Its configuration file."""
        return (
            f"listener {self.port} 127.0.0.1\nallow_anonymous false\nuser root\n"
            f"plugin {plugin}\nplugin_opt_config_file {self.book}\n"
            f"listener {self.tenants_port} 127.0.0.1\nuse_username_as_clientid true\n"
        )

    def start(self) -> None:
        """Return when it listens."""
        assert _MOSQUITTO is not None
        conf = self.folder / "mosquitto.conf"
        conf.write_text(self.configuration(_PLUGINS[0]))
        self._process = subprocess.Popen([_MOSQUITTO, "-c", str(conf)], stderr=subprocess.DEVNULL)
        self._wait()

    def stop(self) -> None:
        """Its accounts are kept."""
        self._process.terminate()
        self._process.wait(10)

    def _wait(self) -> None:
        ends_at = time.monotonic() + _UP_WITHIN_S
        while True:
            try:
                mqtt.ping(self.own_url)
            except Retryable:
                if time.monotonic() > ends_at:
                    self.stop()
                    raise
                time.sleep(0.05)
            else:
                return
