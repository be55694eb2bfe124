"""The form of API keys, and what a new one may be."""

from datetime import timedelta
from typing import Any

import pytest

from app.domain.api_key import (
    LONGEST_LIFE,
    MAX_NAME_LENGTH,
    check_new_key,
    check_within,
    looks_like_key,
    parsed_key,
)
from app.domain.errors import InvalidInput, NotPermitted
from app.domain.permissions import Permission, permissions_of
from app.domain.user import Role
from tests.builders import NOON

ID, SECRET = "0123456789abcdef", "A-z_0" * 8 + "abc"
GOOD: dict[str, Any] = {
    "name": "billing",
    "role": Role.OPERATOR,
    "scopes": None,
    "tenant_id": "acme",
    "expires_at": None,
}


def test_a_key_has_an_id_to_find_it_by_and_a_secret() -> None:
    assert parsed_key(f"ocpp_{ID}_{SECRET}") == (ID, SECRET)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ocpp_",
        f"ocpp_{ID}",
        f"ocpp_{ID}_",
        f"ocpp_{ID}_{SECRET[1:]}",
        f"ocpp_{ID}_{SECRET}x",
        f"ocpp_{ID}_{SECRET}\n",
        f" ocpp_{ID}_{SECRET}",
        f"OCPP_{ID}_{SECRET}",
        f"ocpp_{ID.upper()}_{SECRET}",
        f"ocpp_{ID[:-1]}\N{FULLWIDTH DIGIT FIVE}_{SECRET}",
        f"ocpp_{ID}_{SECRET[:-1]}ä",
        f"ocpp_{{$gt: 1}}_{SECRET}",
        f"ocpp_{ID}_{SECRET}" * 1_000,
    ],
)
def test_what_has_not_the_form_of_a_key_is_none(text: str) -> None:
    assert parsed_key(text) is None


def test_what_begins_like_a_key_is_meant_to_be_one() -> None:
    assert looks_like_key("ocpp_nonsense")
    assert not looks_like_key("eyJhbGciOiJIUzI1NiJ9.e30.c2ln")


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"name": "x" * MAX_NAME_LENGTH},
        {"scopes": [Permission.SESSIONS_READ]},
        {"expires_at": NOON + LONGEST_LIFE},
        {"tenant_id": None, "role": Role.PLATFORM_ADMIN},
    ],
)
def test_a_good_key(fields: dict[str, Any]) -> None:
    check_new_key(**GOOD | fields, now=NOON)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": ""}, {"name"}),
        ({"name": "  "}, {"name"}),
        ({"name": "x" * (MAX_NAME_LENGTH + 1)}, {"name"}),
        ({"name": "a\nb"}, {"name"}),
        ({"role": Role.PLATFORM_ADMIN}, {"role"}),
        ({"tenant_id": None}, {"role"}),
        ({"role": Role.VIEWER, "scopes": [Permission.COMMANDS_SEND]}, {"scopes"}),
        ({"scopes": [Permission.USERS_MANAGE]}, {"scopes"}),
        ({"expires_at": NOON}, {"expires_at"}),
        ({"expires_at": NOON + LONGEST_LIFE + timedelta(seconds=1)}, {"expires_at"}),
        ({"name": "", "tenant_id": None, "expires_at": NOON}, {"name", "role", "expires_at"}),
    ],
)
def test_a_wrong_key_is_told_by_field(fields: dict[str, Any], wrong: set[str]) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_new_key(**GOOD | fields, now=NOON)
    assert set(refused.value.problems) == wrong


def test_nobody_gives_what_they_have_not() -> None:
    check_within(permissions_of(Role.VIEWER), permissions_of(Role.OPERATOR))
    with pytest.raises(NotPermitted, match=r"users\.manage"):
        check_within(permissions_of(Role.TENANT_ADMIN), permissions_of(Role.OPERATOR))
