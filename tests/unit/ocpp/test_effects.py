"""Proofs that an accepted command had its effect (C3)."""

from typing import Any

import pytest

from app.ocpp.effects import find_effect
from tests.unit.ocpp.conftest import Station
from tests.unit.ocpp.v16.outbound.submitting import answer, submit

BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}


def status(connector_id: int, word: str) -> dict[str, Any]:
    return {"connectorId": connector_id, "status": word, "errorCode": "NoError"}


def start(connector_id: int, id_tag: str) -> dict[str, Any]:
    return {
        "connectorId": connector_id,
        "idTag": id_tag,
        "meterStart": 0,
        "timestamp": "2026-03-01T12:00:00Z",
    }


def seen(
    station: Station,
    asked: tuple[str, dict[str, Any]],
    *told: tuple[str, dict[str, Any]],
    verdict: str = "Accepted",
) -> tuple[str, float] | None:
    """What proves the command, and how many seconds after the answer it came; each message takes a second."""
    world = station.world
    command = submit(station, *asked, force=True)
    world.services.commands.mark_sent(station.ref, command.id, world.clock.now())
    answer(station, command, status=verdict)
    answered_at = world.clock.now()
    for action, payload in told:
        world.clock.advance(1)
        station.send(action, payload)
    effect = find_effect(world.services.commands.get("acme", command.id), world.services.messages)
    return (effect.what, (effect.seen_at - answered_at).total_seconds()) if effect else None


REMOTE_START = ("remote_start", {"id_tag": "TAG", "connector_id": 2})


@pytest.mark.parametrize(
    ("asked", "other", "proof"),
    [
        (REMOTE_START, ("StartTransaction", start(1, "TAG")), ("StartTransaction", start(2, "tag"))),
        (REMOTE_START, ("StartTransaction", start(2, "ELSE")), ("StartTransaction", start(2, "TAG"))),
        (("reset", {"type": "Soft"}), ("Heartbeat", {}), ("BootNotification", BOOT)),
        (
            ("change_availability", {"connector_id": 1, "type": "Inoperative"}),
            ("StatusNotification", status(2, "Unavailable")),
            ("StatusNotification", status(1, "Unavailable")),
        ),
        (
            ("change_availability", {"connector_id": 0, "type": "Operative"}),
            ("StatusNotification", status(1, "Unavailable")),
            ("StatusNotification", status(1, "Available")),
        ),
        (
            ("trigger_message", {"requested_message": "StatusNotification", "connector_id": 1}),
            ("StatusNotification", status(2, "Available")),
            ("StatusNotification", status(1, "Available")),
        ),
        (
            ("trigger_message", {"requested_message": "Heartbeat"}),
            ("BootNotification", BOOT),
            ("Heartbeat", {}),
        ),
    ],
)
def test_the_message_that_follows_is_the_proof(station: Station, asked: Any, other: Any, proof: Any) -> None:
    assert seen(station, asked, other) is None
    assert seen(station, asked, other, proof, proof) == (proof[0], 2)


def test_the_stop_of_that_transaction_proves_a_remote_stop(station: Station) -> None:
    transaction_id = station.ask("StartTransaction", start(1, "TAG"))["transactionId"]

    def stop(number: int) -> tuple[str, dict[str, Any]]:
        stopped = {"transactionId": number, "meterStop": 1, "timestamp": "2026-03-01T12:00:05Z"}
        return "StopTransaction", stopped

    asked = ("remote_stop", {"transaction_id": transaction_id})
    assert seen(station, asked, stop(transaction_id + 1)) is None
    assert seen(station, asked, stop(transaction_id)) == ("StopTransaction", 1)


def test_what_was_refused_has_no_effect(station: Station) -> None:
    boot = ("BootNotification", BOOT)
    assert seen(station, ("reset", {"type": "Hard"}), boot, verdict="Rejected") is None


def test_what_its_answer_says_all_of_has_no_other_proof(station: Station) -> None:
    assert seen(station, ("clear_cache", {}), ("Heartbeat", {})) is None


def test_what_comes_much_later_proves_nothing(station: Station) -> None:
    command = submit(station, "reset", {"type": "Soft"})
    station.world.services.commands.mark_sent(station.ref, command.id, station.world.clock.now())
    answer(station, command, status="Accepted")
    station.world.clock.advance(601)
    station.ask("BootNotification", BOOT)
    ended = station.world.services.commands.get("acme", command.id)
    assert find_effect(ended, station.world.services.messages) is None


def test_a_command_that_is_open_is_not_looked_for(station: Station) -> None:
    command = submit(station, "reset", {"type": "Soft"})
    assert find_effect(command, station.world.services.messages) is None
