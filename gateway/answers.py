"""The last answers of a connection: a call that is repeated to the letter is answered as before (A32)."""

_REMEMBERED = 8
_RESULT = "[3,"


class Answers:
    """By unique id, with a hash of what was asked, which itself would be most of what a connection takes."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, str]] = {}

    def copy(self) -> "Answers":
        """For the next connection."""
        other = Answers()
        other._known = self._known.copy()
        return other

    def find(self, unique_id: str, asked: str) -> str | None:
        """The answer to the same call; None if there was none."""
        known = self._known.get(unique_id)
        return known[1] if known is not None and known[0] == hash(asked) else None

    def keep(self, unique_id: str, asked: str, answer: str) -> None:
        """Results only: a call that failed is worth another try under the same id (A27)."""
        if answer.startswith(_RESULT):
            self._known[unique_id] = (hash(asked), answer)
            if len(self._known) > _REMEMBERED:
                del self._known[next(iter(self._known))]

    def clear(self) -> None:
        """A charge point that boots begins its ids anew."""
        self._known.clear()
