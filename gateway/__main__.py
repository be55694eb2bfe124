"""`python -m gateway`: the WebSocket side of the system."""

import resource
import sys

import uvloop

from app.bootstrap import build_health_checks
from app.domain.errors import SettingsError
from app.process import EXIT_SETTINGS, start_process
from app.tracing import start_tracing
from gateway.server import Gateway


async def _run() -> None:
    process = start_process(has_port=True)
    start_tracing(process.settings.tracing, "gateway")
    try:
        checks = build_health_checks(process.settings, process.adapters, ["mongodb", "redis"])
        gateway = Gateway(process.settings, process.services, process.adapters.link, checks)
    except SettingsError as wrong:
        sys.stderr.write(f"{wrong.message}\n")
        raise SystemExit(EXIT_SETTINGS) from wrong
    await gateway.run()


def main() -> None:
    """Run until SIGTERM, then drain."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # every connection is an open file
    uvloop.run(_run())


if __name__ == "__main__":
    main()
