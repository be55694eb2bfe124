"""Starts the Procfile's processes, each in a process group of its own, and ends exactly those."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

STOP_WITHIN_S = 20.0
LINE = re.compile(r"^([A-Za-z0-9_-]+):\s*(.+)$")


class ProcessEnded(RuntimeError):
    """A process that should run has ended; the text holds the end of its log."""


def read_procfile(path: Path) -> dict[str, str]:
    """Name -> command line of each process."""
    matches = (LINE.match(line) for line in path.read_text().splitlines())
    return {match[1]: match[2] for match in matches if match}


class ProcessGroup:
    """The processes of one run, by name. `log_directory` gets one file per process."""

    def __init__(self, directory: Path, environment: Mapping[str, str], log_directory: Path) -> None:
        self._directory = directory
        self._environment = dict(environment)
        self._logs = log_directory
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        log_directory.mkdir(parents=True, exist_ok=True)

    def start(self, name: str, command: str, **more: str) -> None:
        """Start a shell command line, with `more` in its environment.

        It does not get our Ctrl-C: we end it ourselves, in order.
        """
        with self._log(name).open("ab") as log:
            self._running[name] = subprocess.Popen(
                ["/bin/sh", "-c", f"exec {command}"],
                cwd=self._directory,
                env={**self._environment, **more},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def start_piped(self, name: str, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start a program whose standard output the caller reads."""
        with self._log(name).open("ab") as log:
            self._running[name] = subprocess.Popen(
                list(arguments),
                cwd=self._directory,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        return self._running[name]

    @property
    def pids(self) -> dict[str, int]:
        """Process ids by name."""
        return {name: process.pid for name, process in self._running.items()}

    def check(self) -> None:
        """ProcessEnded if one of them is gone."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise ProcessEnded(f"{name} ended with code {process.returncode}.\n{self.log_end(name)}")

    def log_end(self, name: str, lines: int = 15) -> str:
        """The last lines of a process's log."""
        text = self._log(name).read_text(errors="replace").splitlines()
        return "\n".join(f"  {name} | {line}" for line in text[-lines:])

    def stop(self, names: Sequence[str] | None = None) -> None:
        """End the named processes (or all) and all their children: SIGTERM, a wait, SIGKILL."""
        chosen = {name: self._running.pop(name) for name in names or list(self._running)}
        family = [child for process in chosen.values() for child in _children(process.pid)]
        for process in chosen.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        ends_at = time.monotonic() + STOP_WITHIN_S
        for process in chosen.values():
            try:
                process.wait(max(0.1, ends_at - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        _, alive = psutil.wait_procs(family, timeout=2)
        for child in alive:
            _kill(child)

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"


def _children(pid: int) -> list[psutil.Process]:
    try:
        children: list[psutil.Process] = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    return children


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()  # psutil checks that the id was not reused
    except psutil.NoSuchProcess:
        return


def program_path(python: str) -> str:
    """PATH with the running interpreter's folder first, so that `python` and `celery` are its own."""
    return os.pathsep.join([str(Path(python).parent), os.environ.get("PATH", "")])
