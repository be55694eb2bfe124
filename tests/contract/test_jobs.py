"""Contract of JobRepository; both sorts of jobs are kept by the same code."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from app.domain.context import ChargePointRef
from app.domain.job import Job, JobFile, JobKind, JobStatus, JobStep
from app.services.ports import PageRequest
from tests.builders import at
from tests.contract.stores import Stores


def insert(stores: Stores, job_id: str = "cmd-1", charge_point_id: str = "CP-1", **fields: Any) -> Job:
    known: dict[str, Any] = {
        "kind": JobKind.DIAGNOSTICS,
        "status": JobStatus.REQUESTED,
        "created_at": at(0),
        "updated_at": at(0),
        "due_at": at(100),
        "requested_by": "tests",
        "location": "https://example.com/",
    }
    job = Job(job_id, stores.id, charge_point_id, **(known | fields))
    assert stores.diagnostics_jobs.insert(job) is True
    return job


def test_a_job_comes_back_whole(stores: Stores) -> None:
    made = insert(
        stores,
        kind=JobKind.SECURITY_LOG,
        status=JobStatus.FAILED,
        request_id=7,
        firmware_file_id="fw-1",
        firmware_version_before="1.0",
        firmware_version_after="2.0",
        not_before=at(5),
        file_name="log.zip",
        files=(JobFile("log.zip", 3, "ab" * 32, at(3), "0" * 32),),
        history=(JobStep("Requested", at(0)), JobStep("Uploading", at(1))),
        error={"code": "NotSupported", "message": "no", "advice": "other"},
        ended_at=at(9),
        fence=(5 << 32) | 3,
    )
    assert stores.diagnostics_jobs.find(stores.id, "cmd-1") == made
    assert stores.diagnostics_jobs.find(stores.id, "another") is None
    assert stores.diagnostics_jobs.find("t-without-any", "cmd-1") is None


def test_an_id_is_taken_once(stores: Stores) -> None:
    made = insert(stores)
    assert stores.diagnostics_jobs.insert(replace(made, location="ftp://other")) is False
    assert stores.diagnostics_jobs.find(stores.id, made.id) == made


def test_a_change_counts_only_if_no_other_came_in_between(stores: Stores) -> None:
    made = insert(stores)
    assert stores.diagnostics_jobs.replace(replace(made, file_name="a")) is True
    assert stores.diagnostics_jobs.replace(replace(made, file_name="b")) is False
    assert stores.diagnostics_jobs.find(stores.id, made.id) == replace(made, file_name="a", revision=1)
    assert stores.diagnostics_jobs.replace(replace(made, id="nobody's")) is False


def test_a_charge_points_last_ten_are_newest_first(stores: Stores) -> None:
    for number in range(12):
        insert(stores, f"cmd-{number:02}", created_at=at(number))
    insert(stores, "elsewhere", "CP-2", created_at=at(99))
    recent = stores.diagnostics_jobs.recent(ChargePointRef(stores.id, "CP-1"))
    assert [job.id for job in recent] == [f"cmd-{number:02}" for number in range(11, 1, -1)]
    assert stores.diagnostics_jobs.recent(ChargePointRef("t-without-any", "CP-1")) == []


def test_overdue_is_what_is_open_and_silent(stores: Stores) -> None:
    def overdue(now: datetime) -> set[str]:
        return {job.id for job in stores.diagnostics_jobs.overdue(stores.id, now)}

    insert(stores, "silent")
    insert(stores, "running", status=JobStatus.RUNNING, due_at=at(50))
    insert(stores, "in time", due_at=at(101))
    insert(stores, "done", status=JobStatus.COMPLETED)
    assert overdue(at(100)) == {"silent", "running"}
    assert overdue(at(49)) == set()


def test_the_list_is_newest_first_and_filters_are_exact(stores: Stores) -> None:
    for number in range(4):
        insert(stores, f"cmd-{number}", created_at=at(number // 2))
    insert(stores, "log", "CP-2", kind=JobKind.SECURITY_LOG, status=JobStatus.RUNNING, created_at=at(9))
    first = stores.diagnostics_jobs.list_page(stores.id, PageRequest(limit=3))
    rest = stores.diagnostics_jobs.list_page(stores.id, PageRequest(limit=3, cursor=first.next_cursor))
    assert [job.id for job in (*first.items, *rest.items)] == ["log", "cmd-3", "cmd-2", "cmd-1", "cmd-0"]
    for filters in ({"charge_point_id": "CP-2"}, {"kind": "security_log"}, {"status": "running"}):
        (job,) = stores.diagnostics_jobs.list_page(stores.id, PageRequest(filters=filters)).items
        assert job.id == "log"


@pytest.mark.integration
def test_firmware_jobs_are_jobs_of_their_own(real: Stores) -> None:
    made = insert(real)
    assert real.firmware_jobs.find(real.id, made.id) is None
    assert real.firmware_jobs.insert(made) is True
