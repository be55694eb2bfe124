"""The result of a run: one JSON document, and the same as a table to read."""

import os
import platform
from array import array
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console, Group
from rich.table import Table

from bench.latency import summary
from bench.verify import Verdict

TIMES = ("p50_ms", "p95_ms", "p99_ms", "max_ms", "service_p50_ms", "service_p99_ms")


def machine() -> dict[str, Any]:
    """Where and when it ran."""
    return {
        "cpu_count": os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def build_result(
    run: dict[str, Any], load: dict[str, Any], verdict: Verdict, processes: dict[str, Any], store: str
) -> dict[str, Any]:
    """The JSON document. Counts at the top level are of the measured window; `total` is the whole run.

    `lost` is of the whole run: every call sent, boots and warm-up included, minus those found in MongoDB.
    """
    return {
        **run,
        **load["measured"],
        "unanswered": load["total"]["unanswered"],
        "disconnects": load["total"]["disconnects"],
        "lost": verdict.lost,
        "answered_lost": verdict.answered_lost,
        "session_mismatches": verdict.session_mismatches,
        "meter_values_missing": verdict.meter_values_missing,
        "total": {
            **load["total"],
            "found": verdict.found,
            "duplicates": verdict.duplicates,
            "sessions": verdict.sessions,
            "meter_values_found": verdict.meter_values,
        },
        "differences": verdict.examples,
        "generator_us_per_message": load["generator_us_per_message"],
        "processes": processes,
        "store": store,
        "machine": machine(),
    }


def seen_outside(probes: dict[str, Any], ledger: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Commands from REST to the charge point and back, and session events after the answer to their call.

    An event may come before the charge point has its answer: that is 0. Its commit was a little earlier.
    """
    answered = {
        (entry["transaction_id"], what): entry[f"{what}_at"]
        for point in ledger
        for entry in point["sessions"]
        for what in ("started", "stopped")
    }
    waits = array(
        "d",
        (
            max(0.0, at - answered[transaction_id, what])
            for transaction_id, what, at in probes["heard"]
            if answered.get((transaction_id, what))
        ),
    )
    return {
        "command_outcomes": probes["outcomes"],
        **summary(array("d", probes["commands_s"]), "command_"),
        "events_heard": len(waits),
        **summary(waits, "event_"),
    }


def passed(result: dict[str, Any]) -> bool:
    """Nothing lost, no session different."""
    return not (result["lost"] or result["session_mismatches"] or result["meter_values_missing"])


def show(result: dict[str, Any], console: Console) -> None:
    """Print the table."""
    console.print(Group(_latencies(result), _processes(result), _sentence(result)))
    for difference in result["differences"]:
        console.print(f"  {difference}", style="red", markup=False)


def _latencies(result: dict[str, Any]) -> Table:
    title = (
        f"{result['charge_points']} charge points, {result['rate']:g} calls/s for {result['seconds']:g} s, "
        f"{result['mode']} mode, {result['store']} store"
    )
    table = Table(title=title, title_justify="left")
    table.add_column("action", no_wrap=True)
    for column in ("answered", "p50 ms", "p95 ms", "p99 ms", "max ms", "service p50 ms", "p99 ms"):
        table.add_column(column, justify="right")
    for action, numbers in result["actions"].items():
        table.add_row(action, *_cells(numbers))
    table.add_section()
    table.add_row("all", *_cells(result), style="bold")
    return table


def _cells(numbers: dict[str, Any]) -> list[str]:
    times = ["-" if numbers[name] is None else f"{numbers[name]:,.1f}" for name in TIMES]
    return [f"{numbers['answered']:,}", *times]


def _processes(result: dict[str, Any]) -> Table:
    table = Table()
    table.add_column("process", no_wrap=True)
    for column in ("CPU s", "% of a core", "peak RSS MB", "us per call"):
        table.add_column(column, justify="right")
    answered = max(1, result["answered"])
    for name, used in result["processes"].items():
        per_call = f"{used['cpu_s'] * 1e6 / answered:,.0f}"
        memory = f"{used['peak_rss_mb']:,.0f}"
        table.add_row(name, f"{used['cpu_s']:.1f}", f"{used['cpu_percent']:.0f}", memory, per_call)
    return table


def _sentence(result: dict[str, Any]) -> str:
    total = result["total"]
    verdict = "[green]passed[/]" if passed(result) else "[red]FAILED[/]"
    return (
        f"commands {_pair(result, 'command_')} ms {result['command_outcomes']}, "
        f"events {_pair(result, 'event_')} ms after the answer; "
        f"{result['rate_per_s']:,} answers/s, {result['errors']} errors, {result['unanswered']} unanswered, "
        f"{result['disconnects']} disconnects; "
        f"whole run: {total['sent']:,} calls sent, {total['found']:,} found in MongoDB, "
        f"lost {result['lost']} ({result['answered_lost']} of them answered), "
        f"{total['duplicates']} twice, {total['sessions']:,} sessions, "
        f"{result['session_mismatches']} different, "
        f"{result['meter_values_missing']} of {total['meter_values']:,} meter values missing: {verdict}"
    )


def _pair(result: dict[str, Any], prefix: str) -> str:
    return f"p50 {result[prefix + 'p50_ms']} / p99 {result[prefix + 'p99_ms']}"
