"""Development secrets: made once, by whichever process comes first, readable by their owner only."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from app.secrets import FILE_NAME, development_secret


def test_a_secret_is_made_once_and_kept(tmp_path: Path) -> None:
    first = development_secret(tmp_path / "var", "jwt_secret_key")
    assert development_secret(tmp_path / "var", "jwt_secret_key") == first
    assert development_secret(tmp_path / "other", "jwt_secret_key") != first


def test_nobody_else_can_read_them(tmp_path: Path) -> None:
    development_secret(tmp_path, "viewer_password")
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o077 == 0


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as starting:
        made = list(starting.map(lambda _: development_secret(tmp_path, "jwt_secret_key"), range(16)))
    assert len(set(made)) == 1
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_every_secret_differs(tmp_path: Path) -> None:
    development_secret(tmp_path, "jwt_secret_key")
    kept = json.loads((tmp_path / FILE_NAME).read_text())
    assert len(set(kept.values())) == len(kept) == 5
