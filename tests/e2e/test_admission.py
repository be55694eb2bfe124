"""Who comes too often or with too many others is told when to come back, and gets in when it does."""

import asyncio

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from tests.e2e.conftest import TestTenant
from tests.e2e.system import RunningSystem

pytestmark = pytest.mark.e2e
ATTEMPTS_A_MINUTE = 30
HANDSHAKES_AT_ONCE = 48


async def dial(system: RunningSystem, identity: str) -> tuple[int, int]:
    """The status, and after how many seconds to come back (0: it is open)."""
    url = f"{system.ws_url}/{identity}"
    line = connect(url, subprotocols=[Subprotocol("ocpp1.6")], compression=None, proxy=None)
    try:
        async with line:
            return 101, 0
    except InvalidStatus as refused:
        return refused.response.status_code, int(refused.response.headers["Retry-After"])


async def test_a_charge_point_that_connects_again_and_again_is_told_when_to_come_back(
    system: RunningSystem, tenant: TestTenant
) -> None:
    """And keeps no other one out."""
    restless = tenant.identity()
    answers = [await dial(system, restless) for _ in range(ATTEMPTS_A_MINUTE + 5)]
    assert answers[0] == (101, 0)
    refused = [answer for answer in answers if answer[0] == 429]
    assert refused
    assert all(1 <= retry_after_s <= 60 for _, retry_after_s in refused)
    assert {status for status, _ in answers} == {101, 429}
    assert await dial(system, tenant.identity()) == (101, 0)


async def test_more_at_once_than_can_be_served_are_sent_away_and_all_get_in_in_the_end(
    system: RunningSystem, tenant: TestTenant
) -> None:
    """Each is told another time, so that they do not come back together."""
    waiting = [tenant.identity() for _ in range(4 * HANDSHAKES_AT_ONCE)]
    told: set[int] = set()
    for _ in range(50):
        answers = await asyncio.gather(*(dial(system, identity) for identity in waiting))
        assert {status for status, _ in answers} <= {101, 503}
        told |= {retry_after_s for status, retry_after_s in answers if status == 503}
        waiting = [name for name, (status, _) in zip(waiting, answers, strict=True) if status == 503]
        if not waiting:
            break
    assert not waiting
    assert len(told) > 3
    assert told <= set(range(3, 21))
