"""Meter arithmetic: which sampled value is the energy register, what it reads in Wh, and what was drawn.

Numbers are exact: `0.1` kWh are 100 Wh, and 12345.6 minus 12000.1 is 345.5.
"""

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from app.domain.context import ChargePointRef

ENERGY_REGISTER = "Energy.Active.Import.Register"
RESTART_WH = 1000
"""A register that falls by so much has started anew; less is what rounding to whole kWh explains (G21)."""
CLOCK_MAY_BE_AHEAD = timedelta(days=1)
"""What is dated later than that was dated by a clock that is wrong; the time of receipt counts (G15)."""
_OUTLET = "Outlet"
_THREE_PHASES = frozenset({"L1", "L2", "L3"})
_DIGITS_TO_WH = {"wh": 0, "kwh": 3}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_FLOAT_COUNTS_TO = 2**53
_MAX_DIGITS = 400


class Attribution(StrEnum):
    """How a reading came to its session: by the transaction it names, or by the time it was taken."""

    TRANSACTION = "transaction"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class MeterReading:
    """One MeterValue of the wire: a time and its sampled values, kept verbatim."""

    timestamp: datetime
    sampled_values: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class KeptReading:
    """A reading as it is stored. `session_id` and `attributed` are None where no session is known."""

    id: str
    charge_point: ChargePointRef
    connector_id: int | None
    transaction_id: int | None
    session_id: str | None
    attributed: Attribution | None
    reading: MeterReading
    received_at: datetime


def energy_wh(sampled_values: Sequence[Mapping[str, Any]]) -> float | None:
    """The import register of the whole connector in Wh, or None if it is not among the values.

    Absent measurand, unit and format mean the register, Wh and Raw (B18). Signed blocks (B25), amounts per
    interval (B23, B24) and text that is no number (G12) do not count. Of several places the outlet counts,
    which is also meant where none is named. Phases count only where there is no value of all of them, and
    then as the sum of L1, L2 and L3: with one missing, nobody knows whether the charge point has it.
    """
    whole: tuple[bool, Decimal] | None = None
    phases: dict[tuple[str, str], Decimal] = {}
    for sample in sampled_values:
        value = _register(sample)
        if value is None:
            continue
        phase, place = sample.get("phase"), sample.get("location", _OUTLET)
        if phase:
            phases.setdefault((place, phase.removesuffix("-N")), value)
        elif whole is None or (place == _OUTLET and not whole[0]):
            whole = (place == _OUTLET, value)
    if whole is not None:
        return _plain(whole[1])
    return _sum_of_phases(phases) if phases else None


def _register(sample: Mapping[str, Any]) -> Decimal | None:
    """What a sample of the energy register says in Wh."""
    if sample.get("measurand", ENERGY_REGISTER) != ENERGY_REGISTER or sample.get("format", "Raw") != "Raw":
        return None
    digits = _DIGITS_TO_WH.get(str(sample.get("unit", "Wh")).strip().casefold())
    text = str(sample.get("value")).strip()
    if digits is None or not _is_number(text):
        return None
    value = Decimal(text).scaleb(digits)
    return value if math.isfinite(float(value)) else None


def is_unreadable(sample: Mapping[str, Any]) -> bool:
    """A raw value that is no number: it is kept as it came and counts for nothing (G12)."""
    text = str(sample.get("value")).strip()
    return sample.get("format", "Raw") == "Raw" and not _is_number(text)


def _is_number(text: str) -> bool:
    return len(text) <= _MAX_DIGITS and _NUMBER.fullmatch(text) is not None


def _sum_of_phases(phases: Mapping[tuple[str, str], Decimal]) -> float | None:
    places = sorted({place for place, _ in phases}, key=lambda place: place != _OUTLET)
    for place in places:
        values = {phase: value for (where, phase), value in phases.items() if where == place}
        if values.keys() >= _THREE_PHASES:
            return _plain(sum((values[phase] for phase in _THREE_PHASES), Decimal(0)))
    return None


def _plain(value: Decimal) -> float | None:
    """A finite number, whole where it is whole, so that 4000 Wh reads `4000`.

    Only as far as a float counts in ones: beyond, integers would outgrow what stores and JSON can hold.
    """
    number = float(value)
    if not math.isfinite(number):
        return None
    if abs(value) < _FLOAT_COUNTS_TO and value == value.to_integral_value():
        return int(value)
    return number


def difference(later: float, earlier: float) -> float:
    """`later` minus `earlier`, exact in the decimals that both are written in."""
    if isinstance(later, int) and isinstance(earlier, int):
        return later - earlier
    exact = _plain(Decimal(repr(later)) - Decimal(repr(earlier)))
    return later - earlier if exact is None else exact


def has_restarted(registers: Iterable[float]) -> bool:
    """Does the register start anew somewhere in these, which are in order of time? (G21)"""
    return _restart(list(registers)) is not None


def drawn_wh(registers: Sequence[float]) -> float:
    """Energy from the first to the last of these registers, which are in order of time. Never negative.

    The last minus the first, whatever lies between. If that is negative, the register has started anew:
    then what it counted before the first restart and after it, which is the least that is certain.
    """
    whole = difference(registers[-1], registers[0])
    if whole >= 0:
        return whole
    restart = _restart(registers)
    if restart is None:
        return 0
    before = difference(registers[restart - 1], registers[0])
    after = difference(registers[-1], registers[restart])
    return max(0, before) + max(0, after)


def _restart(registers: Sequence[float]) -> int | None:
    """Place of the first register that is much lower than the one before."""
    for place in range(1, len(registers)):
        if registers[place - 1] - registers[place] >= RESTART_WH:
            return place
    return None


def believed(readings: Sequence[MeterReading], received_at: datetime) -> tuple[MeterReading, ...]:
    """The readings, with the time of receipt for those of a clock that is wrong (G15)."""
    latest = received_at + CLOCK_MAY_BE_AHEAD
    return tuple(
        replace(reading, timestamp=received_at) if reading.timestamp > latest else reading
        for reading in readings
    )


def reading_digest(connector_id: int, transaction_id: int | None, reading: MeterReading) -> str:
    """Natural key of a reading: the same reading sent again has the same digest."""
    content = [connector_id, transaction_id, reading.timestamp.isoformat(), reading.sampled_values]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
