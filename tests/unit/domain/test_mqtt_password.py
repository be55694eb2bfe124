"""How passwords of MQTT accounts are kept."""

from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.mqtt_password import hash_password, is_password, parts_of

SALT = bytes(range(12))


@given(password=st.text(), other=st.text(), salt=st.binary(min_size=1))
def test_only_the_password_itself_fits(password: str, other: str, salt: bytes) -> None:
    kept = hash_password(password, salt)
    assert is_password(password, kept)
    assert is_password(other, kept) == (other == password)


def test_it_is_written_as_mosquitto_writes_it() -> None:
    """This is what `mosquitto_passwd` made of a password."""
    theirs = (
        "$7$101$KITq2+xSBqNRIXYf$"
        "I1f7CP43f8QT3+RusQhoPj/oo4IDixUHzX6wLjri9eVE9qOKoBk9yAvPBL58SNPkTz3EN6ICrMaAlEPzPcd05A=="
    )
    assert is_password("secret", theirs)
    assert not is_password("Secret", theirs)
    assert hash_password("secret", b64decode(parts_of(theirs)[1])) == theirs


@pytest.mark.parametrize("rounds", [1, 101, 500])
def test_more_rounds_make_another_hash_of_the_same_password(rounds: int) -> None:
    kept = hash_password("secret", SALT, rounds)
    assert parts_of(kept)[0] == rounds
    assert is_password("secret", kept)


def test_the_same_password_is_kept_differently_with_another_salt() -> None:
    assert hash_password("secret", SALT) != hash_password("secret", SALT[::-1])
    assert "secret" not in hash_password("secret", SALT)
