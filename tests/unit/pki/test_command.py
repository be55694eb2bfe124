"""A CA behind a command: the request goes in, the chain comes out, and what goes wrong is told."""

import sys
from pathlib import Path

import pytest

from app.pki.command import CommandAuthority
from app.services.signing import AuthorityFailed
from tests.builders import REF


def authority(script: str, tmp_path: Path, *words: str, timeout_s: float = 20) -> CommandAuthority:
    (tmp_path / "ca.py").write_text(f"import sys, time\n{script}\n")
    quoted = " ".join(f"'{word}'" for word in (sys.executable, str(tmp_path / "ca.py"), *words))
    return CommandAuthority(quoted, tmp_path / "root.pem", timeout_s)


def test_the_request_is_its_input_and_the_chain_its_output(tmp_path: Path) -> None:
    upper = authority("print(sys.stdin.read().upper(), end='')", tmp_path)
    assert upper.sign("a request", 365, REF) == "A REQUEST"


def test_its_words_say_for_whom_and_how_long(tmp_path: Path) -> None:
    says = authority("print(sys.argv[1:])", tmp_path, "--days={days}", "{tenant_id}", "{charge_point_id}; $X")
    assert says.sign("", 30, REF) == "['--days=30', 'acme', 'CP-1; $X']\n"


def test_what_it_says_when_it_fails_is_told(tmp_path: Path) -> None:
    with pytest.raises(AuthorityFailed, match="ended with 3: no such profile"):
        authority("sys.exit(print('no such profile', file=sys.stderr) or 3)", tmp_path).sign("", 1, REF)


def test_a_command_that_takes_too_long(tmp_path: Path) -> None:
    with pytest.raises(AuthorityFailed, match=r"more than 0\.2 s"):
        authority("time.sleep(60)", tmp_path, timeout_s=0.2).sign("", 1, REF)


@pytest.mark.parametrize("command", ["/nowhere/sign", "'open quote"])
def test_a_command_that_cannot_be_run(tmp_path: Path, command: str) -> None:
    with pytest.raises(AuthorityFailed, match="cannot be run"):
        CommandAuthority(command, tmp_path / "root.pem").sign("", 1, REF)


def test_its_root_is_a_file_if_there_is_one(tmp_path: Path) -> None:
    ca = CommandAuthority("true", tmp_path / "root.pem")
    assert ca.root() is None
    (tmp_path / "root.pem").write_text("the root")
    assert ca.root() == "the root"
