"""What the runs of `bench.full` measured, as a page to read."""

from collections.abc import Mapping, Sequence
from typing import Any

from bench.report import machine

Result = Mapping[str, Any]
LONG = {
    "queue": "queue mode",
    "queue-more": "queue mode, a quarter more",
    "bypass": "bypass mode",
    "embedded-queue": "queue mode",
    "embedded-bypass": "bypass mode",
}
CURVES = {
    "Charge points connected": ("charge_points", ("points-100", "points-1000", "points-10000")),
    "Tenants": ("tenants", ("points-1000", "tenants-30", "tenants-300")),
    "Meter values stored before, with a session for every ten": ("stored", ("points-1000", "stored")),
}
PROCESSES = ("gateway", "worker", "mongodb", "events", "redis", "mqtt", "web", "load")
OURS = ("gateway", "worker")


def render(measured: Mapping[str, Result]) -> str:
    """The whole page, of what there is."""
    where = machine()
    parts = [
        "# Results",
        "Written by `make bench-full`; what each figure means stands in [README.md](README.md). "
        "Load generator, probes and all servers share the machine.",
        _table(
            ("machine", "versions", "date"),
            [(f"{where['cpu_count']} cores, {where['system']}", f"Python {where['python']}", where["date"])],
        ),
        "## Under load",
        _under_load(measured),
        "Times are from the moment at which a call is due to its answer. A start is due together with the "
        "stop before it, and waits for that one's answer: so its time on the wire stands beside.",
        "CPU in microseconds per message, and peak memory (RSS) in MB with its growth in per cent "
        "from the second tenth of the run to the last:",
        _costs(measured),
        "## All come back at once",
        _storm(measured.get("storm")),
        "## What the cost of a message does not depend on",
        *(_curve(title, column, names, measured) for title, (column, names) in CURVES.items()),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _under_load(measured: Mapping[str, Result]) -> str:
    head = (
        "run", "store", "charge points", "seconds", "messages/min", "p50 ms", "p99 ms",
        "start p99 / on the wire", "stop p99", "command p50 / p99", "event p50 / p99",
        "errors", "lost", "sessions wrong", "run at",
    )  # fmt: skip
    return _table(head, [_load_row(LONG[name], measured[name]) for name in LONG if name in measured])


def _load_row(title: str, one: Result) -> tuple[Any, ...]:
    actions = one["actions"]
    return (
        title,
        one["store"],
        f"{one['charge_points']:,}",
        f"{one['seconds']:g}",
        f"{60 * one['rate_per_s']:,.0f}",
        _number(one["p50_ms"]),
        _number(one["p99_ms"]),
        _start(actions.get("StartTransaction", {})),
        _number(actions.get("StopTransaction", {}).get("p99_ms")),
        f"{_number(one['command_p50_ms'])} / {_number(one['command_p99_ms'])}",
        f"{_number(one['event_p50_ms'])} / {_number(one['event_p99_ms'])}",
        one["errors"],
        one["lost"],
        one["session_mismatches"],
        _when(one),
    )


def _start(one: Mapping[str, float | None]) -> str:
    """It is due at once with the stop before it, and waits for that one's answer."""
    return f"{_number(one.get('p99_ms'))} / {_number(one.get('service_p99_ms'))}"


def _costs(measured: Mapping[str, Result]) -> str:
    rows = []
    for name, title in LONG.items():
        if name not in measured:
            continue
        one = measured[name]
        cost = _cost_of(one)
        memory = [_memory(one["processes"].get(process)) for process in PROCESSES]
        rows.append((f"{title}, {one['store']}, us", *(f"{cost[p]:.0f}" for p in PROCESSES), _ours(cost)))
        rows.append(("MB", *memory, ""))
    return _table(("", *PROCESSES, "gateway + worker"), rows)


def _cost_of(one: Result) -> dict[str, float]:
    """Microseconds of CPU per answered message, by process."""
    used = {name: one["processes"].get(name, {}).get("cpu_s", 0.0) for name in PROCESSES}
    return {name: cpu_s * 1e6 / max(1, one["answered"]) for name, cpu_s in used.items()}


def _ours(cost: Mapping[str, float]) -> str:
    return f"{sum(cost[name] for name in OURS):.0f}"


def _memory(used: Mapping[str, Any] | None) -> str:
    if used is None:
        return "-"
    growth = used.get("rss_growth_percent")
    return f"{used['peak_rss_mb']:.0f}" + ("" if growth is None else f" ({growth:+.1f} %)")


def _storm(one: Result | None) -> str:
    if one is None:
        return ""
    head = (
        "charge points", "within s", "served", "last served s", "put off", "handshake p50 / p99 ms",
        "boot p50 / p99 ms", "gateway MB", "run at",
    )  # fmt: skip
    put_off = sum(count for name, count in one["attempts"].items() if name in ("503", "429"))
    row = (
        f"{one['charge_points']:,}",
        f"{one['within_s']:g}",
        f"{one['served']:,}",
        one["last_served_s"],
        f"{put_off:,}",
        f"{_number(one['handshake_p50_ms'])} / {_number(one['handshake_p99_ms'])}",
        f"{_number(one['boot_p50_ms'])} / {_number(one['boot_p99_ms'])}",
        f"{one['processes']['gateway']['peak_rss_mb']:.0f}",
        _when(one),
    )
    return _table(head, [row])


def _curve(title: str, column: str, names: Sequence[str], measured: Mapping[str, Result]) -> str:
    found = [measured[name] for name in names if name in measured]
    head = (
        title,
        "messages/min",
        "p50 ms",
        "p99 ms",
        *(f"{p} us" for p in PROCESSES),
        "gateway + worker us",
        "lost",
        "run at",
    )
    rows = []
    for one in found:
        cost = _cost_of(one)
        rows.append(
            (
                f"{one[column]:,}",
                f"{60 * one['rate_per_s']:,.0f}",
                _number(one["p50_ms"]),
                _number(one["p99_ms"]),
                *(f"{cost[name]:.0f}" for name in PROCESSES),
                _ours(cost),
                one["lost"],
                _when(one),
            )
        )
    return _table(head, rows)


def _when(one: Result) -> str:
    """To the minute, in UTC: a page may hold runs of several days."""
    return str(one.get("machine", {}).get("date", "-"))[:16].replace("T", " ")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
