"""Long work is done in pieces, with rests in between."""

import time
from collections.abc import Iterator

import pytest

from app.services.pieces import in_pieces


@pytest.fixture
def rests(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it rested."""
    taken: list[float] = []
    monkeypatch.setattr(time, "sleep", taken.append)
    return taken


def test_nothing_is_left_out_and_the_order_is_kept(rests: list[float]) -> None:
    assert list(in_pieces(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(in_pieces([], 2)) == []


def test_what_fits_into_one_piece_needs_no_rest(rests: list[float]) -> None:
    assert list(in_pieces(range(3), 4)) == [[0, 1, 2]]
    assert rests == []


def test_it_rests_longer_than_it_worked_but_never_long(
    rests: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter([0.0, 0.03, 0.03, 7.03, 7.03])
    monkeypatch.setattr(time, "perf_counter", lambda: next(now))
    assert list(in_pieces(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert rests == [pytest.approx(0.09), 0.2]


def test_the_next_piece_is_fetched_after_the_rest(rests: list[float]) -> None:
    fetched: list[int] = []

    def source() -> Iterator[int]:
        for number in range(4):
            fetched.append(number)
            yield number

    pieces = in_pieces(source(), 2)
    assert (next(pieces), fetched, rests) == ([0, 1], [0, 1], [])
    assert next(pieces) == [2, 3]
    assert len(rests) == 1
