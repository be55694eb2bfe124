"""Long work of sweeps, in pieces: who is served meanwhile waits for a piece of it, not for the whole."""

import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
PIECE = 500
_RESTS = 3
"""So many times as long as it worked: then those who are served hardly notice."""
_LONGEST_REST_S = 0.2


def in_pieces(items: Iterable[T], size: int = PIECE) -> Iterator[list[T]]:
    """Lists of `size` items and what is left. In between it rests, longer than it worked on the last."""
    rest, began = iter(items), time.perf_counter()
    while piece := list(islice(rest, size)):
        yield piece
        if len(piece) == size:
            time.sleep(min(_RESTS * (time.perf_counter() - began), _LONGEST_REST_S))
            began = time.perf_counter()
