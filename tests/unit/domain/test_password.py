"""Which passwords are taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.password import problem_of

WORDS = ("ann.smith@acme.example", "acme", "Ann Smith")


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "k7#Qp!x2Lm",
        "zwölf Boxkämpfer jagen",
        "密码密码很长的密码一二三",
        "annoying charging station 7",
        "x" * 3 + "y7z!q" * 25,
    ],
)
def test_long_and_not_what_everybody_tries(password: str) -> None:
    assert problem_of(password, *WORDS) is None


@pytest.mark.parametrize(
    ("password", "told"),
    [
        ("", "at least 10"),
        ("k7#Qp!x2L", "at least 10"),
        ("x7!q" * 32 + "x", "at most 128"),
        ("aaaaaaaaaaaaaa", "different"),
        ("abababababab", "different"),
        ("0123456789", "different"),
        ("9876543210", "different"),
        ("ABCDEFGHIJKL", "different"),
        ("Password123", "first"),
        ("p@ssw0rd!!2024", "first"),
        ("$ecret 123456", "first"),
        ("QWERTYUIOP", "first"),
        ("!!administrator!!", "first"),
        ("Ann.Smith@acme.example", "own name"),
        ("Ann Smith 2024", "own name"),
        ("acme123456", "own name"),
        ("SMITH123456", "own name"),
    ],
)
def test_what_somebody_would_guess(password: str, told: str) -> None:
    assert told in (problem_of(password, *WORDS) or "")


def test_short_words_are_in_many_good_passwords() -> None:
    assert problem_of("io1234567890!", "abc@x.io") is None


@given(st.text(), st.text())
def test_no_text_breaks_it_and_none_is_repeated(password: str, word: str) -> None:
    told = problem_of(password, word)
    assert told is None or len(password) < 10 or password not in told
