"""Which passwords are taken (NIST SP 800-63B-4 3.1.1.2): long, and not what somebody would try."""

import math

MINIMUM_LENGTH = 10
MAXIMUM_LENGTH = 128
_GUESSES_LOG10 = 8.0  # what zxcvbn calls safely unguessable
_CORE_GUESSES_LOG10 = 4.0
_JUDGED_LENGTH = 28  # of the worst kind it takes 0.3 s to judge; for 128 digits it would be 7 s
_WORD_AT_LEAST = 4


def problem_of(password: str, *words: str) -> str | None:
    """What is wrong with a password; None: nothing. It must not be made of `words`, as the email."""
    if len(password) < MINIMUM_LENGTH:
        return f"Use at least {MINIMUM_LENGTH} characters."
    if len(password) > MAXIMUM_LENGTH:
        return f"Use at most {MAXIMUM_LENGTH} characters."
    core = _core(password.casefold())
    if any(core == _core(word) for word in _parts(words)):
        return "Do not use your own name, email or tenant."
    if _guesses_log10(password, words) < _GUESSES_LOG10 or (
        len(core) >= _WORD_AT_LEAST and _guesses_log10(core, words) < _CORE_GUESSES_LOG10
    ):
        return "This is easily guessed. Use some words that nobody else would put together."
    return None


def _guesses_log10(password: str, words: tuple[str, ...]) -> float:
    """How many guesses somebody needs who knows common passwords, names, keyboards and these words."""
    from zxcvbn import zxcvbn  # its lists take 13 MB, and most processes never see a password

    inputs = [part[:_JUDGED_LENGTH] for part in _parts(words)]
    return float(math.log10(zxcvbn(password[:_JUDGED_LENGTH], user_inputs=inputs)["guesses"]))


def _core(folded: str) -> str:
    """Without digits and signs at both ends: `Password123!` is `password`."""
    return folded.strip("0123456789!?.,;:-_#*+&%/ ") or folded


def _parts(words: tuple[str, ...]) -> list[str]:
    folded = [word.casefold() for word in words]
    parts = [part for word in folded for part in (word, *word.replace("@", " ").replace(".", " ").split())]
    return [part for part in parts if len(part) >= _WORD_AT_LEAST]
