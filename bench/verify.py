"""What MongoDB holds after a run, against what the load generator knows it sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database

from bench.system import BenchTenant

Document = Mapping[str, Any]
EXAMPLES = 20


@dataclass
class Verdict:
    """Calls and sessions in the store. `lost` counts calls sent but found nowhere."""

    sent: int = 0
    found: int = 0
    answered_lost: int = 0
    duplicates: int = 0
    sessions: int = 0
    session_mismatches: int = 0
    meter_values: int = 0
    meter_values_missing: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def lost(self) -> int:
        """Sent minus found."""
        return self.sent - self.found

    def note(self, text: str) -> None:
        """Keep the first few differences for the reader."""
        if len(self.examples) < EXAMPLES:
            self.examples.append(text)

    def mismatch(self, text: str) -> None:
        """A session that the store has otherwise than the charge point."""
        self.session_mismatches += 1
        self.note(text)


def verify(
    client: MongoClient[dict[str, Any]], tenants: Sequence[BenchTenant], load: Mapping[str, Any]
) -> Verdict:
    """Compare the tenants' databases with the result of the load generator."""
    verdict = Verdict()
    for tenant in tenants:
        database = client[tenant.database_name]
        ledger = [point for point in load["ledger"] if point["url"].endswith(f"/{tenant.id}")]
        verdict.meter_values += database["meter_values"].estimated_document_count() - tenant.filled
        _count_calls(database, ledger, verdict)
        _compare_sessions(database, ledger, verdict)
    verdict.meter_values_missing = max(0, load["total"]["meter_values"] - verdict.meter_values)
    return verdict


def _count_calls(database: Database[dict[str, Any]], ledger: list[dict[str, Any]], verdict: Verdict) -> None:
    """Unique ids are 1..n per charge point, so each one is looked for, not only their number."""
    found = {point["charge_point_id"]: bytearray(point["calls"] + 1) for point in ledger}
    verdict.sent += sum(point["calls"] for point in ledger)
    projection = {"_id": 0, "charge_point_id": 1, "unique_id": 1}
    for message in database["ocpp_messages"].find({"direction": "in"}, projection, batch_size=10_000):
        seen, number = found.get(message["charge_point_id"], bytearray()), int(message["unique_id"])
        if number < len(seen) and not seen[number]:
            seen[number] = 1
            verdict.found += 1
        else:
            verdict.duplicates += 1
    for point in ledger:
        name = point["charge_point_id"]
        missing = [number for number, seen in enumerate(found[name]) if not seen and number]
        answered = sorted(set(missing) - set(point["unanswered"]))
        verdict.answered_lost += len(answered)
        if missing:
            verdict.note(f"{name}: not found {missing[:10]}, of these answered {answered[:10]}")


def _compare_sessions(
    database: Database[dict[str, Any]], ledger: list[dict[str, Any]], verdict: Verdict
) -> None:
    ours: dict[str, Any] = {
        "$match": {"charge_point_id": {"$in": [point["charge_point_id"] for point in ledger]}}
    }
    with_sample_count = [ours, {"$set": {"meter_values": {"$size": "$meter_values"}}}]
    documents = database["sessions"].aggregate(with_sample_count)
    stored = {document["transaction_id"]: document for document in documents}
    verdict.sessions += len(stored)
    for point in ledger:
        for entry in point["sessions"]:
            session = stored.pop(entry["transaction_id"], None)
            problem = _difference(point["charge_point_id"], entry, session)
            if problem:
                verdict.mismatch(
                    f"{point['charge_point_id']} transaction {entry['transaction_id']}: {problem}"
                )
    allowed = sum(point["unconfirmed_starts"] for point in ledger)
    for transaction_id in list(stored)[allowed:]:
        verdict.mismatch(f"transaction {transaction_id} is stored, but no charge point started it")


def _difference(charge_point_id: str, entry: Document, session: Document | None) -> str | None:
    """What is wrong with a stored session; a stop that was sent but not answered may be there or not."""
    if session is None:
        return "started, but not stored"
    expected: dict[str, Any] = {
        "charge_point_id": charge_point_id,
        "start_meter_value": entry["meter_start_wh"],
    }
    if entry["stopped"]:
        expected |= {"stop_meter_value": entry["meter_stop_wh"], "status": "completed"}
        expected |= {"meter_values": entry["samples"]}
    elif entry["meter_stop_wh"] is None:
        expected |= {"stop_meter_value": None, "status": "active"}
    wrong = {name: session.get(name) for name, value in expected.items() if session.get(name) != value}
    return f"expected {expected}, found {wrong}" if wrong else None


def store_name(client: MongoClient[dict[str, Any]], embedded: bool) -> str:
    """ "embedded", or the server's own name and version."""
    if embedded:
        return "embedded"
    build = client.server_info()
    secantus = build.get("secantusVersion")  # it calls itself a MongoDB of some version besides
    return f"SecantusDB {secantus} (Rust)" if secantus else f"MongoDB {build['version']}"
