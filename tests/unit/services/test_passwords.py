"""Which passwords are taken."""

import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.passwords import MAXIMUM_LENGTH, problem_of

WORDS = ("ann.smith@acme.example", "acme", "Ann Smith")


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "k7#Qp!x2Lm",
        "zwölf Boxkämpfer jagen",
        "密码密码很长的密码一二三",
        "annoying charging station 7",
        "nine blue kettles whistle " * 4 + "x" * 24,
        "1f0c9d8e7b6a5443",
        "9182736450a63",
    ],
)
def test_long_and_not_what_somebody_would_try(password: str) -> None:
    assert problem_of(password, *WORDS) is None


@pytest.mark.parametrize(
    ("password", "told"),
    [
        ("", "at least 10"),
        ("k7#Qp!x2L", "at least 10"),
        ("x7!q" * 32 + "x", "at most 128"),
        ("aaaaaaaaaaaaaa", "guessed"),
        ("abababababab", "guessed"),
        ("0123456789", "guessed"),
        ("9876543210", "guessed"),
        ("ABCDEFGHIJKL", "guessed"),
        ("Password123", "guessed"),
        ("p@ssw0rd!!2024", "guessed"),
        ("$ecret 123456", "guessed"),
        ("QWERTYUIOP", "guessed"),
        ("1qaz2wsx3edc", "guessed"),
        ("q1w2e3r4t5y6", "guessed"),
        ("liverpool1", "guessed"),
        ("!!administrator!!", "guessed"),
        ("Ann.Smith@acme.example", "own name"),
        ("Ann Smith 2024", "own name"),
        ("acme123456", "own name"),
        ("SMITH123456", "own name"),
        ("smithacme1", "guessed"),
    ],
)
def test_what_somebody_would_guess(password: str, told: str) -> None:
    assert told in (problem_of(password, *WORDS) or "")


@given(st.text(), st.text())
def test_no_text_breaks_it_and_none_is_repeated(password: str, word: str) -> None:
    told = problem_of(password, word)
    assert told is None or len(password) < 10 or password not in told


@pytest.mark.parametrize(
    "letters", ["0123456789/-. ", "4@8({[<36901!|17$5+%2", "p@ssw0rd1qaz", "a", "\ud800\x00"]
)
def test_none_takes_long_to_judge(letters: str) -> None:
    """Alone the search for dates in 128 digits would take seconds."""
    password = "".join(letters[(n * n + n // 3) % len(letters)] for n in range(MAXIMUM_LENGTH))
    began = time.process_time()
    problem_of(password, "a" * 254, "b" * 48, "c" * 100)
    assert time.process_time() - began < 2


def test_who_judges_no_password_does_not_carry_the_lists() -> None:
    check = "import sys, app.bootstrap; sys.exit('zxcvbn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
