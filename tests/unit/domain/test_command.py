"""States of a command."""

import pytest

from app.domain.command import CommandStatus
from tests.builders import REF, a_command


@pytest.mark.parametrize("status", CommandStatus)
def test_only_queued_and_sent_commands_can_still_change(status: CommandStatus) -> None:
    assert status.is_final == (status not in (CommandStatus.QUEUED, CommandStatus.SENT))


def test_the_states_are_spelled_as_callers_know_them() -> None:
    assert [status.value for status in CommandStatus] == [
        "queued",
        "sent",
        "accepted",
        "rejected",
        "failed",
        "timed_out",
        "expired",
    ]


def test_a_command_knows_whom_it_is_for() -> None:
    assert a_command(ref=REF).charge_point == REF
