"""Settings of gunicorn, whose names these are: `gunicorn -c python:app.api.gunicorn app.api.wsgi:app`.

It is read before anything else is started, so wrong settings end the command here, with status 2, instead
of in a worker process that would be started again and again.
"""

import logging
import ssl
import sys
from collections.abc import Callable
from pathlib import Path

from gunicorn.config import Config
from gunicorn.glogging import Logger

from app.bootstrap import build_adapters, say_if_behind
from app.domain.errors import Conflict, Retryable, SettingsError
from app.logs import configure_logging
from app.settings import Settings

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - an open, nameless file # nosec B108


def _settings() -> Settings:
    try:
        return Settings.from_env()
    except SettingsError as wrong:
        for name, sentences in sorted(wrong.problems.items()):
            sys.stderr.write(f"{name}: {' '.join(sentences)}\n")
        sys.exit(2)


class QuietLogger(Logger):  # type: ignore[misc]
    """gunicorn's messages through our logging; no access log, requests have a line of ours."""

    def setup(self, cfg: Config) -> None:
        """Called instead of opening log files."""
        self.cfg = cfg
        self._access_log_enabled = False
        self.error_log.propagate = True
        self.error_log.setLevel(logging.WARNING)


def ssl_context(_config: Config, make_default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """Asked by gunicorn where there is a certificate: nothing older than TLS 1.2."""
    context = make_default()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def on_starting(_arbiter: object) -> None:
    """Asked by gunicorn before anything is served: ends it (1) on databases of a later version.

    Nobody waits for MongoDB here beyond one try: while it is away, requests are answered 503.
    """
    adapters = build_adapters(_chosen)
    try:
        say_if_behind(adapters)
    except Conflict as later:
        sys.stderr.write(f"{later.message}\n")
        sys.exit(1)
    except Retryable as away:
        logging.getLogger(__name__).info("The databases could not be looked at: %s", away.message)
    finally:
        adapters.databases.client.close()


_chosen = _settings()
configure_logging(_chosen)

bind = f"{_chosen.web.host}:{_chosen.web.port}"
certfile = str(_chosen.web.tls.certificate) if _chosen.web.tls else None
keyfile = str(_chosen.web.tls.key) if _chosen.web.tls else None
worker_class = "gthread"
threads = _chosen.web.threads
workers = 1  # metrics live in the process: scale by containers, so that each can be scraped
timeout = 90  # longer than a request may wait for a command
graceful_timeout = 3
keepalive = 30
logger_class = QuietLogger
accesslog = None
control_socket_disable = True  # it would create a file outside VAR_DIR
worker_tmp_dir = str(_SHARED_MEMORY) if _SHARED_MEMORY.is_dir() else None
