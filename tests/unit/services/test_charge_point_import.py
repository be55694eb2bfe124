"""A fleet from a file: all of it or nothing, every wrong line named."""

from dataclasses import dataclass

import pytest

from app.domain.charge_point_csv import read_csv
from app.domain.context import ChargePointRef
from app.domain.errors import InvalidInput, QuotaExceeded
from app.domain.tenant import Tenant
from app.services.charge_point_import import ChargePointImportReport
from tests.fakes.world import World, fake_world

KEY = "00112233445566778899aabbccddeeff"
HEADER = "charge_point_id,security_profile,key"


@dataclass(frozen=True)
class Importing:
    world: World
    tenant: Tenant

    def __call__(self, *lines: str, **options: bool) -> ChargePointImportReport:
        text = [line + "\n" for line in (HEADER, *lines)]
        return self.world.services.charge_point_imports.import_rows(self.tenant, read_csv(text), **options)

    def ids(self) -> set[str]:
        return set(self.world.charge_points.find_many(self.tenant.id, ("A-1", "A-2", "A-3")))


@pytest.fixture
def bring() -> Importing:
    world = fake_world()
    return Importing(world, world.services.tenants.create("acme", "Acme", ["A-"]))


def test_new_charge_points_are_known_with_profile_and_key(bring: Importing) -> None:
    report = bring("A-1,,", f"A-2,2,{KEY}", "A-3,1,new")
    assert (report.created, report.changed, report.unchanged, report.problems) == (3, 0, 0, {})
    assert list(report.new_keys) == ["A-3"]
    one, two, three = (bring.world.charge_points.find(ChargePointRef("acme", f"A-{n}")) for n in (1, 2, 3))
    assert one is not None
    assert two is not None
    assert three is not None
    assert (one.security.profile, one.security.key_hash) == (0, None)
    assert (two.security.profile, three.security.profile) == (2, 1)
    assert two.security.key_hash is not None
    assert KEY not in two.security.key_hash
    assert report.new_keys["A-3"] not in repr(report)


def test_the_same_file_again_changes_nothing(bring: Importing) -> None:
    file = ("A-1,,", "A-2,1,new", f"A-3,2,{KEY}")
    first = bring(*file)
    assert list(first.changes) == ["A-1", "A-2", "A-3"]
    again = bring(*file)
    assert (again.unchanged, again.changes, again.new_keys) == (3, {}, {})


def test_what_happens_to_each_is_said_before_it_happens(bring: Importing) -> None:
    bring("A-1,,", f"A-2,2,{KEY}")
    would = bring("A-1,1,new", f"A-2,2,{KEY[::-1]}", "A-3,,", dry_run=True)
    assert would.changes == {
        "A-1": "security profile 1, a key",
        "A-2": "another key: the one before ends",
        "A-3": "made known",
    }


def test_an_identity_without_the_tenants_prefix_is_taken_with_a_warning(bring: Importing) -> None:
    report = bring("A 1,,")
    assert report.created == 1
    assert "begins with none" in report.warnings["line 2"][0]


def test_a_known_charge_point_gets_what_the_file_names(bring: Importing) -> None:
    bring("A-1,,")
    assert bring(f"A-1,2,{KEY}").changed == 1
    changed = bring.world.charge_points.find(ChargePointRef("acme", "A-1"))
    assert changed is not None
    assert changed.security.profile == 2
    assert bring("A-1,1,").changed == 1  # it has a key by now


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("A/1,,", "charge_point_id: Use 1 to 128"),
        (" ,1,", "charge_point_id: Use 1 to 128"),
        ("A-1,4,", "security_profile: Give 0, 1, 2 or 3"),
        ("A-1,-1,", "security_profile: Give a whole number"),
        ("A-1,0,xyz", "key: Give 32 to 40"),
        ("A-1,2,", "key: Profiles 1 and 2 need a key"),
        ("A-1,0", "2 cells where 3 are named"),
        ("A-2,,", "charge_point_id: The same as in line 2"),
    ],
)
def test_a_wrong_line_changes_nothing_unless_asked_to_skip(bring: Importing, line: str, told: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        bring("A-2,,", line)
    assert told in refused.value.problems["line 3"][0]
    assert bring.ids() == set()
    report = bring("A-2,,", line, partial=True)
    assert (report.created, list(report.problems)) == (1, ["line 3"])
    assert bring.ids() == {"A-2"}


def test_a_dry_run_changes_nothing(bring: Importing) -> None:
    report = bring("A-1,1,new", dry_run=True)
    assert (report.created, report.new_keys, report.dry_run) == (1, {}, True)
    assert bring.ids() == set()


def test_a_fleet_beyond_the_quota_is_refused_as_a_whole(bring: Importing) -> None:
    bring.world.services.tenants.configure("acme", {"max_charge_points": 2})
    tenant = bring.world.services.tenants.get("acme")
    with pytest.raises(QuotaExceeded):
        Importing(bring.world, tenant)("A-1,,", "A-2,,", "A-3,,")
    assert bring.ids() == set()


@pytest.mark.parametrize("header", ["", "id", "charge_point_id,power", "charge_point_id,key,key"])
def test_a_wrong_header_is_named(header: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        list(read_csv([header + "\n", "A-1\n"]))
    assert "charge_point_id" in refused.value.problems["line 1"][0]
