"""Meter arithmetic: which sampled value is the energy register, and how much it reads in Wh."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

ENERGY_REGISTER = "Energy.Active.Import.Register"
_WH_PER_UNIT = {"Wh": 1, "kWh": 1000}
_FLOAT_COUNTS_TO = 2**53


@dataclass(frozen=True, slots=True)
class MeterReading:
    """One MeterValue of the wire: a time and its sampled values, kept verbatim."""

    timestamp: datetime
    sampled_values: tuple[Mapping[str, Any], ...]


def energy_wh(sampled_values: Sequence[Mapping[str, Any]]) -> float | None:
    """The import register of the whole connector in Wh, or None if it is not among the values.

    Absent measurand, unit and format mean the register, Wh and Raw (B18). Per-phase values, signed
    blocks (B25) and text that is no number (G12) do not count.
    """
    for sample in sampled_values:
        if sample.get("measurand", ENERGY_REGISTER) != ENERGY_REGISTER or sample.get("phase"):
            continue
        if sample.get("format", "Raw") != "Raw":
            continue
        factor = _WH_PER_UNIT.get(sample.get("unit", "Wh"))
        if factor is not None and (value := _number(sample.get("value"), factor)) is not None:
            return value
    return None


def _number(text: object, factor: int) -> float | None:
    """A finite number, whole where it is whole, so that 4000 Wh reads `4000`.

    Only as far as a float counts in ones: beyond, integers would outgrow what stores and JSON can hold.
    """
    try:
        value = float(str(text).strip()) * factor
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    return int(value) if value.is_integer() and abs(value) < _FLOAT_COUNTS_TO else value


def reading_digest(connector_id: int, transaction_id: int | None, reading: MeterReading) -> str:
    """Natural key of a reading: the same reading sent again has the same digest."""
    content = [connector_id, transaction_id, reading.timestamp.isoformat(), reading.sampled_values]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
