"""What a charge point of the load generator knows of its own sessions, for the comparison afterwards."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class LedgerEntry:
    """A session; `stopped` turns true with the answer to the stop. A stop sent but never answered well
    leaves `meter_stop_wh` set and `stopped` false: the central system may have it or not.
    """

    transaction_id: int
    meter_start_wh: int
    meter_stop_wh: int | None = None
    stopped: bool = False
    samples: int = 0  # MeterValues that were answered while it ran
    started_at: float = 0.0  # `time.perf_counter` of the answer
    stopped_at: float = 0.0


@dataclass
class Ledger:
    """The sessions in order, and the one that runs."""

    sessions: list[LedgerEntry] = field(default_factory=list)
    running: LedgerEntry | None = None
    unconfirmed_starts: int = 0

    @property
    def transaction_id(self) -> int | None:
        """Of the running session."""
        return self.running.transaction_id if self.running else None

    def sampled(self) -> None:
        """MeterValues were answered."""
        if self.running is not None:
            self.running.samples += 1

    def started(self, transaction_id: int, meter_wh: int, now: float) -> None:
        """A start was answered."""
        self.running = LedgerEntry(transaction_id, meter_wh, started_at=now)
        self.sessions.append(self.running)

    def stopped(self, now: float) -> None:
        """A stop was answered."""
        if self.running is not None:
            self.running.stopped, self.running.stopped_at = True, now
            self.running = None

    def start_unconfirmed(self) -> None:
        """A start got no good answer; its session may exist all the same."""
        self.unconfirmed_starts += 1

    def stop_unconfirmed(self) -> None:
        """A stop got no good answer."""
        self.running = None

    def as_dict(self, start_on_the_wire: bool) -> dict[str, Any]:
        """For JSON."""
        return {
            "unconfirmed_starts": self.unconfirmed_starts + start_on_the_wire,
            "sessions": [asdict(entry) for entry in self.sessions],
        }
