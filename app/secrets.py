"""Secrets of a development installation: made on its first run, kept in its var directory."""

import json
import os
import secrets
import tempfile
from pathlib import Path

FILE_NAME = "secrets.json"
_NAMES = (
    "jwt_secret_key",
    "platform_admin_password",
    "tenant_admin_password",
    "operator_password",
    "viewer_password",
)


def development_secret(var_dir: Path, name: str) -> str:
    """The secret of this name. All are made together, once, whichever process comes first."""
    path = var_dir / FILE_NAME
    if not path.exists():
        _create(path)
    kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return kept[name]


def development_login(var_dir: Path, role: str) -> tuple[str, str]:
    """Email and password of the demo's user with this role."""
    return f"{role}@demo.example", development_secret(var_dir, f"{role}_password")


def _create(path: Path) -> None:
    """Write a complete file beside `path` and link it into place: the first process wins, none sees half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = {name: secrets.token_urlsafe(32 if name == "jwt_secret_key" else 12) for name in _NAMES}
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".secrets-")  # mode 0600
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(made, file, indent=2)
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        Path(draft).unlink()
