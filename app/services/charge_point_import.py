"""Many charge points at once, from a file: all lines are looked at before anything is written."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice

from app.domain.charge_point import ChargePoint
from app.domain.charge_point_csv import NEW_KEY
from app.domain.context import ChargePointRef
from app.domain.csv_table import Row, wrong_lines
from app.domain.errors import InvalidInput, QuotaExceeded
from app.domain.tenant import Tenant
from app.services.charge_points import ChargePointService
from app.services.ports import ChargePointRepository
from app.services.security import SecurityService

MAX_ROWS = 100_000
_NO_PREFIX = "It begins with none of the tenant's prefixes: its address is .../ocpp/{tenant_id}/..."


@dataclass(slots=True)
class ChargePointImportReport:
    """What an import did, or would do.

    `changes` says of each charge point that is not left as it is what happens to it; `warnings` are of lines
    that were taken. `new_keys` are shown this once; nobody can read them later.
    """

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    changes: dict[str, str] = field(default_factory=dict)
    warnings: dict[str, list[str]] = field(default_factory=dict)
    problems: Mapping[str, list[str]] = field(default_factory=dict)
    new_keys: dict[str, str] = field(default_factory=dict, repr=False)
    dry_run: bool = False


class ChargePointImportService:
    """Use case of those who bring a fleet."""

    def __init__(
        self,
        charge_points: ChargePointService,
        repository: ChargePointRepository,
        security: SecurityService,
    ) -> None:
        self._charge_points = charge_points
        self._repository = repository
        self._security = security

    def import_rows(
        self, tenant: Tenant, rows: Iterable[Row], *, partial: bool = False, dry_run: bool = False
    ) -> ChargePointImportReport:
        """Make charge points known; known ones get the profile and the key that the file names.

        The same file again changes nothing: a key is made only for who has none.

        Raises InvalidInput that names each wrong line, unless `partial`; QuotaExceeded before anything is
        written. Should a server fail half-way, import the same again.
        """
        looked_at = _bounded(rows)
        known = self._repository.find_many(tenant.id, [row.key for row in looked_at if not row.problems])
        good, problems = _checked(looked_at, known)
        if problems and not partial:
            raise InvalidInput(f"{wrong_lines(len(problems))}; nothing was imported.", problems=problems)
        self._check_quota(tenant, sum(row.key not in known for row in good))
        report = ChargePointImportReport(problems=problems, dry_run=dry_run)
        for row in good:
            self._import(tenant, row, known.get(row.key), report)
        return report

    def _check_quota(self, tenant: Tenant, new: int) -> None:
        allowed = tenant.configuration.max_charge_points
        if self._repository.count(tenant.id) + new > allowed:
            raise QuotaExceeded(f"With {new} more, the tenant would have more than {allowed} charge points.")

    def _import(
        self, tenant: Tenant, row: Row, known: ChargePoint | None, report: ChargePointImportReport
    ) -> None:
        profile, key = row.values.get("security_profile"), self._other_key(row, known)
        ref = ChargePointRef(tenant.id, row.key)
        other_profile = profile is not None and (known is None or known.security.profile != profile)
        if not any(row.key.startswith(prefix) for prefix in tenant.charge_point_prefixes):
            report.warnings[f"line {row.line}"] = [_NO_PREFIX.format(tenant_id=tenant.id)]
        happens = ["made known"] if known is None else []
        happens += [f"security profile {profile}"] if other_profile else []
        happens += ["another key: the one before ends" if _has_key(known) else "a key"] if key else []
        if known is None:
            report.created += 1
        elif happens:
            report.changed += 1
        else:
            report.unchanged += 1
        if happens:
            report.changes[row.key] = ", ".join(happens)
        if report.dry_run:
            return
        if known is None:
            self._charge_points.register(tenant, row.key)
        if key is not None:
            made = self._security.set_key(ref, None if key == NEW_KEY else key)
            if key == NEW_KEY:
                report.new_keys[row.key] = made
        if profile is not None and other_profile:
            self._security.set_profile(ref, profile, force=True)

    def _other_key(self, row: Row, known: ChargePoint | None) -> str | None:
        """The key to be set: none if it has this one, or any where the file only wants one to be made."""
        key: str | None = row.values.get("key")
        if key is None or not _has_key(known):
            return key
        stays = key == NEW_KEY or (known is not None and self._security.has_key(known, key))
        return None if stays else key


def _has_key(known: ChargePoint | None) -> bool:
    return known is not None and known.security.key_hash is not None


def _bounded(rows: Iterable[Row]) -> list[Row]:
    """All rows. Raises InvalidInput if there are too many."""
    source = iter(rows)
    taken = list(islice(source, MAX_ROWS))
    if (beyond := next(source, None)) is not None:
        sentence = f"Import at most {MAX_ROWS} charge points at once."
        raise InvalidInput(sentence, problems={f"line {beyond.line}": [sentence]})
    return taken


def _checked(rows: Iterable[Row], known: Mapping[str, ChargePoint]) -> tuple[list[Row], dict[str, list[str]]]:
    """The good rows; and what is wrong, by line."""
    good: list[Row] = []
    problems: dict[str, list[str]] = {}
    line_of: dict[str, int] = {}
    for row in rows:
        found = list(row.problems) or _problems_of(row, known.get(row.key))
        first = line_of.setdefault(row.key, row.line) if not row.problems else row.line
        if not found and first != row.line:
            found = [f"charge_point_id: The same as in line {first}."]
        if found:
            problems[f"line {row.line}"] = found
        else:
            good.append(row)
    return good, problems


def _problems_of(row: Row, known: ChargePoint | None) -> list[str]:
    """What the cells alone do not show."""
    needs_key = row.values.get("security_profile") in (1, 2)
    if needs_key and row.values.get("key") is None and not _has_key(known):
        return [f"key: Profiles 1 and 2 need a key; `{NEW_KEY}` has one made."]
    return []
