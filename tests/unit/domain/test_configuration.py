"""The configuration mirror: what a charge point said of its keys (C5, C8, C13)."""

from datetime import timedelta

import pytest

from app.domain import configuration_keys as keys
from app.domain.configuration import MAX_KEYS, ConfigurationKey, ConfigurationMirror, Refusal
from tests.builders import NOON, REF, at


def key(name: str, value: str | None = "1") -> ConfigurationKey:
    return ConfigurationKey(name, value, False, NOON)


def mirror(**values: str | None) -> ConfigurationMirror:
    return ConfigurationMirror(REF).with_keys(key(name, value) for name, value in values.items())


def test_keys_are_found_in_any_case() -> None:
    """G26."""
    known = mirror(HeartbeatInterval="300")
    assert known.value("heartbeatINTERVAL") == "300"
    assert known.value("Other") is None
    assert known.with_keys([key("HEARTBEATINTERVAL", "60")]).keys.keys() == {"heartbeatinterval"}


@pytest.mark.parametrize(
    ("value", "number"),
    [("7", 7), (" 7 ", 7), ("0", 0), ("-1", None), ("x", None), ("", None), ("9" * 10, None)],
)
def test_a_number_is_a_number(value: str, number: int | None) -> None:
    assert mirror(K=value).number("K") == number
    assert mirror(K=None).number("K") is None


def test_a_list_and_a_no() -> None:
    assert mirror(K="A, B,,C ").words("k") == ("A", "B", "C")
    assert mirror(K="").words("k") == ()
    assert mirror().words("k") is None
    assert mirror(K=" FALSE").says_no("k")
    assert not mirror(K="true").says_no("k")
    assert not mirror().says_no("k")


@pytest.mark.parametrize(
    ("known", "wanted", "same"),
    [
        ("a,b", "A, b", True),
        ("TRUE", "true", True),
        ("60", "60", True),
        ("60", "6", False),
        ("", "", True),
        ("a,b", "b,a", False),
    ],
)
def test_values_that_mean_the_same(known: str, wanted: str, same: bool) -> None:
    assert mirror(K=known).has("k", wanted) is same


def test_the_order_of_measurands_makes_no_difference() -> None:
    assert mirror(MeterValuesSampledData="Voltage,SoC").has("MeterValuesSampledData", "SoC, voltage")
    assert not mirror(MeterValuesSampledData="SoC,SoC").has("MeterValuesSampledData", "SoC")


def test_what_is_not_known_is_not_the_same() -> None:
    assert not mirror().has("K", "")
    assert not mirror(K=None).has("K", "")


def test_a_key_is_known_or_unknown_and_the_last_word_counts() -> None:
    known = mirror(A="1").with_unknown(["a", "B"])
    assert known.find("A") is None
    assert known.is_unknown("A")
    assert known.is_unknown("b")
    again = known.with_keys([key("A", "2")])
    assert not again.is_unknown("a")
    assert again.unknown == {"B"}


def test_a_refusal_holds_for_that_value_alone() -> None:
    """G27."""
    known = mirror().with_refusal("KEY", Refusal("1", answered=True, at=NOON))
    assert known.was_refused("Key", "1", at(10**8))
    assert not known.was_refused("Key", "2", NOON)
    assert not known.with_refusal("key", None).was_refused("Key", "1", NOON)


def test_silence_counts_as_a_refusal_for_an_hour() -> None:
    known = mirror().with_refusal("Key", Refusal("1", answered=False, at=NOON))
    assert known.was_refused("Key", "1", NOON + timedelta(minutes=59))
    assert not known.was_refused("Key", "1", NOON + timedelta(minutes=60))


def test_a_charge_point_that_never_stops_telling_is_cut_short() -> None:
    names = [f"k{number}" for number in range(MAX_KEYS + 50)]
    assert len(mirror(**dict.fromkeys(names, "1")).keys) == MAX_KEYS
    assert len(mirror().with_unknown(names).unknown) == MAX_KEYS
    known = mirror()
    for name in names:
        known = known.with_refusal(name, Refusal("1", answered=True, at=NOON))
    assert len(known.refused) == MAX_KEYS


def test_a_value_waits_for_the_next_boot() -> None:
    """C8."""
    waiting = ConfigurationKey("K", "1", False, at(10), reboot_required=True)
    assert [waiting.waits_for_reset(boot) for boot in (None, at(9), at(10), at(11))] == [
        True,
        True,
        False,
        False,
    ]
    assert not key("K").waits_for_reset(None)


def test_the_standards_keys() -> None:
    """C38-C40: no name twice, and what is known of the values is known of keys that exist."""
    folded = {name.casefold() for name in keys.STANDARD_KEYS}
    assert len(folded) == len(keys.STANDARD_KEYS)
    assert folded >= keys.LISTS | keys.WHOLE_NUMBERS | keys.TRUE_OR_FALSE | {keys.SECURITY_PROFILE}
    assert keys.AUTHORIZATION_KEY not in folded
    assert all(len(name) <= 50 for name in keys.STANDARD_KEYS)
