"""One word for a charge point, from what its connectors and its connection say (design section 5)."""

import pytest

from app.domain.charge_point import Availability, Connector, availability_of, with_connector
from tests.builders import a_charge_point, a_connection, a_connector, at


@pytest.mark.parametrize(
    ("statuses", "word"),
    [
        ({}, Availability.UNAVAILABLE),
        ({0: "Available"}, Availability.UNAVAILABLE),
        ({1: "Available"}, Availability.AVAILABLE),
        ({0: "Available", 1: "Charging", 2: "Available"}, Availability.AVAILABLE),
        ({1: "Charging"}, Availability.OCCUPIED),
        ({1: "Preparing", 2: "SuspendedEV"}, Availability.OCCUPIED),
        ({1: "Reserved"}, Availability.OCCUPIED),
        ({1: "Unavailable", 2: "Finishing"}, Availability.OCCUPIED),
        ({1: "Unavailable", 2: "Unavailable"}, Availability.UNAVAILABLE),
        ({0: "Unavailable", 1: "Available"}, Availability.UNAVAILABLE),
        ({1: "Available", 2: "Faulted"}, Availability.FAULTED),
        ({0: "Faulted", 1: "Available"}, Availability.FAULTED),
        ({1: "SomethingNew"}, Availability.OCCUPIED),
    ],
)
def test_the_word_follows_the_connectors(statuses: dict[int, str], word: Availability) -> None:
    connectors = [a_connector(number, status) for number, status in statuses.items()]
    assert availability_of(connectors, is_live=True) is word


def test_without_a_live_connection_nothing_counts_but_offline() -> None:
    assert availability_of([a_connector(1, "Faulted")], is_live=False) is Availability.OFFLINE


def test_a_charge_point_is_live_only_on_a_connection_that_is_not_silent() -> None:
    connectors = (a_connector(1, "Available"),)
    never = a_charge_point(connectors=connectors)
    live = a_charge_point(connectors=connectors, connection=a_connection())
    silent = a_charge_point(connectors=connectors, connection=a_connection(silent=True))
    assert [never.is_live, live.is_live, silent.is_live] == [False, True, False]
    assert [never.availability, live.availability, silent.availability] == [
        Availability.OFFLINE,
        Availability.AVAILABLE,
        Availability.OFFLINE,
    ]


def test_a_changed_connector_takes_its_place() -> None:
    before = (a_connector(0), a_connector(1), a_connector(2))
    changed = a_connector(1, "Charging", last_update=at(5))
    assert with_connector(before, changed) == (before[0], changed, before[2])


def test_a_new_connector_comes_in_order_of_id() -> None:
    """Nobody announced it, and it is there all the same (B5)."""
    connectors: tuple[Connector, ...] = ()
    for number in (2, 0, 10, 1):
        connectors = with_connector(connectors, a_connector(number))
    assert [connector.id for connector in connectors] == [0, 1, 2, 10]
