"""What the gateway counts of calls and commands. On the event loop alone, so plain numbers do."""

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

import orjson
from prometheus_client.core import HistogramMetricFamily

from app.domain.tenant import Tenant
from app.metrics import SECONDS
from app.ocpp.catalog import load_catalog
from app.ocpp.envelope import CommandReport, InboundCall, Reply, ReportKind
from gateway.lanes import Waiting

BATCH_SIZES = (1, 2, 5, 10, 20, 50, 100)
OTHER = "other"
_ERROR = "[4,"


class Buckets:
    """A histogram at a fraction of the price: no lock, no labels."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count it."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def family(self, name: str, documentation: str) -> HistogramMetricFamily:
        """For Prometheus: each bucket holds those below as well."""
        total, buckets = 0, []
        for bound, count in zip([*map(float, self._bounds), "+Inf"], self._counts, strict=True):
            total += count
            buckets.append((str(bound), total))
        return HistogramMetricFamily(name, documentation, buckets=buckets, sum_value=self._sum)


class Measures:
    """Counts by labels that are few: actions of the catalog, tiers, codes, outcomes."""

    def __init__(self) -> None:
        self.messages: Counter[tuple[str, str]] = Counter()
        self.errors: Counter[str] = Counter()
        self.commands: Counter[str] = Counter()
        self.strays = 0
        self.call_seconds = Buckets(SECONDS)
        self.lane_seconds = Buckets(SECONDS)
        self.carried_seconds = Buckets(SECONDS)
        self.batch_calls = Buckets(BATCH_SIZES)
        self._actions = frozenset(load_catalog().actions()[0])

    def left(self, items: Sequence[Waiting]) -> None:
        """A batch leaves its lane; its first item has waited longest."""
        self.batch_calls.observe(len(items))
        self.lane_seconds.observe(max(0.0, time.time() - since_ms(items[0]) / 1000))

    def action_of(self, text: str) -> str:
        """Of `[2,"id","Action",...`; what is written otherwise, or is made up, is one of the others."""
        parts = text.split('"', 4)
        return parts[3] if len(parts) == 5 and parts[3] in self._actions else OTHER

    def answered(self, items: Sequence[Waiting], carried_s: float, tier: str) -> None:
        """A batch is answered. Calls count only now: one that went round its queue has left twice."""
        self.carried_seconds.observe(carried_s)
        now, observe = time.time(), self.call_seconds.observe
        for waiting in items:
            if isinstance(waiting.item, InboundCall):
                observe(max(0.0, now - waiting.item.received_ms / 1000))
                self.messages[self.action_of(waiting.item.text), tier] += 1

    def replied(self, reply: Reply) -> None:
        """An answer goes out."""
        if reply.text.startswith(_ERROR):
            self.errors[orjson.loads(reply.text)[2]] += 1

    def reported(self, report: CommandReport) -> None:
        """News of a command. That it was sent is no outcome yet."""
        is_error = report.kind is ReportKind.ANSWERED and (report.answer or "").startswith(_ERROR)
        self.commands["error" if is_error else report.kind.value] += 1


def since_ms(waiting: Waiting) -> int:
    """When it came."""
    item = waiting.item
    return item.received_ms if isinstance(item, InboundCall) else item.at_ms


def tier_of(tenant: Tenant | None) -> str:
    """Who serves a tenant: three tiers, however many tenants."""
    if tenant is None:
        return "shared"
    if not tenant.configuration.queue_enabled:
        return "bypass"
    return "own_pool" if tenant.configuration.worker_pool_size > 0 else "shared"
