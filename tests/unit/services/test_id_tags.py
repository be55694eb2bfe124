"""Id tags as operators enter, change and import them."""

from dataclasses import replace
from typing import Any

import pytest

from app.domain.csv_table import Row
from app.domain.errors import Conflict, InvalidInput, NotFound
from app.domain.id_tag import IdTag
from app.services.id_tags import MAX_ROWS, ImportReport
from app.services.ports import PageRequest
from tests.builders import NOON, at
from tests.fakes.world import World


def test_putting_again_replaces_the_tag_whatever_its_case(world: World) -> None:
    service = world.services.id_tags
    service.put("acme", "TAG", blocked=True, note="lost")
    world.clock.advance(60)
    service.put("acme", "tag", expires_at=at(3600))
    assert service.get("acme", "TaG") == IdTag(
        "tag", "tag", expires_at=at(3600), created_at=NOON, updated_at=at(60)
    )


def test_creating_is_for_new_tags(world: World) -> None:
    service = world.services.id_tags
    service.create("acme", "TAG", {"parent_id_tag": "GROUP"})
    with pytest.raises(Conflict):
        service.create("acme", "tag", {})
    assert service.get("acme", "tag").parent_id_tag == "GROUP"


def test_changing_leaves_the_rest(world: World) -> None:
    service = world.services.id_tags
    service.put("acme", "TAG", parent_id_tag="GROUP", max_active_transactions=2)
    world.clock.advance(5)
    changed = service.change("acme", "tag", {"blocked": True})
    assert (changed.id_tag, changed.blocked, changed.parent_id_tag) == ("TAG", True, "GROUP")
    assert (changed.max_active_transactions, changed.updated_at) == (2, at(5))
    assert service.get("acme", "TAG") == changed


def test_what_is_not_there_is_told(world: World) -> None:
    service = world.services.id_tags
    service.put("beta", "TAG")
    with pytest.raises(NotFound):
        service.get("acme", "TAG")
    with pytest.raises(NotFound):
        service.change("acme", "TAG", {"blocked": True})
    with pytest.raises(NotFound):
        service.remove("acme", "TAG")
    service.remove("beta", "tag")
    with pytest.raises(NotFound):
        service.get("beta", "TAG")


def test_a_wrong_tag_is_not_kept(world: World) -> None:
    service = world.services.id_tags
    service.put("acme", "TAG")
    with pytest.raises(InvalidInput):
        service.put("acme", "TAG", parent_id_tag="x" * 21)
    with pytest.raises(InvalidInput):
        service.create("acme", " NEW", {})
    with pytest.raises(InvalidInput):
        service.change("acme", "TAG", {"parent_id_tag": ""})
    assert service.get("acme", "TAG").parent_id_tag is None


def test_lists_are_filtered_without_regard_to_case(world: World) -> None:
    service = world.services.id_tags
    service.put("acme", "B-1", parent_id_tag="Fleet")
    service.put("acme", "a-2", parent_id_tag="FLEET", blocked=True)
    service.put("acme", "A-1")
    service.put("beta", "A-3")

    def listed(**filters: Any) -> list[str]:
        page = service.list_page("acme", PageRequest(filters=filters))
        assert list(service.each("acme", filters)) == list(page.items)
        return [tag.id_tag for tag in page.items]

    assert listed() == ["A-1", "a-2", "B-1"]
    assert listed(parent_id_tag="fLEET") == ["a-2", "B-1"]
    assert listed(prefix="A-") == ["A-1", "a-2"]
    assert listed(blocked=False, prefix="a") == ["A-1"]


# --- import ------------------------------------------------------------------------------------------


def a_row(line: int, id_tag: str, *problems: str, **values: Any) -> Row:
    return Row(line, id_tag, values, problems)


def test_an_import_creates_changes_and_leaves_alone(world: World) -> None:
    service = world.services.id_tags
    service.put("acme", "SAME", note="n")
    service.put("acme", "OTHER", blocked=True, parent_id_tag="GROUP")
    world.clock.advance(60)
    rows = [a_row(2, "new", note="x"), a_row(3, "SAME", note="n"), a_row(4, "other", note="found")]
    assert service.import_rows("acme", rows) == ImportReport(created=1, changed=1, unchanged=1)
    assert service.get("acme", "new").created_at == at(60)
    assert service.get("acme", "same").updated_at == NOON
    assert service.get("acme", "OTHER") == IdTag(
        "other", "other", True, None, "GROUP", None, "found", created_at=NOON, updated_at=at(60)
    )


def test_the_same_import_again_changes_nothing(world: World) -> None:
    rows = [a_row(line, f"TAG-{line}", blocked=line % 2 == 0) for line in range(2, 2503)]
    assert world.services.id_tags.import_rows("acme", rows).created == 2501
    assert world.services.id_tags.import_rows("acme", rows) == ImportReport(unchanged=2501)


WRONG = [
    a_row(2, "GOOD"),
    a_row(3, "BAD", "blocked: Give true or false."),
    a_row(4, "x" * 256),
    a_row(5, "good"),
]
PROBLEMS = {
    "line 3": ["blocked: Give true or false."],
    "line 4": ["id_tag: Give 1 to 255 printable characters, without blanks around them."],
    "line 5": ["id_tag: The same as in line 2."],
}


def test_one_wrong_row_keeps_all_from_being_imported(world: World) -> None:
    with pytest.raises(InvalidInput) as refused:
        world.services.id_tags.import_rows("acme", WRONG)
    assert refused.value.problems == PROBLEMS
    assert list(world.services.id_tags.each("acme")) == []


def test_a_partial_import_takes_the_good_rows(world: World) -> None:
    report = world.services.id_tags.import_rows("acme", WRONG, partial=True)
    assert report == ImportReport(created=1, problems=PROBLEMS)
    assert report.refused == 3
    assert [tag.id_tag for tag in world.services.id_tags.each("acme")] == ["GOOD"]


def test_a_dry_run_tells_and_writes_nothing(world: World) -> None:
    report = world.services.id_tags.import_rows("acme", WRONG[:1], dry_run=True)
    assert report == ImportReport(created=1, dry_run=True)
    assert list(world.services.id_tags.each("acme")) == []


def test_too_many_rows_are_refused(world: World) -> None:
    rows = (replace(WRONG[0], line=number + 2, key=str(number)) for number in range(MAX_ROWS + 1))
    with pytest.raises(InvalidInput) as refused:
        world.services.id_tags.import_rows("acme", rows, partial=True)
    assert set(refused.value.problems) == {f"line {MAX_ROWS + 2}"}
