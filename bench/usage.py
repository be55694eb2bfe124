"""CPU seconds and peak memory of every process of the system, by name, sampled with psutil."""

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import psutil

SAMPLE_S = 1.0
MB = 1024 * 1024
SERVER_WORDS = {
    "mongodb": ("secantus", "mongod"),
    "redis": ("valkey", "redis"),
    "mqtt": ("mqtt", "iotcore", "mosquitto"),
}


class UsageSampler:
    """Watches process trees from a thread between `start` and `stop`.

    CPU counts between `open_window` and `close_window`. Memory is the sum of resident sizes (RSS) of a
    name's processes: the highest ever seen, and how much it grew inside the window, the mean of its last
    tenth against that of its second. Children of `servers` are told apart by their command line.
    """

    def __init__(self, pids: Callable[[], Mapping[str, int]], listening: Mapping[str, int]) -> None:
        self._pids = pids
        self._outside = {name: pid for name, port in listening.items() if (pid := listener(port))}
        self._names: dict[int, str] = {}
        self._cpu_s: dict[int, float] = {}
        self._peak_rss: dict[str, int] = defaultdict(int)
        self._rss: dict[str, list[int]] = defaultdict(list)
        self._opened: dict[int, float] = {}
        self._closed: dict[int, float] = {}
        self._rss_inside: dict[str, list[int]] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="usage", daemon=True)

    def start(self) -> None:
        """Begin to sample."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def open_window(self) -> None:
        """CPU counts from now."""
        self._opened = self._sample()
        with self._lock:
            self._rss.clear()

    def close_window(self) -> None:
        """CPU counts until now."""
        self._closed = self._sample()
        with self._lock:
            self._rss_inside = {name: list(sizes) for name, sizes in self._rss.items()}

    def result(self, seconds: float) -> dict[str, dict[str, Any]]:
        """Per name: CPU seconds inside the window, per cent of one core, peak and growth of RSS."""
        used: dict[str, float] = defaultdict(float)
        count: dict[str, int] = defaultdict(int)
        for pid, cpu_s in self._closed.items():
            used[self._names[pid]] += cpu_s - self._opened.get(pid, 0.0)
            count[self._names[pid]] += 1
        return {
            name: {
                "cpu_s": round(used[name], 2),
                "cpu_percent": round(100 * used[name] / seconds, 1),
                "peak_rss_mb": round(self._peak_rss[name] / MB, 1),
                "rss_growth_percent": growth_percent(self._rss_inside.get(name, [])),
                "processes": count[name],
            }
            for name in sorted(used)
        }

    def _run(self) -> None:
        while not self._ended.wait(SAMPLE_S):
            self._sample()

    def _sample(self) -> dict[int, float]:
        """Look at every process once; gives the CPU seconds by pid, those of ended ones as last seen."""
        with self._lock:
            memory: dict[str, int] = defaultdict(int)
            for name, pid in {**self._outside, **self._pids()}.items():
                for process in _tree(pid):
                    self._look(name, process, memory)
            for name, size in memory.items():
                self._peak_rss[name] = max(self._peak_rss[name], size)
                self._rss[name].append(size)
            return dict(self._cpu_s)

    def _look(self, name: str, process: psutil.Process, memory: dict[str, int]) -> None:
        try:
            with process.oneshot():
                times = process.cpu_times()
                size = process.memory_info().rss
                if process.pid not in self._names:
                    self._names[process.pid] = _label(name, process)
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            return
        self._cpu_s[process.pid] = times.user + times.system
        memory[self._names[process.pid]] += size


def growth_percent(sizes: Sequence[int]) -> float | None:
    """The mean of the last tenth against that of the second tenth; None of too few."""
    tenth = len(sizes) // 10
    if not tenth:
        return None
    before, after = sum(sizes[tenth : 2 * tenth]), sum(sizes[-tenth:])
    return round(100 * (after / before - 1), 1) if before else None


def _tree(pid: int) -> list[psutil.Process]:
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _label(name: str, process: psutil.Process) -> str:
    """Which of the embedded servers a child of `servers` is; other processes keep their name."""
    if name != "servers" or process.ppid() == psutil.Process().pid:
        return name
    command = " ".join(process.cmdline()).lower()
    return next((label for label, words in SERVER_WORDS.items() if any(w in command for w in words)), name)


def listener(port: int) -> int | None:
    """The process that listens on a port of this machine, if we may know."""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return None
    found = (c.pid for c in connections if c.status == psutil.CONN_LISTEN and _port(c.laddr) == port)
    return next((pid for pid in found if pid), None)


def _port(address: Any) -> int | None:
    """psutil's (ip, port), which is empty for sockets without an address."""
    return address.port if address else None
