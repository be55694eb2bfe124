"""The worker, with a consumer that falls silent on order: `celery -A tests.e2e.deaf_worker worker ...`.

When the file `deaf` appears in VAR_DIR, nothing is asked of Redis any more: the connection stands, timers and
remote control go on, and no message is taken. That is how workers were seen after a reconnect. The file is
taken away first, so the program that replaces this one hears.
"""

import threading
import time
from pathlib import Path

from app.messaging.redis_transport import Channel
from workers.main import app, settings

__all__ = ["app"]


def _ask_nothing(*_: object, **__: object) -> None:
    """In place of BRPOP."""


def _wait_for_order(order: Path) -> None:
    while not order.exists():
        time.sleep(0.1)
    order.unlink()
    setattr(Channel, "_brpop_start", _ask_nothing)  # noqa: B010  mypy knows it for a method


threading.Thread(target=_wait_for_order, args=(settings.var_dir / "deaf",), daemon=True).start()
