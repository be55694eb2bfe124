"""`python -m workers.flower`: Celery's monitor, never without a login.

It can stop workers and empty queues. In development the demo's platform administrator logs in; in production
it does not start without FLOWER_BASIC_AUTH.
"""

import sys
from collections.abc import Sequence

import flower.options  # noqa: F401 - defines the options
from tornado.options import options

from app.domain.user import Role
from app.flower_settings import FlowerSettings
from app.process import EXIT_SETTINGS, read_settings
from app.secrets import development_login
from app.settings import Settings
from workers.main import app


def login_of(settings: Settings) -> str:
    """`user:password`. Exits with code 2 in production if none is given."""
    if settings.flower.basic_auth:
        return settings.flower.basic_auth
    if settings.is_production:
        sys.stderr.write("FLOWER_BASIC_AUTH: Must be user:password in production.\n")
        raise SystemExit(EXIT_SETTINGS)
    return ":".join(development_login(settings.var_dir, Role.PLATFORM_ADMIN.value))


def options_of(settings: FlowerSettings) -> Sequence[str]:
    """Flower's own command line, which everybody on the machine can read: no secrets."""
    tls = settings.tls
    encrypted = [f"--certfile={tls.certificate}", f"--keyfile={tls.key}"] if tls else []
    return [
        f"--address={settings.host}",
        f"--port={settings.port}",
        *encrypted,
        "--max_tasks=10000",
        "--logging=warning",
    ]


def main() -> None:
    """Show the workers until SIGTERM."""
    settings = read_settings()
    options.basic_auth = login_of(settings).split(",")
    app.start(["-q", "flower", *options_of(settings.flower)])


if __name__ == "__main__":
    main()
