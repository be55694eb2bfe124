"""The end of the demo: the sessions as the REST API tells them, beside what the charge points know."""

import json
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.charging import FinishedSession

ROWS = 20
PAGE = 100


class RestApi:
    """The few requests that the demo needs, logged in as the demo operator."""

    def __init__(self, demo: Mapping[str, Any]) -> None:
        self._base = f"{demo['rest_url']}/api/v1"
        self._headers = {"Content-Type": "application/json"}
        operator = demo["users"]["operator"]
        login = {"email": operator["email"], "password": operator["password"]}
        token = self.request("/auth/login", json.dumps(login).encode())["access_token"]
        self._headers["Authorization"] = f"Bearer {token}"

    def request(self, path: str, body: bytes | None = None) -> dict[str, Any]:
        """GET, or POST with a body. Raises `urllib.error.HTTPError`."""
        request = urllib.request.Request(self._base + path, body, self._headers)  # noqa: S310 - our own address
        with urllib.request.urlopen(request, timeout=15) as answer:  # noqa: S310
            result: dict[str, Any] = json.load(answer)
            return result

    def sessions(self) -> Iterator[dict[str, Any]]:
        """All sessions of the tenant, newest first."""
        path = f"/sessions?limit={PAGE}"
        page = self.request(path)
        yield from page["items"]
        while page["next_cursor"]:
            page = self.request(f"{path}&cursor={page['next_cursor']}")
            yield from page["items"]


def find_sessions(demo: Mapping[str, Any], transaction_ids: set[int]) -> dict[int, dict[str, Any]]:
    """Those sessions by transaction id; reads no more pages than it must."""
    found: dict[int, dict[str, Any]] = {}
    for session in RestApi(demo).sessions():
        if session["transaction_id"] in transaction_ids:
            found[session["transaction_id"]] = session
        if len(found) == len(transaction_ids):
            break
    return found


def is_right(ours: FinishedSession, theirs: Mapping[str, Any] | None) -> bool:
    """Whether the API knows the session as completed, with the same meter values."""
    if theirs is None or theirs["status"] != "completed" or theirs["connector_id"] != ours.connector:
        return False
    registers = (theirs["start_meter_value"], theirs["stop_meter_value"])
    energy_wh = ours.meter_stop_wh - ours.meter_start_wh
    return registers == (ours.meter_start_wh, ours.meter_stop_wh) and theirs["energy_wh"] == energy_wh


def show_sessions(demo: Mapping[str, Any], sessions: Mapping[str, FinishedSession], console: Console) -> int:
    """Print the table; gives the number of sessions that are missing or wrong."""
    found = find_sessions(demo, {session.transaction_id for session in sessions.values()})
    table = Table(title=f"Sessions, from {demo['rest_url']}/api/v1/sessions", title_justify="left")
    for column in ("charge point", "connector", "transaction", "energy kWh", "duration s", "status"):
        table.add_column(column, justify="left" if column in ("charge point", "status") else "right")
    wrong = 0
    for number, (identity, ours) in enumerate(sorted(sessions.items())):
        theirs = found.get(ours.transaction_id)
        right = is_right(ours, theirs)
        wrong += not right
        if number < ROWS or not right:
            table.add_row(identity, *_cells(ours, theirs), style=None if right else "red")
    console.print(table)
    if len(sessions) > ROWS:
        console.print(f"... and {len(sessions) - ROWS} more, checked like these")
    return wrong


def _cells(ours: FinishedSession, theirs: Mapping[str, Any] | None) -> list[str]:
    if theirs is None:
        return [str(ours.connector), str(ours.transaction_id), "-", "-", "not found"]
    energy_wh, duration_s = theirs["energy_wh"], theirs["duration_seconds"]
    return [
        str(theirs["connector_id"]),
        str(theirs["transaction_id"]),
        "-" if energy_wh is None else f"{energy_wh / 1000:.3f}",
        "-" if duration_s is None else str(duration_s),
        str(theirs["status"]),
    ]
