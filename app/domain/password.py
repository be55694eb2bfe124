"""Which passwords are taken (NIST SP 800-63B 3.1.1.2): long, and not what everybody tries first."""

MINIMUM_LENGTH = 10
MAXIMUM_LENGTH = 128
_TRIED_FIRST = frozenset(
    {
        "password",
        "passwort",
        "qwertyuiop",
        "qwertzuiop",
        "asdfghjkl",
        "zxcvbnm",
        "iloveyou",
        "letmein",
        "welcome",
        "admin",
        "administrator",
        "changeme",
        "secret",
        "football",
        "baseball",
        "princess",
        "sunshine",
        "superman",
        "trustno",
        "dragon",
        "monkey",
        "abc",
        "abcdefghij",
        "qwerty",
        "charging",
        "chargepoint",
        "electric",
    }
)
_RUNS = ("01234567890123456789", "98765432109876543210", "abcdefghijklmnopqrstuvwxyz")
_DIFFERENT_AT_LEAST = 5
_WORD_AT_LEAST = 4


def problem_of(password: str, *words: str) -> str | None:
    """What is wrong with a password; None: nothing. It must not be made of `words`, as the email."""
    folded = password.casefold()
    if len(password) < MINIMUM_LENGTH:
        return f"Use at least {MINIMUM_LENGTH} characters."
    if len(password) > MAXIMUM_LENGTH:
        return f"Use at most {MAXIMUM_LENGTH} characters."
    if len(set(folded)) < _DIFFERENT_AT_LEAST or any(folded in run for run in _RUNS):
        return "Use more different characters."
    if _core(folded) in _TRIED_FIRST:
        return "This is one of the first that somebody would try."
    if any(_core(folded) == _core(word.casefold()) for word in _parts(words)):
        return "Do not use your own name, email or tenant."
    return None


def _core(folded: str) -> str:
    """Without digits and signs at both ends: `Password123!` is `password`."""
    inner = folded.strip("0123456789!?.,;:-_#*+&%/ ") or folded
    return inner.replace("@", "a").replace("$", "s").replace("0", "o")


def _parts(words: tuple[str, ...]) -> list[str]:
    parts = [part for word in words for part in (word, *word.replace("@", " ").replace(".", " ").split())]
    return [part for part in parts if len(part) >= _WORD_AT_LEAST]
