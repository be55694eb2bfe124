"""What many ask at once is asked together; each gets its own answer, or its own error."""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.domain.context import ChargePointRef
from app.domain.errors import AppError, NotFound, Retryable
from gateway.gathered import Gathered

pytestmark = pytest.mark.asyncio


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


class Store:
    """Answers when it may, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, list[str]]] = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.failure: Exception | None = None

    def ask(self, tenant_id: str, whom: Mapping[str, str]) -> Mapping[str, str | AppError]:
        self.asked.append((tenant_id, list(whom)))
        assert self.may_answer.wait(5)
        if self.failure is not None:
            raise self.failure
        return {cp: NotFound("nobody") if cp == "nobody" else f"{cp} {what}" for cp, what in whom.items()}


def ref(name: str, tenant_id: str = "acme") -> ChargePointRef:
    return ChargePointRef(tenant_id, name)


async def until_asked(store: Store, times: int) -> None:
    async with asyncio.timeout(5):
        while len(store.asked) < times:  # noqa: ASYNC110 - a thread asks
            await asyncio.sleep(0.001)


async def test_one_waits_for_nobody(threads: ThreadPoolExecutor) -> None:
    store = Store()
    assert await Gathered(threads, store.ask).ask(ref("CP-1"), "x") == "CP-1 x"
    assert store.asked == [("acme", ["CP-1"])]


async def test_what_comes_meanwhile_is_asked_together(threads: ThreadPoolExecutor) -> None:
    store = Store()
    gathered = Gathered(threads, store.ask)
    store.may_answer.clear()
    answers = [asyncio.ensure_future(gathered.ask(ref(f"CP-{n}"), "x")) for n in range(1)]
    await until_asked(store, 1)
    answers += [asyncio.ensure_future(gathered.ask(ref(f"CP-{n}"), "x")) for n in range(1, 6)]
    await asyncio.sleep(0)
    store.may_answer.set()
    assert await asyncio.gather(*answers) == [f"CP-{n} x" for n in range(6)]
    assert [len(names) for _, names in store.asked] == [1, 5]


async def test_a_charge_point_is_in_a_question_once(threads: ThreadPoolExecutor) -> None:
    store = Store()
    gathered = Gathered(threads, store.ask)
    answers = await asyncio.gather(*(gathered.ask(ref("CP-1"), what) for what in "abc"))
    assert answers == ["CP-1 a", "CP-1 b", "CP-1 c"]
    assert [names for _, names in store.asked] == [["CP-1"]] * 3


async def test_an_error_of_one_is_its_own(threads: ThreadPoolExecutor) -> None:
    gathered = Gathered(threads, Store().ask)
    good, bad = await asyncio.gather(
        gathered.ask(ref("CP-1"), "x"), gathered.ask(ref("nobody"), "x"), return_exceptions=True
    )
    assert good == "CP-1 x"
    assert isinstance(bad, NotFound)


async def test_a_store_that_fails_fails_all_and_the_next_question_is_asked(
    threads: ThreadPoolExecutor,
) -> None:
    store = Store()
    gathered = Gathered(threads, store.ask)
    store.failure = Retryable("down")
    failed = await asyncio.gather(
        *(gathered.ask(ref(name), "x") for name in ("CP-1", "CP-2")), return_exceptions=True
    )
    assert [type(failure) for failure in failed] == [Retryable, Retryable]
    store.failure = None
    assert await gathered.ask(ref("CP-1"), "x") == "CP-1 x"


async def test_tenants_do_not_wait_for_each_other(threads: ThreadPoolExecutor) -> None:
    """However many of one tenant come, they hold one thread."""
    store = Store()
    gathered = Gathered(threads, store.ask)
    store.may_answer.clear()
    storm = [asyncio.ensure_future(gathered.ask(ref(f"CP-{n}"), "x")) for n in range(500)]
    await until_asked(store, 1)
    calm = asyncio.ensure_future(gathered.ask(ref("CP-1", "calm"), "x"))
    await until_asked(store, 2)
    assert store.asked[1] == ("calm", ["CP-1"])
    store.may_answer.set()
    assert await calm == "CP-1 x"
    assert len(await asyncio.gather(*storm)) == 500
    assert all(len(names) <= 100 for _, names in store.asked)


async def test_who_does_not_wait_any_more_holds_up_nobody(threads: ThreadPoolExecutor) -> None:
    store = Store()
    gathered = Gathered(threads, store.ask)
    store.may_answer.clear()
    gone = asyncio.ensure_future(gathered.ask(ref("CP-1"), "x"))
    await until_asked(store, 1)
    stays = asyncio.ensure_future(gathered.ask(ref("CP-2"), "x"))
    gone.cancel()
    store.may_answer.set()
    assert await stays == "CP-2 x"
