"""Why a good charging profile may be a mistake for one charge point; a person may insist (D7-D9, D18)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from app.domain.charging_profile import ChargingProfile, InstalledProfile, RateUnit
from app.domain.configuration import ConfigurationMirror

_UNITS = {"current": RateUnit.AMPERE, "a": RateUnit.AMPERE, "power": RateUnit.WATT, "w": RateUnit.WATT}


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a charge point says of its smart charging; None and empty where it says nothing (9.4)."""

    max_stack_level: int | None = None
    max_periods: int | None = None
    max_installed: int | None = None
    units: frozenset[RateUnit] = frozenset()
    switches_phases: bool = True


def abilities_of(mirror: ConfigurationMirror) -> Abilities:
    """From the configuration keys. Units go by both of their names (E 3.86, G28); other words are ignored."""
    words = mirror.words("ChargingScheduleAllowedChargingRateUnit") or ()
    return Abilities(
        mirror.number("ChargeProfileMaxStackLevel"),
        mirror.number("ChargingScheduleMaxPeriods"),
        mirror.number("MaxChargingProfilesInstalled"),
        frozenset(_UNITS[word.casefold()] for word in words if word.casefold() in _UNITS),
        not mirror.lacks("ConnectorSwitch3to1PhaseSupported"),
    )


def doubts_about(
    profile: ChargingProfile,
    abilities: Abilities,
    others: Iterable[InstalledProfile],
    replaced: Iterable[InstalledProfile],
    now: datetime,
) -> Iterator[str]:
    """Sentences. `others` stay installed beside it, `replaced` go for it."""
    yield from _beyond(abilities, profile, 1 + sum(1 for _ in others))
    unit = profile.schedule.charging_rate_unit
    if abilities.units and unit not in abilities.units:
        yield f"The charge point takes no limits in {unit} (ChargingScheduleAllowedChargingRateUnit)."
    phases = {period.number_phases or 3 for period in profile.schedule.periods}
    if not abilities.switches_phases and 1 in phases and len(phases) > 1:
        yield "The charge point does not switch between phases (ConnectorSwitch3to1PhaseSupported)."
    if profile.valid_to is not None and profile.valid_to <= now:
        yield "The profile's validity is over."
    if profile.valid_from is not None and profile.valid_from > now and any(True for _ in replaced):
        yield "It replaces an installed profile at once, but is valid only later: until then neither limits."


def _beyond(abilities: Abilities, profile: ChargingProfile, installed: int) -> Iterator[str]:
    """D8."""
    for number, most, what, key in (
        (profile.stack_level, abilities.max_stack_level, "stack level", "ChargeProfileMaxStackLevel"),
        (len(profile.schedule.periods), abilities.max_periods, "periods", "ChargingScheduleMaxPeriods"),
        (installed, abilities.max_installed, "installed profiles", "MaxChargingProfilesInstalled"),
    ):
        if most is not None and number > most:
            yield f"{key} of the charge point is {most}, and this makes {number} ({what})."
