"""One embedded server process: start, readiness, stop, kill, restart.

The child never outlives its parent (on Linux), not even a parent that was killed with SIGKILL.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
STOP_S = 4.0  # honcho kills what is left five seconds after the first process ended
POLL_S = 0.05
LOG_LIMIT_BYTES = 1_000_000
REPOSITORY = Path(__file__).resolve().parent.parent.parent
PR_SET_PDEATHSIG = 1  # from linux/prctl.h
# Below the ephemeral range: a client socket of a load test cannot take these ports meanwhile.
FREE_PORTS = range(20_000, 32_000)
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None  # resolved here: after fork() it is too late

log = logging.getLogger(__name__)


class EmbeddedServerError(Exception):
    """A server could not be started, or ended by itself. The message is for the person at the terminal."""


def free_port() -> int:
    """A loopback port that is free now; only for tests, where a rare clash may fail a start."""
    while True:
        port = random.choice(FREE_PORTS)  # noqa: S311 - no secret
        if _is_free(port):
            return port


@dataclass(frozen=True)
class ServerSpec:
    """What one kind of server needs: its command line and how to tell that it answers."""

    name: str
    port: int
    port_variable: str
    url_variable: str
    url: str
    directory: Path
    command: list[str]
    answers: Callable[[], bool]


class EmbeddedServer:
    """One server process. Not thread-safe, and started from a thread that outlives it (see `_die_with`)."""

    def __init__(self, spec: ServerSpec) -> None:
        self.spec = spec
        self.log_path = spec.directory.parent / "logs" / f"{spec.name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self.spec.url

    @property
    def pid(self) -> int | None:
        """Of the running process; None before start and after stop or kill."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the process; `wait_ready` tells when it answers. EmbeddedServerError if the port is taken."""
        if self._process is not None:
            raise EmbeddedServerError(f"{self.spec.name} is running already")
        self._check_port()
        self.spec.directory.mkdir(parents=True, exist_ok=True)
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        too_long = self.log_path.exists() and self.log_path.stat().st_size > LOG_LIMIT_BYTES
        with self.log_path.open("wb" if too_long else "ab") as output:
            self._process = subprocess.Popen(
                self.spec.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=REPOSITORY,
                # Ctrl-C and honcho's killpg must reach the parent alone: it stops its servers in order
                start_new_session=True,
                preexec_fn=_die_with(os.getpid()),
            )

    def wait_ready(self, timeout: float = 15.0) -> None:
        """Return when the server answers its protocol; EmbeddedServerError if it ends or takes too long."""
        deadline_at = time.monotonic() + timeout
        while not self.spec.answers():
            self.check_alive()
            if time.monotonic() > deadline_at:
                raise EmbeddedServerError(
                    f"{self.spec.name} does not answer after {timeout:.0f} s{self._log_tail()}"
                )
            time.sleep(POLL_S)

    def check_alive(self) -> None:
        """EmbeddedServerError, with the end of the server's log, if the process is not running."""
        if self._process is None:
            raise EmbeddedServerError(f"{self.spec.name} is not running")
        code = self._process.poll()
        if code is not None:
            raise EmbeddedServerError(f"{self.spec.name} ended with code {code}{self._log_tail()}")

    def stop(self, timeout: float = STOP_S) -> None:
        """SIGTERM, then SIGKILL after `timeout` seconds. Does nothing when not running."""
        if self._process is None:
            return
        self._process.terminate()
        deadline_at = time.monotonic() + timeout
        while self._process.poll() is None:
            if time.monotonic() > deadline_at:
                log.warning("%s is not done with its stop after %.1f s, killing it", self.spec.name, timeout)
                self._process.kill()
                self._process.wait()
                break
            time.sleep(POLL_S)
            # SecantusDB's accept() sleeps two seconds on after its socket is closed, unless someone knocks
            _knock(self.spec.port)
        self._process = None

    def kill(self) -> None:
        """SIGKILL, as a crash would: for tests of what happens then."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        """Stop if running, start on the same port and data, and wait until it answers."""
        self.stop()
        self.start()
        self.wait_ready()

    def _check_port(self) -> None:
        if not _is_free(self.spec.port):
            raise EmbeddedServerError(
                f"port {self.spec.port} for the embedded {self.spec.name} server is taken: choose another "
                f"with {self.spec.port_variable}, or name a running server in {self.spec.url_variable}"
            )

    def _log_tail(self) -> str:
        lines = self.log_path.read_text(errors="replace").splitlines()[-10:]
        return "".join(f"\n    {line}" for line in [f"see {self.log_path}:", *lines])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # SO_REUSEADDR: connections of an earlier run in TIME_WAIT are no reason to refuse
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _knock(port: int) -> None:
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), POLL_S):
        pass


def _die_with(parent_pid: int) -> Callable[[], None] | None:
    """What the child runs before exec, so that the kernel kills it when the parent ends for any reason.

    The kernel means the parent's *thread*: a server started from a short-lived thread ends with that thread.
    """
    if LIBC is None:
        return None
    libc = LIBC

    def ask_the_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent_pid:  # the parent ended between fork and prctl
            os._exit(1)

    return ask_the_kernel
