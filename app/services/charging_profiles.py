"""Charging profiles: what each charge point has installed, as far as it told us (D7, D17, C30, C31)."""

from collections.abc import Collection, Container, Sequence
from datetime import datetime
from typing import Protocol

from app.domain.charging_profile import ChargingProfile, Criteria, InstalledProfile, Purpose, RateUnit
from app.domain.charging_profile_doubts import abilities_of, doubts_about
from app.domain.composite import Composite, RunningTransaction, composite
from app.domain.context import ChargePointRef
from app.domain.session import Session, session_id_of
from app.services.configuration import ConfigurationService
from app.services.ports import ChargePointRepository, Clock, PageRequest, SessionRepository

ALL = Criteria()


class ChargingProfileRepository(Protocol):
    """Installed profiles of a tenant's charge points."""

    def next_charging_profile_id(self, tenant_id: str) -> int:
        """A number that this method has not given before in the tenant; from 1 up."""
        ...

    def installed(self, ref: ChargePointRef) -> list[InstalledProfile]:
        """By connector, purpose and stack level."""
        ...

    def put(self, installed: InstalledProfile) -> None:
        """Keep it, in place of one of the same id."""
        ...

    def remove(self, ref: ChargePointRef, profile_ids: Sequence[int]) -> None:
        """Forget these."""
        ...


class ChargingProfileService:
    """Use cases of installed profiles. Commands tell what was installed and cleared."""

    def __init__(
        self,
        profiles: ChargingProfileRepository,
        charge_points: ChargePointRepository,
        sessions: SessionRepository,
        configuration: ConfigurationService,
        clock: Clock,
    ) -> None:
        self._profiles = profiles
        self._charge_points = charge_points
        self._sessions = sessions
        self._configuration = configuration
        self._clock = clock

    def installed(self, ref: ChargePointRef, criteria: Criteria = ALL) -> list[InstalledProfile]:
        """Those that fit."""
        return [one for one in self._profiles.installed(ref) if criteria.fits(one)]

    def new_charging_profile_id(self, ref: ChargePointRef) -> int:
        """An id that the charge point has not; operators may have given some themselves."""
        taken = {one.profile.charging_profile_id for one in self._profiles.installed(ref)}
        while (number := self._profiles.next_charging_profile_id(ref.tenant_id)) in taken:
            pass
        return number

    def running_session(self, ref: ChargePointRef, connector_id: int) -> Session | None:
        """The newest that runs on a connector."""
        filters = {
            "charge_point_id": ref.charge_point_id,
            "connector_id": connector_id,
            "status": "active",
        }
        found = self._sessions.list_page(ref.tenant_id, PageRequest(1, None, filters))
        return found.items[0] if found.items else None

    def doubts(self, ref: ChargePointRef, connector_id: int, profile: ChargingProfile) -> list[str]:
        """Why installing it may be a mistake."""
        new = self._as_installed(ref, connector_id, profile)
        replaced, others = _parted(new, self._profiles.installed(ref))
        abilities = abilities_of(self._configuration.mirror(ref))
        return list(doubts_about(profile, abilities, others, replaced, self._clock.now()))

    def note_installed(self, new: InstalledProfile) -> None:
        """The charge point has taken it, and dropped what stood in its place (D7). Safe to repeat."""
        replaced, _ = _parted(new, self._profiles.installed(new.charge_point))
        gone = {one.profile.charging_profile_id for one in replaced} - {new.profile.charging_profile_id}
        self._profiles.put(new)
        if gone:
            self._profiles.remove(new.charge_point, sorted(gone))
        if new.profile.purpose is Purpose.TX:
            self._charge_points.change(new.charge_point, {"has_profiles": True})

    def note_cleared(self, ref: ChargePointRef, criteria: Criteria) -> None:
        """The charge point has none of these any more (C31)."""
        gone = [one.profile.charging_profile_id for one in self.installed(ref, criteria)]
        if gone:
            self._profiles.remove(ref, gone)

    def note_stop(self, ref: ChargePointRef, transactions: Collection[int]) -> None:
        """These are over, and their profiles with them (B51, D17).

        So are those of others that do not run: a stop may come without its transaction's id, or never.
        """
        self._charge_points.change(ref, {"has_profiles": False})
        of_transactions = self.installed(ref, Criteria(purpose=Purpose.TX))
        running = {session.transaction_id for session in self._sessions.active_on(ref)}
        gone = [
            one.profile.charging_profile_id
            for one in of_transactions
            if one.profile.transaction_id in transactions or self._is_over(one, running)
        ]
        if gone:
            self._profiles.remove(ref, gone)
        if len(gone) < len(of_transactions):
            self._charge_points.change(ref, {"has_profiles": True})

    def _is_over(self, one: InstalledProfile, running: Container[int]) -> bool:
        """Its transaction is known here, and does not run."""
        number = one.profile.transaction_id
        if number is None or number in running:
            return False
        known = self._sessions.find(one.tenant_id, session_id_of(number))
        return known is not None and known.charge_point == one.charge_point

    def estimate(
        self,
        ref: ChargePointRef,
        connector_id: int,
        duration_s: int,
        unit: RateUnit | None = None,
        start: datetime | None = None,
    ) -> Composite:
        """What the installed profiles amount to, from `start` (or now) on; the charge point may differ."""
        begins_at = (start or self._clock.now()).replace(microsecond=0)
        session = self.running_session(ref, connector_id) if connector_id > 0 else None
        running = None
        if session is not None and session.start_time is not None:
            running = RunningTransaction(session.transaction_id, min(session.start_time, begins_at))
        return composite(self._profiles.installed(ref), connector_id, begins_at, duration_s, unit, running)

    def _as_installed(
        self, ref: ChargePointRef, connector_id: int, profile: ChargingProfile
    ) -> InstalledProfile:
        now = self._clock.now()
        return InstalledProfile(ref.tenant_id, ref.charge_point_id, connector_id, profile, now, "")


def _parted(
    new: InstalledProfile, known: Sequence[InstalledProfile]
) -> tuple[list[InstalledProfile], list[InstalledProfile]]:
    """Those whose place or id it takes, and the others (D7)."""
    replaced = [one for one in known if one.place == new.place or one.id == new.id]
    return replaced, [one for one in known if one not in replaced]
