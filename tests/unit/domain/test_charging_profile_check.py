"""What is wrong with a charging profile, and that nothing wrong passes (D1-D4, D10-D12, D15)."""

from typing import Any

import jsonschema_rs
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.charging_profile import as_fields, profile_of
from app.domain.charging_profile_check import Use, problems_of
from app.ocpp.outgoing import as_wire
from app.ocpp.validation import schema_folder
from tests.builders import a_profile, a_schedule

SCHEMA = jsonschema_rs.Draft4Validator(
    orjson.loads((schema_folder() / "SetChargingProfile.json").read_bytes())
)
TX = {"charging_profile_purpose": "TxProfile", "transaction_id": 9}
RELATIVE = {
    "charging_profile_kind": "Relative",
    "charging_schedule": a_schedule((0, 16.1), start_schedule=None),
}
PERIODS = "charging_schedule.charging_schedule_period"


def wrong(use: Use = Use.INSTALL, connector_id: Any = 1, **fields: Any) -> set[str]:
    problems = problems_of(a_profile(**fields), use, connector_id)
    assert all(sentence for sentences in problems.values() for sentence in sentences)
    return set(problems)


@pytest.mark.parametrize(
    ("connector_id", "fields"),
    [
        (0, {}),
        (1, {}),
        (1, TX),
        (0, {"charging_profile_purpose": "ChargePointMaxProfile"}),
        (1, RELATIVE),
        (1, {"charging_profile_kind": "Recurring", "recurrency_kind": "Daily"}),
        (1, TX | {"valid_from": "2026-03-01T00:00:00Z", "valid_to": "2026-03-02T00:00:00+01:00"}),
        (1, {"charging_schedule": a_schedule((0, 0), (1, 1e9), duration=2, min_charging_rate=0.1)}),
        ("a", {}),
        (None, {"charging_profile_purpose": "ChargePointMaxProfile"}),
    ],
)
def test_good_ones(connector_id: Any, fields: dict[str, Any]) -> None:
    """D15 among them: a TxProfile may have a validity."""
    assert wrong(connector_id=connector_id, **fields) == set()


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"charging_profile_id": None}, {"charging_profile_id"}),
        ({"charging_profile_id": "1"}, {"charging_profile_id"}),
        ({"charging_profile_id": 2**31}, {"charging_profile_id"}),
        ({"stack_level": -1}, {"stack_level"}),
        ({"stack_level": True}, {"stack_level"}),
        ({"charging_profile_purpose": "Mine"}, {"charging_profile_purpose"}),
        ({"charging_profile_purpose": ["TxProfile"]}, {"charging_profile_purpose"}),
        ({"charging_profile_kind": "Sometimes"}, {"charging_profile_kind"}),
        ({"recurrency_kind": "Daily"}, {"recurrency_kind"}),
        ({"charging_profile_kind": "Recurring"}, {"recurrency_kind"}),
        ({"charging_profile_kind": "Recurring", "recurrency_kind": "Yearly"}, {"recurrency_kind"}),
        ({"transaction_id": 9}, {"transaction_id"}),
        (TX | {"transaction_id": None}, {"transaction_id"}),
        (TX | {"transaction_id": 0}, {"transaction_id"}),
        ({"valid_from": "soon"}, {"valid_from"}),
        ({"valid_from": "2026-03-02T00:00:00Z", "valid_to": "2026-03-02T00:00:00Z"}, {"valid_to"}),
        ({"colour": "red"}, {"colour"}),
        ({"charging_schedule": None}, {"charging_schedule"}),
        ({"charging_schedule": [1]}, {"charging_schedule"}),
        ({"charging_profile_kind": "Relative"}, {"charging_schedule.start_schedule"}),
        ({"charging_schedule": a_schedule(start_schedule=None)}, {"charging_schedule.start_schedule"}),
        ({"charging_schedule": a_schedule(start_schedule=7)}, {"charging_schedule.start_schedule"}),
        ({"charging_schedule": a_schedule(duration=0)}, {"charging_schedule.duration"}),
        (
            {"charging_schedule": a_schedule(charging_rate_unit="kW")},
            {"charging_schedule.charging_rate_unit"},
        ),
        ({"charging_schedule": a_schedule(min_charging_rate=6.55)}, {"charging_schedule.min_charging_rate"}),
        ({"charging_schedule": a_schedule(limit=6)}, {"charging_schedule.limit"}),
        ({"charging_schedule": a_schedule(charging_schedule_period=[])}, {PERIODS}),
        ({"charging_schedule": a_schedule(charging_schedule_period=None)}, {PERIODS}),
        ({"charging_schedule": a_schedule(charging_schedule_period=[7])}, {f"{PERIODS}.0"}),
        (
            {"charging_schedule": a_schedule(charging_schedule_period=[{"number_phases": 4}])},
            {f"{PERIODS}.0.{name}" for name in ("limit", "start_period", "number_phases")},
        ),
        ({"charging_schedule": a_schedule((0, 16.15))}, {f"{PERIODS}.0.limit"}),
        ({"charging_schedule": a_schedule((0, -1))}, {f"{PERIODS}.0.limit"}),
        ({"charging_schedule": a_schedule((1, 6))}, {f"{PERIODS}.0.start_period"}),
        ({"charging_schedule": a_schedule((0, 6), (60, 7), (60, 8))}, {f"{PERIODS}.2.start_period"}),
        ({"charging_schedule": a_schedule((0, 6), (60, 7), duration=60)}, {f"{PERIODS}.1.start_period"}),
    ],
)
def test_each_problem_is_named_by_its_place(fields: dict[str, Any], named: set[str]) -> None:
    assert wrong(**fields) == named


@pytest.mark.parametrize(
    ("connector_id", "purpose"),
    [(1, "ChargePointMaxProfile"), (0, "TxProfile"), (2, "ChargePointMaxProfile")],
)
def test_a_purpose_has_its_connectors(connector_id: int, purpose: str) -> None:
    """D2, D4."""
    fields: dict[str, Any] = {
        "charging_profile_purpose": purpose,
        "transaction_id": 9 if purpose == "TxProfile" else None,
    }
    assert wrong(connector_id=connector_id, **fields) == {"charging_profile_purpose"}


def test_a_remote_start_takes_a_profile_of_a_transaction_that_has_no_id_yet() -> None:
    """D4, C14."""
    purpose = {"charging_profile_purpose": "TxProfile"}
    assert wrong(Use.REMOTE_START, **purpose) == set()
    assert wrong(Use.REMOTE_START, **TX) == {"transaction_id"}
    assert wrong(Use.REMOTE_START) == {"charging_profile_purpose"}


def test_a_template_names_neither_itself_nor_a_transaction() -> None:
    assert wrong(Use.TEMPLATE, charging_profile_id=None, charging_profile_purpose="TxProfile") == set()
    assert wrong(Use.TEMPLATE, **TX) == {"charging_profile_id", "transaction_id"}


# --- properties ----------------------------------------------------------------------------------

TIMES = st.sampled_from(["2026-03-01T00:00:00Z", "2026-03-29T03:30:00+02:00", "2026-03-01T00:00:00", "noon"])
LIMITS = st.one_of(
    st.integers(-10, 500).map(lambda tenth: tenth / 10),
    st.integers(0, 40_000),
    st.floats(0, 100),
    st.sampled_from([16.1 + 1.6, 0.1 + 0.2, float("nan"), "16", None]),
)
PERIOD = st.fixed_dictionaries(
    {"start_period": st.integers(0, 5) | st.just("0"), "limit": LIMITS},
    optional={"number_phases": st.integers(0, 4), "colour": st.just("red")},
)
SCHEDULE = st.fixed_dictionaries(
    {
        "charging_rate_unit": st.sampled_from(["A", "W", "kW"]),
        "charging_schedule_period": st.lists(PERIOD, max_size=4),
    },
    optional={"duration": st.integers(-1, 10), "start_schedule": TIMES, "min_charging_rate": LIMITS},
)
ANYTHING = st.fixed_dictionaries(
    {
        "stack_level": st.integers(-1, 5),
        "charging_profile_purpose": st.sampled_from(
            ["ChargePointMaxProfile", "TxDefaultProfile", "TxProfile", "Mine"]
        ),
        "charging_profile_kind": st.sampled_from(["Absolute", "Recurring", "Relative", "Never"]),
        "charging_schedule": SCHEDULE,
    },
    optional={
        "charging_profile_id": st.integers(-1, 2**31) | st.just("1"),
        "transaction_id": st.integers(-1, 5),
        "recurrency_kind": st.sampled_from(["Daily", "Weekly", "Yearly"]),
        "valid_from": TIMES,
        "valid_to": TIMES,
    },
)


@st.composite
def good_schedules(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    starts = [0, *sorted(draw(st.sets(st.integers(1, 86_399), max_size=5)))]
    limits = [draw(st.integers(0, 10_000)) / 10 for _ in starts]
    schedule: dict[str, Any] = {
        "charging_rate_unit": draw(st.sampled_from(["A", "W"])),
        "charging_schedule_period": [
            {"start_period": start, "limit": limit} for start, limit in zip(starts, limits, strict=True)
        ],
    }
    if kind != "Relative":
        schedule["start_schedule"] = "2026-03-01T18:30:00.000Z"
    if draw(st.booleans()):
        schedule["duration"] = starts[-1] + draw(st.integers(1, 90_000))
    if draw(st.booleans()):
        schedule["min_charging_rate"] = draw(st.integers(0, 100)) / 10
    return schedule


@st.composite
def good_profiles(draw: st.DrawFn) -> dict[str, Any]:
    purpose = draw(st.sampled_from(["TxDefaultProfile", "TxProfile"]))
    kind = draw(st.sampled_from(["Absolute", "Recurring", "Relative"]))
    return a_profile(
        draw(st.integers(0, 2**31 - 1)),
        stack_level=draw(st.integers(0, 99)),
        charging_profile_purpose=purpose,
        charging_profile_kind=kind,
        recurrency_kind=draw(st.sampled_from(["Daily", "Weekly"])) if kind == "Recurring" else None,
        transaction_id=draw(st.integers(1, 2**31 - 1)) if purpose == "TxProfile" else None,
        charging_schedule=draw(good_schedules(kind)),
    )


def wire_of(fields: dict[str, Any]) -> bytes:
    payload = {"connectorId": 1, "csChargingProfiles": as_wire(as_fields(profile_of(fields)))}
    return orjson.dumps(payload)


@settings(max_examples=300)
@given(good_profiles())
def test_every_good_profile_passes_here_and_by_the_official_schema(fields: dict[str, Any]) -> None:
    assert problems_of(fields, Use.INSTALL, 1) == {}
    assert SCHEMA.is_valid(orjson.loads(wire_of(fields)))


@settings(max_examples=500)
@given(ANYTHING, st.sampled_from([0, 1, None, "1"]))
def test_whatever_passes_here_passes_by_the_official_schema(fields: dict[str, Any], connector: Any) -> None:
    problems = problems_of(fields, Use.INSTALL, connector)
    if not problems:
        assert SCHEMA.is_valid(orjson.loads(wire_of(fields)))
    assert all(name and sentences for name, sentences in problems.items())


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=3), st.lists), st.data())
def test_no_member_of_any_type_breaks_it(value: Any, data: st.DataObject) -> None:
    fields = a_profile()
    name = data.draw(st.sampled_from(sorted(fields)))
    fields[name] = value
    problems_of(fields)
    schedule = a_schedule()
    schedule[data.draw(st.sampled_from(sorted(schedule)))] = value
    problems_of(a_profile(charging_schedule=schedule))


@given(st.integers(0, 10_000))
def test_limits_are_printed_exactly(tenth: int) -> None:
    """Vector H13: 16.1 on the wire, never 16.100000000000001."""
    wire = wire_of(a_profile(charging_schedule=a_schedule((0, tenth / 10))))
    assert b'"limit":%d.%d}' % divmod(tenth, 10) in wire


def test_all_tenths_of_the_first_thousand_pass_the_official_schema() -> None:
    """multipleOf 0.1 must not be an affair of binary arithmetic."""
    for tenth in range(10_001):
        fields = a_profile(charging_schedule=a_schedule((0, tenth / 10)))
        assert SCHEMA.is_valid(orjson.loads(wire_of(fields))), tenth
