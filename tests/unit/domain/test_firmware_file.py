"""Names of files: what somebody sends becomes harmless."""

import pytest

from app.domain.firmware_file import FILE_NAME, safe_file_name


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("log.zip", "log.zip"),
        ("../../etc/passwd", "passwd"),
        ("C:\\logs\\today.log", "today.log"),
        ("a b\x00c.txt", "a_b_c.txt"),
        (".htaccess", "htaccess"),
        ("..", "otherwise"),
        ("", "otherwise"),
        ("dir/", "otherwise"),
        ("x" * 300, "x" * 100),
    ],
)
def test_a_name_becomes_harmless(sent: str, kept: str) -> None:
    assert safe_file_name(sent, "otherwise") == kept
    assert FILE_NAME.fullmatch(kept)
