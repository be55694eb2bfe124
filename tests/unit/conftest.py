"""Unit tests see nothing of the machine's environment, and leave nothing on its disk."""

import os
from pathlib import Path

import pytest

OURS = (
    "APP_",
    "VAR_DIR",
    "LOG_",
    "MONGODB_",
    "REDIS_",
    "MQTT_",
    "EMBEDDED_",
    "GATEWAY_",
    "WEB_",
    "FLOWER_",
    "JWT_",
    "QUEUE_",
    "SWEEP_",
    "ACCESS_TOKEN_",
    "REFRESH_TOKEN_",
    "FILES_",
    "PUBLIC_",
)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(OURS):
            monkeypatch.delenv(name)
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
