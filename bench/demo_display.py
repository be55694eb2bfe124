"""What the demo shows while it runs: progress bars on a terminal, plain lines elsewhere."""

from collections import Counter
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

BARS_UP_TO = 10


class Display:
    """Thread-safe as far as rich is: events are printed from the MQTT thread."""

    def __init__(self, console: Console, charge_points: int) -> None:
        self.console = console
        self.detailed = charge_points <= BARS_UP_TO
        self._counts: Counter[str] = Counter()
        self._total = charge_points
        self._bars: dict[str, TaskID] = {}
        self._progress = Progress(
            TextColumn("{task.description:<28}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._all = self._progress.add_task("sessions", total=charge_points)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def line(self, text: str, style: str | None = None) -> None:
        """One line above the bars."""
        self.console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)

    def began(self, identity: str, samples: int) -> None:
        """A charge point has booted and starts its session."""
        self._counts["booted"] += 1
        if self.detailed:
            self._bars[identity] = self._progress.add_task(f"{identity} charging", total=samples)
        self._tell(f"{identity} has booted and starts to charge")

    def charged(self, identity: str) -> None:
        """A meter value went through."""
        if identity in self._bars:
            self._progress.advance(self._bars[identity])

    def ended(self, identity: str) -> None:
        """A session has stopped."""
        self._counts["done"] += 1
        self._progress.advance(self._all)
        if identity in self._bars:
            self._progress.update(self._bars[identity], description=f"{identity} done")
        self._tell(f"{identity} has finished")

    def failed(self, identity: str, reason: str) -> None:
        """A charge point gave up."""
        self._counts["failed"] += 1
        self.line(f"{identity} failed: {reason}", "red")

    def _tell(self, text: str) -> None:
        """Without bars, every charge point of a few gets its lines; of many, every tenth part does."""
        if self.console.is_terminal:
            return
        if self.detailed:
            self.line(text)
        elif sum(self._counts.values()) % max(1, self._total // 5) == 0:
            counts = ", ".join(f"{count} {name}" for name, count in self._counts.items())
            self.line(f"charge points: {counts} of {self._total}")
