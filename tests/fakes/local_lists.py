"""Local lists in memory."""

from app.domain.context import ChargePointRef
from app.domain.local_list import LocalList


class FakeLocalListRepository:
    """`LocalListRepository` in memory."""

    def __init__(self) -> None:
        self._lists: dict[ChargePointRef, LocalList] = {}

    def find(self, ref: ChargePointRef) -> LocalList:
        """An unknown one if there is none."""
        return self._lists.get(ref, LocalList(ref))

    def put(self, known: LocalList) -> None:
        """Insert or replace."""
        self._lists[known.charge_point] = known
