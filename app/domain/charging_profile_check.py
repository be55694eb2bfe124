"""What is wrong with a charging profile, each problem with its place (D1-D4, D10-D12, D15)."""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.domain.charging_profile import Kind, Purpose, RateUnit, Recurrency, tenths
from app.domain.times import parse_time

MAX_INTEGER = 2**31 - 1
MAX_LIMIT = 1_000_000_000
MISSING, UNKNOWN = "Missing.", "Unknown parameter."
_PROFILE = frozenset(
    (
        "charging_profile_id",
        "transaction_id",
        "stack_level",
        "charging_profile_purpose",
        "charging_profile_kind",
        "recurrency_kind",
        "valid_from",
        "valid_to",
        "charging_schedule",
    )
)
_SCHEDULE = frozenset(
    ("duration", "start_schedule", "charging_rate_unit", "charging_schedule_period", "min_charging_rate")
)
_PERIOD = frozenset(("start_period", "limit", "number_phases"))


class Use(StrEnum):
    """What a profile is going to be: it decides what it must have and must not have (D4)."""

    INSTALL = "install"
    REMOTE_START = "remote_start"
    TEMPLATE = "template"


def problems_of(
    fields: Mapping[str, Any], use: Use = Use.INSTALL, connector_id: object = None
) -> dict[str, list[str]]:
    """Every problem by its dotted path; none means that the official schema is kept as well.

    `connector_id` is where it is to be installed; what is no whole number is not looked at.
    """
    check = _Check(fields)
    check.profile(use, connector_id)
    return check.problems


class _Check:
    """One look at one profile."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = fields
        self.problems: dict[str, list[str]] = {}

    def profile(self, use: Use, connector_id: object) -> None:
        fields = self._fields
        self._only(fields, _PROFILE, "")
        self._identity(use)
        self._whole(fields, "stack_level", "", required=True)
        purpose = self._word(fields, "charging_profile_purpose", Purpose, "", required=True)
        kind = self._word(fields, "charging_profile_kind", Kind, "", required=True)
        self._purpose(purpose, use, connector_id)
        self._recurrency(kind)
        since, until = self._time(fields, "valid_from", ""), self._time(fields, "valid_to", "")
        if since is not None and until is not None and until <= since:
            self._add("valid_to", "Must be later than valid_from.")
        schedule = fields.get("charging_schedule")
        if isinstance(schedule, Mapping):
            self._schedule(schedule, kind)
        else:
            self._add("charging_schedule", MISSING if schedule is None else "Must be an object.")

    def _identity(self, use: Use) -> None:
        if use is Use.TEMPLATE:
            if "charging_profile_id" in self._fields:
                self._add("charging_profile_id", "A template has none; each assignment gets its own.")
        else:
            self._whole(self._fields, "charging_profile_id", "", required=True)

    def _purpose(self, purpose: str | None, use: Use, connector_id: object) -> None:
        """D2, D4."""
        is_tx = purpose == Purpose.TX
        if use is Use.REMOTE_START and purpose is not None and not is_tx:
            self._add("charging_profile_purpose", "A remote start takes a TxProfile.")
        if use is Use.INSTALL and is_tx:
            self._whole(self._fields, "transaction_id", "", required=True, low=1)
        elif "transaction_id" in self._fields:
            self._add("transaction_id", _NO_TRANSACTION[use])
        if isinstance(connector_id, bool) or not isinstance(connector_id, int):
            return
        if purpose == Purpose.CHARGE_POINT_MAX and connector_id != 0:
            self._add("charging_profile_purpose", "A ChargePointMaxProfile is for connector 0 only.")
        if is_tx and connector_id == 0:
            self._add("charging_profile_purpose", "A TxProfile is for a connector above 0.")

    def _recurrency(self, kind: str | None) -> None:
        """D12."""
        if kind == Kind.RECURRING:
            self._word(self._fields, "recurrency_kind", Recurrency, "", required=True)
        elif "recurrency_kind" in self._fields:
            self._add("recurrency_kind", "Only a Recurring profile has one.")

    def _schedule(self, schedule: Mapping[str, Any], kind: str | None) -> None:
        path = "charging_schedule."
        self._only(schedule, _SCHEDULE, path)
        duration = self._whole(schedule, "duration", path, low=1)
        self._word(schedule, "charging_rate_unit", RateUnit, path, required=True)
        self._time(schedule, "start_schedule", path)
        self._tenths(schedule, "min_charging_rate", path)
        if kind == Kind.RELATIVE and "start_schedule" in schedule:
            self._add(f"{path}start_schedule", "A Relative profile has none.")
        if kind in (Kind.ABSOLUTE, Kind.RECURRING) and "start_schedule" not in schedule:
            self._add(f"{path}start_schedule", f"Missing: {kind} profiles begin at it.")
        periods = schedule.get("charging_schedule_period")
        if isinstance(periods, list | tuple) and periods:
            self._periods(periods, duration)
        else:
            sentence = MISSING if periods is None else "Must be a list with at least one period."
            self._add(f"{path}charging_schedule_period", sentence)

    def _periods(self, periods: Collection[Any], duration: int | None) -> None:
        """D11."""
        before = -1
        for index, period in enumerate(periods):
            path = f"charging_schedule.charging_schedule_period.{index}."
            if not isinstance(period, Mapping):
                self._add(path.rstrip("."), "Must be an object.")
                continue
            self._only(period, _PERIOD, path)
            self._tenths(period, "limit", path, required=True)
            self._whole(period, "number_phases", path, low=1, high=3)
            start = self._whole(period, "start_period", path, required=True)
            if start is None:
                continue
            if index == 0 and start != 0:
                self._add(f"{path}start_period", "The first period starts at 0.")
            elif start <= before:
                self._add(f"{path}start_period", "Must be later than that of the period before.")
            elif duration is not None and start >= duration:
                self._add(f"{path}start_period", "Must be less than duration.")
            before = max(before, start)

    def _add(self, path: str, sentence: str) -> None:
        self.problems.setdefault(path, []).append(sentence)

    def _only(self, fields: Mapping[str, Any], known: Collection[str], path: str) -> None:
        for name in fields:
            if name not in known:
                self._add(f"{path}{name}", UNKNOWN)

    def _absent(self, fields: Mapping[str, Any], name: str, path: str, required: bool) -> bool:
        if name in fields:
            return False
        if required:
            self._add(f"{path}{name}", MISSING)
        return True

    def _whole(
        self,
        fields: Mapping[str, Any],
        name: str,
        path: str,
        *,
        required: bool = False,
        low: int = 0,
        high: int = MAX_INTEGER,
    ) -> int | None:
        if self._absent(fields, name, path, required):
            return None
        value = fields[name]
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self._add(f"{path}{name}", f"Must be a whole number from {low} to {high}.")
        return None

    def _word(
        self,
        fields: Mapping[str, Any],
        name: str,
        words: type[StrEnum],
        path: str,
        *,
        required: bool = False,
    ) -> str | None:
        if self._absent(fields, name, path, required):
            return None
        value = fields[name]
        if isinstance(value, str) and value in list(words):
            return value
        self._add(f"{path}{name}", f"Must be one of: {', '.join(words)}.")
        return None

    def _time(self, fields: Mapping[str, Any], name: str, path: str) -> datetime | None:
        if name not in fields:
            return None
        value = fields[name]
        at = parse_time(value) if isinstance(value, str) else None
        if at is None:
            self._add(f"{path}{name}", "Must be a time as in 2026-12-31T18:00:00Z.")
        return at

    def _tenths(self, fields: Mapping[str, Any], name: str, path: str, *, required: bool = False) -> None:
        if self._absent(fields, name, path, required):
            return
        number = tenths(fields[name])
        if number is None or not 0 <= number <= MAX_LIMIT:
            sentence = f"Must be a number from 0 to {MAX_LIMIT} with at most one digit behind the point."
            self._add(f"{path}{name}", sentence)


_NO_TRANSACTION = {
    Use.INSTALL: "Only a TxProfile has one.",
    Use.REMOTE_START: "A remote start has no transaction yet.",
    Use.TEMPLATE: "A template has none; each assignment gets its own.",
}
