"""What gunicorn serves: `app.api.wsgi:app`.

Nothing here waits for a server: while a store is away, requests are answered 503 and `/health` says so.
"""

from functools import partial

from flask import Flask

from app.api import create_app
from app.api.gauges import system_gauges
from app.bootstrap import build_adapters, build_counts, build_health_checks, build_services
from app.logs import configure_logging
from app.settings import Settings
from app.tracing import start_tracing


def build_app() -> Flask:
    """The application of this process, as the environment says. Raises SettingsError."""
    settings = Settings.from_env()
    configure_logging(settings)
    start_tracing(settings.tracing, "web")
    adapters = build_adapters(settings)
    services = build_services(settings, adapters)
    services.tenants.directory.keep_fresh()
    return create_app(
        services,
        settings,
        health_checks=build_health_checks(settings, adapters),
        gauges=partial(system_gauges, services, *build_counts(adapters)),
    )


app = build_app()
