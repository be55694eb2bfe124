"""The last answers of a connection: a call that is repeated to the letter is answered as before (A32)."""

from collections import OrderedDict

_REMEMBERED = 8
_RESULT = "[3,"


class Answers:
    """By unique id, with the call that was asked."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[str, str]] = OrderedDict()

    def copy(self) -> "Answers":
        """For the next connection."""
        other = Answers()
        other._known = self._known.copy()
        return other

    def find(self, unique_id: str, asked: str) -> str | None:
        """The answer to the same call; None if there was none."""
        known = self._known.get(unique_id)
        return known[1] if known is not None and known[0] == asked else None

    def keep(self, unique_id: str, asked: str, answer: str) -> None:
        """Results only: a call that failed is worth another try under the same id (A27)."""
        if answer.startswith(_RESULT):
            self._known[unique_id] = (asked, answer)
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)

    def clear(self) -> None:
        """A charge point that boots begins its ids anew."""
        self._known.clear()
