"""Long work of sweeps, in pieces: who is served meanwhile waits for a piece of it, not for the whole."""

import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
PIECE = 500
_LONGEST_REST_S = 0.1


def in_pieces(items: Iterable[T], size: int = PIECE) -> Iterator[list[T]]:
    """Lists of `size` items and what is left; between them it rests as long as the last one was worked on."""
    rest, began = iter(items), time.perf_counter()
    while piece := list(islice(rest, size)):
        yield piece
        if len(piece) == size:
            time.sleep(min(time.perf_counter() - began, _LONGEST_REST_S))
            began = time.perf_counter()
