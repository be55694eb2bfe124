"""Id tags: who may charge, as operators enter and change it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Any

from app.domain.csv_table import Row, wrong_lines
from app.domain.errors import Conflict, InvalidInput, NotFound, PreconditionFailed
from app.domain.id_tag import IdTag, check_id_tag, id_tag_key
from app.services.ports import Clock, IdTagRepository, Page, PageRequest

MAX_ROWS = 200_000
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or would do: counts of tags, and per refused line why."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    problems: Mapping[str, list[str]] = field(default_factory=dict)
    dry_run: bool = False

    @property
    def refused(self) -> int:
        """How many lines were left out."""
        return len(self.problems)


class IdTagService:
    """Use cases of id tags. Verdicts on presented ones are `AuthorizationService`'s."""

    def __init__(self, id_tags: IdTagRepository, clock: Clock) -> None:
        self._id_tags = id_tags
        self._clock = clock

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[IdTag]:
        """In order of their look-up form. Filters: `parent_id_tag`, `blocked`, `prefix`, in any case."""
        return self._id_tags.list_page(tenant_id, replace(page, filters=_folded(page.filters)))

    def each(self, tenant_id: str, filters: Mapping[str, Any] | None = None) -> Iterator[IdTag]:
        """All of a list, filtered as in `list`."""
        return self._id_tags.each(tenant_id, _folded(filters))

    def get(self, tenant_id: str, id_tag: str) -> IdTag:
        """In whatever case it is written. Raises NotFound."""
        return _known(self._id_tags.find(tenant_id, id_tag_key(id_tag)), id_tag)

    def put(
        self,
        tenant_id: str,
        id_tag: str,
        *,
        parent_id_tag: str | None = None,
        expires_at: datetime | None = None,
        blocked: bool = False,
        max_active_transactions: int | None = None,
        note: str | None = None,
        revision: int | None = None,
    ) -> IdTag:
        """Add a tag, or replace all that is known of it; with `revision` only one that is of it.

        Raises InvalidInput, PreconditionFailed.
        """
        values = {
            "parent_id_tag": parent_id_tag,
            "expires_at": expires_at,
            "blocked": blocked,
            "max_active_transactions": max_active_transactions,
            "note": note,
        }
        tag = self._new(id_tag, values)
        if revision is None:
            self._id_tags.put(tenant_id, tag)
            return tag
        changes = {**values, "id_tag": id_tag, "updated_at": tag.updated_at}
        return _unchanged(self._id_tags.change(tenant_id, tag.key, changes, revision))

    def create(self, tenant_id: str, id_tag: str, values: Mapping[str, Any]) -> IdTag:
        """Add a tag. Raises Conflict if it is known, InvalidInput."""
        tag = self._new(id_tag, values)
        if not self._id_tags.insert(tenant_id, tag):
            raise Conflict(f"The id tag '{id_tag}' is known already.")
        return tag

    def change(
        self, tenant_id: str, id_tag: str, changes: Mapping[str, Any], revision: int | None = None
    ) -> IdTag:
        """Change some of what is known of a tag.

        Raises NotFound, InvalidInput, PreconditionFailed (it is not of `revision`).
        """
        check_id_tag(replace(self.get(tenant_id, id_tag), **changes))
        changed = {**changes, "updated_at": self._clock.now()}
        found = self._id_tags.change(tenant_id, id_tag_key(id_tag), changed, revision)
        return _known(found, id_tag) if revision is None else _unchanged(found)

    def remove(self, tenant_id: str, id_tag: str, revision: int | None = None) -> None:
        """Forget a tag. Raises NotFound, PreconditionFailed (it is not of `revision`)."""
        if not self._id_tags.remove(tenant_id, id_tag_key(id_tag), revision):
            self.get(tenant_id, id_tag)
            _unchanged(None)

    def _new(self, id_tag: str, values: Mapping[str, Any]) -> IdTag:
        now = self._clock.now()
        tag = IdTag(id_tag_key(id_tag), id_tag, created_at=now, updated_at=now, **values)
        check_id_tag(tag)
        return tag

    def import_rows(
        self, tenant_id: str, rows: Iterable[Row], *, partial: bool = False, dry_run: bool = False
    ) -> ImportReport:
        """Add and change many tags. A tag that a row names keeps what the row says nothing of.

        All rows are looked at before any is written. Raises InvalidInput that names each wrong line, unless
        `partial`. Written in parts: should a server fail half-way, import the same again.
        """
        good, problems = _checked(rows)
        if problems and not partial:
            raise InvalidInput(f"{wrong_lines(len(problems))}; nothing was imported.", problems=problems)
        report = ImportReport(problems=problems, dry_run=dry_run)
        remaining = iter(good)
        while some := list(islice(remaining, _AT_ONCE)):
            report = self._import_some(tenant_id, some, report)
        return report

    def _import_some(self, tenant_id: str, rows: Iterable[Row], report: ImportReport) -> ImportReport:
        wanted = {id_tag_key(row.key): row for row in rows}
        known = self._id_tags.find_many(tenant_id, wanted)
        now, new, changed = self._clock.now(), [], []
        for key, row in wanted.items():
            before = known.get(key)
            if before is None:
                new.append(IdTag(key, row.key, created_at=now, updated_at=now, **row.values))
            elif (after := replace(before, id_tag=row.key, **row.values)) != before:
                changed.append(replace(after, updated_at=now))
        if not report.dry_run:
            self._id_tags.insert_many(tenant_id, new)
            self._id_tags.put_many(tenant_id, changed)
        return replace(
            report,
            created=report.created + len(new),
            changed=report.changed + len(changed),
            unchanged=report.unchanged + len(wanted) - len(new) - len(changed),
        )


def _checked(rows: Iterable[Row]) -> tuple[list[Row], dict[str, list[str]]]:
    """The good rows; and what is wrong, by line. Raises InvalidInput if there are too many."""
    good: list[Row] = []
    problems: dict[str, list[str]] = {}
    line_of: dict[str, int] = {}
    for number, row in enumerate(rows):
        if number >= MAX_ROWS:
            sentence = f"Import at most {MAX_ROWS} id tags at once."
            raise InvalidInput(sentence, problems={f"line {row.line}": [sentence]})
        found = row.problems or _problems_of(row)
        first = line_of.setdefault(id_tag_key(row.key), row.line)
        if not found and first != row.line:
            found = [f"id_tag: The same as in line {first}."]
        if found:
            problems[f"line {row.line}"] = list(found)
        else:
            good.append(row)
    return good, problems


def _problems_of(row: Row) -> list[str]:
    try:
        check_id_tag(IdTag(id_tag_key(row.key), row.key, **row.values))
    except InvalidInput as wrong:
        return [f"{name}: {sentence}" for name, (sentence, *_) in wrong.problems.items()]
    return []


def _folded(filters: Mapping[str, Any] | None) -> dict[str, Any]:
    """Filters as the store knows them."""
    given = dict(filters or {})
    parent, prefix = given.pop("parent_id_tag", None), given.pop("prefix", None)
    if parent is not None:
        given["parent_key"] = id_tag_key(parent)
    if prefix is not None:
        given["prefix"] = id_tag_key(prefix)
    return given


def _unchanged(tag: IdTag | None) -> IdTag:
    if tag is None:
        raise PreconditionFailed("Somebody else has changed the id tag meanwhile.")
    return tag


def _known(tag: IdTag | None, id_tag: str) -> IdTag:
    if tag is None:
        raise _not_found(id_tag)
    return tag


def _not_found(id_tag: str) -> NotFound:
    return NotFound(f"There is no id tag '{id_tag}'.")
