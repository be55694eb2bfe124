"""What crosses the broker between gateway and worker: JSON-safe, compact, versioned."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

VERSION = 2


@dataclass(frozen=True, slots=True)
class InboundCall:
    """A Call as the gateway received it. `registration` is what the charge point was last told.

    `strict` and `time_zone` are the charge point's settings; `deviations` are quirks that the gateway saw
    since the call before.
    """

    charge_point_id: str
    connection_id: str
    epoch: int
    sequence: int
    registration: str | None
    received_ms: int
    text: str
    strict: bool = False
    time_zone: str | None = None
    deviations: tuple[str, ...] = ()


class ReportKind(StrEnum):
    """What happened to a command on the gateway's side."""

    SENT = "sent"
    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    CONNECTION_LOST = "connection_lost"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class CommandReport:
    """News of a command. `request` and `answer` are the frames on the wire, where there were any."""

    charge_point_id: str
    command_id: str
    kind: ReportKind
    at_ms: int
    action: str
    request: str | None = None
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class StrayFrame:
    """A frame that is no Call and answers none, or that nobody can read. `reason` says why; for the log."""

    charge_point_id: str
    at_ms: int
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class BatchEnvelope:
    """Calls and reports of one tenant that are handled together.

    Past `deadline_ms` the gateway handles the batch itself, so a worker that gets it later leaves it. `trace`
    is W3C's traceparent of a batch that is traced; who does not know it leaves it alone.
    """

    tenant_id: str
    gateway_id: str
    batch_id: int
    order_key: int
    deadline_ms: int
    calls: tuple[InboundCall, ...]
    reports: tuple[CommandReport, ...] = ()
    strays: tuple[StrayFrame, ...] = ()
    trace: str | None = None

    def to_wire(self) -> dict[str, Any]:
        """JSON-safe form."""
        return {
            **({} if self.trace is None else {"trace": self.trace}),
            "v": VERSION,
            "tenant": self.tenant_id,
            "gateway": self.gateway_id,
            "batch": self.batch_id,
            "order": self.order_key,
            "deadline": self.deadline_ms,
            "calls": [
                [
                    c.charge_point_id,
                    c.connection_id,
                    c.epoch,
                    c.sequence,
                    c.registration,
                    c.received_ms,
                    c.text,
                    c.strict,
                    c.time_zone,
                    list(c.deviations),
                ]
                for c in self.calls
            ],
            "reports": [
                [r.charge_point_id, r.command_id, r.kind.value, r.at_ms, r.action, r.request, r.answer]
                for r in self.reports
            ],
            "strays": [[s.charge_point_id, s.at_ms, s.reason, s.text] for s in self.strays],
        }

    @classmethod
    def from_wire(cls, wire: dict[str, Any]) -> Self:
        """Raises ValueError on a version that this code does not speak."""
        if wire["v"] != VERSION:
            raise ValueError(
                f"Envelope version {wire['v']} is not {VERSION}: upgrade gateway and workers together."
            )
        return cls(
            wire["tenant"],
            wire["gateway"],
            wire["batch"],
            wire["order"],
            wire["deadline"],
            tuple(InboundCall(*call[:9], tuple(call[9])) for call in wire["calls"]),  # type: ignore[call-arg]
            tuple(CommandReport(r[0], r[1], ReportKind(r[2]), *r[3:]) for r in wire["reports"]),
            tuple(StrayFrame(*stray) for stray in wire["strays"]),
            wire.get("trace"),
        )


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one Call, for the connection it came on. `registration` is set by a boot."""

    connection_id: str
    sequence: int
    text: str
    registration: str | None = None

    def to_wire(self) -> list[Any]:
        """JSON-safe form."""
        return [self.connection_id, self.sequence, self.text, self.registration]
