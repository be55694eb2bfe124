"""Diagnostics: where they go, and the files that come (B15, B53, C18)."""

from urllib.parse import urlsplit

import pytest

from app.domain.command import Command
from app.domain.errors import Conflict, Gone, InvalidInput, NotFound, NotPermitted, TooLarge
from app.domain.job import Job, JobKind, JobStatus
from app.services.diagnostics import MAX_FILES, DiagnosticsService
from tests.builders import a_command, a_tenant
from tests.fakes.world import World, fake_world


@pytest.fixture
def world() -> World:
    world = fake_world()
    world.tenants.insert(a_tenant("acme", file_link_s=600))
    return world


@pytest.fixture
def diagnostics(world: World) -> DiagnosticsService:
    return world.services.keepers.diagnostics


@pytest.fixture
def command(diagnostics: DiagnosticsService) -> Command:
    command = a_command()
    diagnostics.begin(command, JobKind.DIAGNOSTICS, location="https://ocpp.example/files/x/")
    return command


def job(diagnostics: DiagnosticsService) -> Job:
    return diagnostics.get("acme", "cmd-1")


def contents(world: World) -> list[bytes]:
    return list(world.files.contents.values())


@pytest.mark.usefixtures("command")
def test_an_upload_link_leads_to_its_job(world: World, diagnostics: DiagnosticsService) -> None:
    token = urlsplit(diagnostics.upload_location("acme", "cmd-1")).path.split("/")[2]
    assert diagnostics.job_behind(token) == job(diagnostics)
    world.clock.advance(600)
    with pytest.raises(Gone):
        diagnostics.job_behind(token)


def test_a_link_to_no_job_leads_nowhere(diagnostics: DiagnosticsService) -> None:
    token = urlsplit(diagnostics.upload_location("acme", "cmd-9")).path.split("/")[2]
    with pytest.raises(NotFound):
        diagnostics.job_behind(token)
    with pytest.raises(NotFound):
        diagnostics.upload_location("beta", "cmd-9")
    with pytest.raises(NotPermitted):
        diagnostics.job_behind("made.up")


def test_an_answer_without_a_file_name_means_that_there_is_nothing(
    diagnostics: DiagnosticsService, command: Command
) -> None:
    """C18."""
    for _ in range(2):
        diagnostics.note_file_name(command, None, may_be_none=True)
    assert job(diagnostics).status is JobStatus.NOTHING_TO_UPLOAD


@pytest.mark.parametrize(("told", "kept"), [(5, "5"), (["log.zip"], None), ({"a": 1}, None)])
def test_a_file_name_that_is_no_text_costs_the_upload_nothing(
    diagnostics: DiagnosticsService, command: Command, told: object, kept: str | None
) -> None:
    """G11."""
    diagnostics.note_file_name(command, told, may_be_none=True)
    assert (job(diagnostics).status, job(diagnostics).file_name) == (JobStatus.REQUESTED, kept)


def test_an_answer_with_a_file_name_is_kept(diagnostics: DiagnosticsService, command: Command) -> None:
    diagnostics.note_file_name(command, "log.zip", may_be_none=True)
    diagnostics.note_file_name(command, None, may_be_none=False)
    assert (job(diagnostics).status, job(diagnostics).file_name) == (JobStatus.REQUESTED, "log.zip")


@pytest.mark.usefixtures("command")
def test_files_are_attached_and_the_same_name_replaces(world: World, diagnostics: DiagnosticsService) -> None:
    for name, content in (("a.log", b"one"), ("b.log", b"two"), ("a.log", b"three")):
        diagnostics.receive(job(diagnostics), name, [content])
    assert [(file.name, file.size) for file in job(diagnostics).files] == [("b.log", 3), ("a.log", 5)]
    assert contents(world) == [b"two", b"three"]
    file, found = diagnostics.open(job(diagnostics), "a.log")
    assert (file.received_at, found.read()) == (world.clock.now(), b"three")
    with pytest.raises(NotFound):
        diagnostics.open(job(diagnostics), "c.log")


def test_a_nameless_file_gets_the_name_that_was_announced(
    diagnostics: DiagnosticsService, command: Command
) -> None:
    assert diagnostics.receive(job(diagnostics), None, [b"x"]).name == "diagnostics-1"
    diagnostics.note_file_name(command, "../log today.zip", may_be_none=True)
    assert diagnostics.receive(job(diagnostics), None, [b"x"]).name == "log_today.zip"


@pytest.mark.usefixtures("command")
def test_empty_too_large_and_too_many_files_leave_nothing(
    world: World, diagnostics: DiagnosticsService
) -> None:
    world.files.max_bytes = 2
    with pytest.raises(InvalidInput):
        diagnostics.receive(job(diagnostics), "a", [])
    with pytest.raises(TooLarge):
        diagnostics.receive(job(diagnostics), "a", [b"abc"])
    for number in range(MAX_FILES):
        diagnostics.receive(job(diagnostics), f"{number}", [b"x"])
    with pytest.raises(Conflict):
        diagnostics.receive(job(diagnostics), "one more", [b"x"])
    assert len(contents(world)) == MAX_FILES


@pytest.mark.usefixtures("command")
def test_a_file_is_deleted(world: World, diagnostics: DiagnosticsService) -> None:
    diagnostics.receive(job(diagnostics), "a", [b"x"])
    diagnostics.delete_file("acme", "cmd-1", "a")
    assert (job(diagnostics).files, contents(world)) == ((), [])
    with pytest.raises(NotFound):
        diagnostics.delete_file("acme", "cmd-1", "a")
