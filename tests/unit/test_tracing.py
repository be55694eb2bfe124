"""Traces: off unless an endpoint is named, and then nothing of them is there at all."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app import tracing, tracing_settings
from app.domain.errors import Retryable, SettingsError
from app.metrics import lap
from app.ocpp.envelope import BatchEnvelope
from app.settings import Settings
from app.traces import Traces
from app.tracing_settings import TracingSettings
from tests.collector import Collector, traces_to_here

ROOT = Path(__file__).parents[2]
BATCH = BatchEnvelope("acme", "gw-1", 1, 2, 3, ())
EVERY_PROGRAM = """
import sys

class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "opentelemetry":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, NotInstalled())
import app.api.wsgi, beat.main, gateway.__main__, workers.events, workers.main, workers.mqtt_commands
import workers.pools, workers.webhooks
from app.ocpp.envelope import BatchEnvelope
from app.settings import Settings
from app.tracing import find_traces, note, span, start_tracing, traced
start_tracing(Settings.from_env().tracing, "test")
with span("work"):
    note("something")
traced(lambda envelope: None)(BatchEnvelope("acme", "gw-1", 1, 2, 3, (), trace="00-1-1-01"))
assert find_traces() is None
print([name for name in sys.modules if name.startswith(("opentelemetry", "app.traces"))])
"""
NOBODY_LISTENS = """
import time
from app.traces import Traces
from app.tracing_settings import TracingSettings
traces = Traces(TracingSettings("http://127.0.0.1:1", 1.0), "test")
began = time.time()
for _ in range(3000):  # more than it keeps
    traces.begin("batch").end()
assert time.time() - began < 10
print(time.time())
"""


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with traces_to_here(monkeypatch, "test") as running:
        yield running


@pytest.fixture
def traces(collector: Collector) -> Traces:
    found = tracing.find_traces()
    assert found is not None
    return found


def run(program: str, tmp_path: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    environment |= {"APP_ENV": "test", "VAR_DIR": str(tmp_path), "REDIS_URL": "redis://127.0.0.1:1"}
    command = [sys.executable, "-c", program]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()[-1]


def test_while_they_are_off_nothing_of_them_is_imported_nor_needs_to_be_installed(tmp_path: Path) -> None:
    assert run(EVERY_PROGRAM, tmp_path) == "[]"


def test_a_batch_without_a_trace_is_handled_as_it_is(traces: Traces, collector: Collector) -> None:
    seen: list[BatchEnvelope] = []
    tracing.traced(seen.append)(BATCH)
    assert seen == [BATCH]
    assert collector.spans == []


def test_a_batch_is_handled_within_its_trace_and_laps_are_parts_of_it(
    traces: Traces, collector: Collector
) -> None:
    @tracing.traced
    def handle(envelope: BatchEnvelope, *, since: float) -> str:
        lap("store", lap("handle", since))
        return envelope.tenant_id

    batch = traces.begin("batch", tenant="acme")
    assert handle(replace(BATCH, trace=traces.parent_for(batch)), since=0.0) == "acme"
    batch.end()
    collector.wait_for(lambda: len(collector.spans) == 4)
    (first,), (handled,) = collector.named("batch"), collector.named("handle_batch")
    assert (first.parent, handled.parent, handled.trace) == ("", first.id, first.trace)
    assert handled.attributes == {"tenant": "acme", "gateway": "gw-1"}
    parts = [span for name in ("handle", "store") for span in collector.named(name)]
    assert [span.parent for span in parts] == [handled.id] * 2
    assert {span.service for span in collector.spans} == {"ocpp-test"}


def test_what_breaks_a_batch_is_seen_in_its_trace(traces: Traces, collector: Collector) -> None:
    @tracing.traced
    def handle(_: BatchEnvelope) -> None:
        raise Retryable("MongoDB is away.")

    with pytest.raises(Retryable):
        handle(replace(BATCH, trace=traces.parent_for(traces.begin("batch"))))
    collector.wait_for(lambda: collector.named("handle_batch"))
    (handled,) = collector.named("handle_batch")
    assert handled.failed
    assert handled.events[0][1]["exception.message"] == "MongoDB is away."


def test_work_of_its_own_is_a_trace_with_what_happened_in_it(traces: Traces, collector: Collector) -> None:
    with tracing.span("work", tenant="acme"):
        tracing.note("command_submitted", command="c-1")
    lap("reply", 0.0)  # of a batch that is not traced
    collector.wait_for(lambda: collector.spans)
    (work,) = collector.spans
    assert (work.parent, work.attributes) == ("", {"tenant": "acme"})
    assert work.events == [("command_submitted", {"command": "c-1"})]


def test_what_takes_it_up_later_has_a_link_to_each_trace(traces: Traces, collector: Collector) -> None:
    assert tracing.present_trace() is None
    with tracing.span("earlier"):
        trace = tracing.present_trace()
    with tracing.span("publish", [trace, None, trace]):
        pass
    collector.wait_for(lambda: len(collector.spans) == 2)
    (earlier,), (publish,) = collector.named("earlier"), collector.named("publish")
    assert (publish.parent, publish.links) == ("", [earlier.trace])
    assert publish.trace != earlier.trace


def test_what_is_not_sampled_is_carried_nowhere(collector: Collector) -> None:
    traces = Traces(TracingSettings(collector.endpoint, 0.0), "test")
    assert traces.parent_for(traces.begin("batch")) is None


def test_a_collector_that_is_away_holds_nothing_up_and_no_end_either(tmp_path: Path) -> None:
    ends = float(run(NOBODY_LISTENS, tmp_path))
    assert time.time() - ends < 10


def test_processes_of_both_versions_understand_each_other() -> None:
    traced = replace(BATCH, trace="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    assert BatchEnvelope.from_wire(traced.to_wire()) == traced
    assert "trace" not in BATCH.to_wire()
    assert BatchEnvelope.from_wire(BATCH.to_wire()) == BATCH


def test_an_endpoint_turns_them_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    assert Settings.from_env().tracing == TracingSettings("", 1.0)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.01")
    assert Settings.from_env().tracing == TracingSettings("http://collector:4318", 0.01)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "grpc://collector:4317"),
        ("OTEL_TRACES_SAMPLER_ARG", "1.5"),
        ("OTEL_TRACES_SAMPLER_ARG", "often"),
    ],
)
def test_what_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        Settings.from_env()


@pytest.mark.parametrize("package", ["opentelemetry_nowhere", "opentelemetry_nowhere.sdk"])
def test_without_the_packages_it_is_said_what_to_install(
    monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")
    monkeypatch.setattr(tracing_settings, "_PACKAGES", (package,))
    with pytest.raises(SettingsError, match=r"pip install -r requirements/tracing\.txt"):
        Settings.from_env()
