"""How charge points prove who they are: keys and security profiles, provisioned or changed over OCPP (E1-E8).

ChangeConfiguration of `AuthorizationKey` and of `SecurityProfile` tells its progress here. The gateway
decides at each handshake by what is kept, and makes what is pending the rule once it is used.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from app.domain.certificate import OPEN, ROOT_KINDS, Certificate, CertificateKind, CertificateState
from app.domain.charge_point import ChargePoint, ChargePointSecurity
from app.domain.command import HIDDEN, Command, CommandStatus, Outcome
from app.domain.context import ChargePointRef
from app.domain.errors import InvalidInput, NeedsForce, NotFound
from app.services.certificates import CertificateService
from app.services.keys import KEY_DIGITS, KeyHasher
from app.services.ports import ChargePointRepository
from app.services.roots import RootService
from app.services.security_events import SecurityEventService

log = structlog.stdlib.get_logger(__name__)
KEY_BYTES = 20
HIGHEST_PROFILE = 3
_KEY_RULE = "Use 32 to 40 hexadecimal digits: 16 to 20 bytes (A01.FR.02)."
_USABLE = (CertificateState.ACCEPTED, CertificateState.IN_USE, CertificateState.RETIRED)
_CURRENT = (*OPEN, *_USABLE)
_NOTHING_CHANGED = (CommandStatus.REJECTED, CommandStatus.FAILED, CommandStatus.EXPIRED)


@dataclass(frozen=True, slots=True)
class SecurityView:
    """A charge point with its own certificates, those that are over left out, and the roots it trusts."""

    charge_point: ChargePoint
    certificates: tuple[Certificate, ...]
    roots: tuple[Certificate, ...]


def new_key() -> str:
    """A key nobody can guess, in hexadecimal as OCPP carries it (E5, A01.FR.07)."""
    return secrets.token_hex(KEY_BYTES)


class SecurityService:
    """Use cases of keys and profiles."""

    def __init__(
        self,
        charge_points: ChargePointRepository,
        certificates: CertificateService,
        roots: RootService,
        events: SecurityEventService,
        hasher: KeyHasher,
    ) -> None:
        self._charge_points = charge_points
        self._certificates = certificates
        self._roots = roots
        self._events = events
        self._hasher = hasher

    def view(self, ref: ChargePointRef) -> SecurityView:
        """Raises NotFound."""
        charge_point = self._get(ref)
        roots = (root for kind in ROOT_KINDS for root in self._roots.installed(ref, kind))
        own = (one for one in self._certificates.own(ref) if one.state in _CURRENT)
        return SecurityView(charge_point, tuple(own), tuple(roots))

    def note_refusal(self, ref: ChargePointRef, kind: str, detail: str) -> None:
        """A connection was refused for security's sake (E3). Cheap, bounded, and never raises."""
        self._events.note_own(ref, kind, detail)

    # --- provisioning: what an operator sets without asking the charge point ----------------------------

    def set_key(self, ref: ChargePointRef, key: str | None = None) -> str:
        """Make this key, or a new one, the only valid one, and answer it. Raises NotFound, InvalidInput."""
        key = key or new_key()
        if not KEY_DIGITS.fullmatch(key):
            raise InvalidInput("The key is not valid.", problems={"key": [_KEY_RULE]})
        self._get(ref)
        self._set(ref, key_hash=self._hash(key), pending_key_hash=None, pending_key_from=None)
        log.info("key_provisioned", charge_point_id=ref.charge_point_id)
        return key

    def has_key(self, charge_point: ChargePoint, key: str) -> bool:
        """Whether this is its key already. Takes milliseconds."""
        stored = charge_point.security.key_hash
        return stored is not None and self._hasher.matches(stored, _as_bytes(key))

    def set_profile(self, ref: ChargePointRef, profile: int, *, force: bool = False) -> None:
        """Demand this profile from the next connection on; may also lower it. Raises NotFound, NeedsForce."""
        charge_point = self._get(ref)
        doubts = self._cannot_prove(charge_point, profile)
        if doubts and not force:
            sentence = f"{' '.join(doubts)} It could not connect. Set `force` to set it all the same."
            raise NeedsForce(sentence, problems={"force": doubts})
        self._set(ref, profile=profile, pending_profile=None)
        log.info("profile_provisioned", charge_point_id=ref.charge_point_id, profile=profile)

    # --- over OCPP: AuthorizationKey ----------------------------------------------------------------------

    def key_concerns(self, charge_point: ChargePoint) -> list[str]:
        """Why sending it another AuthorizationKey now may lock it out."""
        if charge_point.security.pending_key_hash is None:
            return []
        return ["A key sent before may be in use: its command is open, or was not answered."]

    def note_key_sent(self, command: Command) -> None:
        """The charge point may use the new key from now on, or stay with the old one (E6)."""
        value = str(command.payload.get("value", ""))
        if value != HIDDEN:  # the second telling knows it no more
            changes = {"pending_key_hash": self._hash(value), "pending_key_from": command.id}
            self._set(command.charge_point, **changes)

    def note_key_outcome(self, command: Command, outcome: Outcome) -> None:
        """Accepted: only the new one is valid (A01.FR.03). Refused: only the old one (A01.FR.04).

        After RebootRequired, or without an answer, both are until one is used (E6).
        """
        charge_point = self._charge_points.find(command.charge_point)
        if charge_point is None or charge_point.security.pending_key_from != command.id:
            return  # the gateway has seen the new one in use, or it was replaced by another
        security = charge_point.security
        nothing = {"pending_key_hash": None, "pending_key_from": None}
        if outcome.status is CommandStatus.ACCEPTED and not _waits_for_reboot(outcome):
            if security.pending_key_hash is not None:
                self._set(command.charge_point, key_hash=security.pending_key_hash, **nothing)
                log.info("key_changed", charge_point_id=charge_point.id)
        elif _changed_nothing(outcome):
            self._set(command.charge_point, **nothing)

    # --- over OCPP: SecurityProfile -----------------------------------------------------------------------

    def profile_concerns(self, charge_point: ChargePoint, value: str) -> list[str]:
        """What the charge point would refuse this higher SecurityProfile for (E26), as far as is known."""
        profile = _profile_in(value)
        if profile is None:
            return []
        missing = self._cannot_prove(charge_point, profile)
        ref = ChargePointRef(charge_point.tenant_id, charge_point.id)
        if profile in (2, 3) and not self._roots.installed(ref, CertificateKind.CENTRAL_SYSTEM_ROOT):
            missing.append(f"Profile {profile} needs a root of the central system; none is known.")
        return missing

    def note_profile_sent(self, command: Command) -> None:
        """It may come back with the new profile before its answer is worked on: both are good now (E4)."""
        profile = _profile_in(str(command.payload.get("value", "")))
        if profile is not None and profile <= HIGHEST_PROFILE:
            self._set(command.charge_point, pending_profile=profile)

    def note_profile_outcome(self, command: Command, outcome: Outcome) -> None:
        """Refused: the profile stays. Else both are allowed until the higher one is used (A05.FR.08-09)."""
        profile = _profile_in(str(command.payload.get("value", "")))
        charge_point = self._charge_points.find(command.charge_point)
        if profile is None or charge_point is None:
            return
        if _changed_nothing(outcome) and charge_point.security.pending_profile == profile:
            self._set(command.charge_point, pending_profile=None)

    def _cannot_prove(self, charge_point: ChargePoint, profile: int) -> list[str]:
        """What a charge point lacks to come in with a profile (A05.FR.02, A05.FR.04), as far as is known."""
        if profile in (1, 2) and not _has_key(charge_point.security):
            return [f"Profile {profile} needs an AuthorizationKey; none is known."]
        ref = ChargePointRef(charge_point.tenant_id, charge_point.id)
        if profile == 3 and not any(own.state in _USABLE for own in self._certificates.own(ref)):
            return ["Profile 3 needs a certificate that the charge point has accepted; none is known."]
        return []

    def _get(self, ref: ChargePointRef) -> ChargePoint:
        found = self._charge_points.find(ref)
        if found is None:
            raise NotFound(f"There is no charge point '{ref.charge_point_id}'.")
        return found

    def _set(self, ref: ChargePointRef, **changes: Any) -> None:
        self._charge_points.change(ref, {"security": changes})

    def _hash(self, value: str) -> str:
        """Of the bytes that the digits stand for; of the text itself where an operator insisted on one."""
        return self._hasher.hash(_as_bytes(value))


def _has_key(security: ChargePointSecurity) -> bool:
    return security.key_hash is not None or security.pending_key_hash is not None


def _waits_for_reboot(outcome: Outcome) -> bool:
    result: Mapping[str, Any] = outcome.result or {}
    return result.get("status") == "RebootRequired"


def _changed_nothing(outcome: Outcome) -> bool:
    """Known to be so: refused, or never sent. An answer that nobody could read may have been a yes."""
    unread = (outcome.error or {}).get("code") == "unreadable_answer"
    return outcome.status in _NOTHING_CHANGED and not unread


def _profile_in(value: str) -> int | None:
    text = value.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _as_bytes(key: str) -> bytes:
    return bytes.fromhex(key) if KEY_DIGITS.fullmatch(key) else key.encode()
