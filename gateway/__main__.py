"""`python -m gateway`: the WebSocket side of the system."""

import resource

import uvloop

from app.process import start_process
from gateway.server import Gateway


async def _run() -> None:
    process = start_process()
    await Gateway(process.settings, process.services, process.adapters.link).run()


def main() -> None:
    """Run until SIGTERM, then drain."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # every connection is an open file
    uvloop.run(_run())


if __name__ == "__main__":
    main()
