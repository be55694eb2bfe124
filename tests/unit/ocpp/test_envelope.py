"""What crosses the broker: JSON-safe, complete, and of one version."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ocpp.envelope import BatchEnvelope, CommandReport, InboundCall, Reply, ReportKind

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NUMBER = st.integers(0, 2**53)
CALLS = st.builds(InboundCall, TEXT, TEXT, NUMBER, NUMBER, st.none() | TEXT, NUMBER, TEXT)
REPORTS = st.builds(
    CommandReport, TEXT, TEXT, st.sampled_from(ReportKind), NUMBER, TEXT, st.none() | TEXT, st.none() | TEXT
)
ENVELOPES = st.builds(
    BatchEnvelope,
    TEXT,
    TEXT,
    NUMBER,
    NUMBER,
    NUMBER,
    st.lists(CALLS, max_size=3).map(tuple),
    st.lists(REPORTS, max_size=3).map(tuple),
)


def over_the_wire(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value))


@given(ENVELOPES)
def test_a_batch_comes_out_of_the_broker_as_it_went_in(envelope: BatchEnvelope) -> None:
    assert BatchEnvelope.from_wire(over_the_wire(envelope.to_wire())) == envelope


@given(st.builds(Reply, TEXT, NUMBER, TEXT, st.none() | TEXT))
def test_a_reply_comes_back_as_it_was_sent(reply: Reply) -> None:
    assert Reply(*over_the_wire(reply.to_wire())) == reply


@pytest.mark.parametrize("version", [1, 3, "1", None])
def test_another_version_is_refused_with_advice(version: object) -> None:
    wire = BatchEnvelope("acme", "gw-1", 1, 1, 1, ()).to_wire() | {"v": version}
    with pytest.raises(ValueError, match="upgrade gateway and workers together"):
        BatchEnvelope.from_wire(wire)
