"""ETags and idempotency keys where several requests come at once, on real servers."""

import asyncio
from collections import Counter

import httpx
import pytest

from tests.e2e.conftest import RestClient, TestTenant
from tests.e2e.system import RunningSystem

pytestmark = pytest.mark.e2e
AT_ONCE = 8


async def test_of_many_changes_of_one_state_only_one_is_made(
    system: RunningSystem, rest: RestClient, tenant: TestTenant
) -> None:
    await rest.send("PUT", "/id-tags/SHARED", {"note": "nobody"}, 201)
    async with httpx.AsyncClient(base_url=f"{system.rest_url}/api/v1", headers=rest.headers) as client:
        etag = (await client.get("/id-tags/SHARED")).headers["ETag"]

        async def change(number: int) -> int:
            body, condition = {"note": f"by {number}"}, {"If-Match": etag}
            return (await client.patch("/id-tags/SHARED", json=body, headers=condition)).status_code

        statuses = Counter(await asyncio.gather(*(change(number) for number in range(AT_ONCE))))
    assert statuses == {200: 1, 412: AT_ONCE - 1}


async def test_a_request_that_is_sent_many_times_is_done_once(
    system: RunningSystem, rest: RestClient, tenant: TestTenant
) -> None:
    name = tenant.identity()
    async with httpx.AsyncClient(base_url=f"{system.rest_url}/api/v1", headers=rest.headers) as client:

        async def register() -> httpx.Response:
            key = {"Idempotency-Key": f"register-{name}"}
            return await client.post("/chargepoints", json={"id": name}, headers=key)

        at_once = await asyncio.gather(*(register() for _ in range(AT_ONCE)))
        assert {answer.status_code for answer in at_once} <= {201, 409}
        assert (
            sum(answer.headers.get("Idempotent-Replayed") is None for answer in at_once if answer.is_success)
            == 1
        )
        refused = {answer.json()["code"] for answer in at_once if answer.status_code == 409}
        assert refused <= {"idempotency_in_progress"}
        again = await register()
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    assert again.json()["id"] == name
