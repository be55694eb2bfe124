"""Refusals of commands, told by the names that the caller's own body has."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from app.domain.errors import InvalidInput


@contextmanager
def problems_named(names: Mapping[str, str]) -> Iterator[None]:
    """Rename problems of an InvalidInput: what begins with a key of `names` begins with its value instead.

    The first that fits counts: give the longest first.
    """
    try:
        yield
    except InvalidInput as wrong:
        renamed = {_renamed(path, names): sentences for path, sentences in wrong.problems.items()}
        raise type(wrong)(wrong.message, problems=renamed) from wrong


def _renamed(path: str, names: Mapping[str, str]) -> str:
    for beginning, ours in names.items():
        if path.startswith(beginning):
            return ours + path.removeprefix(beginning)
    return path
