"""The REST interface: a thin door to the services."""

from collections.abc import Iterable
from threading import BoundedSemaphore

from flask import Flask
from flask_smorest import Blueprint
from werkzeug.middleware.proxy_fix import ProxyFix

from app.api.api_keys import api_keys
from app.api.audit import audit
from app.api.audit_trail import audit_requests
from app.api.auth import prepare_tokens
from app.api.brand import brand
from app.api.certificates import certificates
from app.api.charge_points import charge_points
from app.api.charging_profiles import charging_profiles
from app.api.commands import commands
from app.api.composite_schedules import composite_schedules
from app.api.configuration import configuration
from app.api.connections import connections
from app.api.cors import share_with_origins
from app.api.current import Equipment, equip
from app.api.dead_letters import dead_letters
from app.api.deviations import deviations
from app.api.diagnostics import diagnostics
from app.api.errors import register_error_handlers
from app.api.events import events
from app.api.files import files
from app.api.firmware_files import firmware_files
from app.api.firmware_jobs import firmware_jobs
from app.api.health import health_blueprint
from app.api.id_tags import id_tags
from app.api.issuer import ExternalIssuer
from app.api.local_lists import local_lists
from app.api.login import auth
from app.api.messages import messages
from app.api.meter_values import meter_values
from app.api.metrics import Gauge, GaugeSource, register_metrics
from app.api.mqtt_broker import mqtt_broker
from app.api.mqtt_credentials import mqtt_credentials
from app.api.openapi import make_api, register_docs
from app.api.representations import tag_answers
from app.api.request_log import accompany_requests
from app.api.reservations import reservations
from app.api.security import security
from app.api.session_export import session_export
from app.api.sessions import sessions
from app.api.stats import stats
from app.api.tenants import tenants
from app.api.throttle import tell_limits
from app.api.users import users
from app.api.waiting import Waiting, places_for, stream_places_for
from app.api.webhooks import webhooks
from app.health import HealthChecks
from app.services import Services
from app.settings import Settings
from app.tracing import find_traces

MAX_BODY_BYTES = 1_048_576


def no_gauges() -> Iterable[Gauge]:
    """For an app that nobody asks for the system's gauges."""
    return ()


def _issuer(settings: Settings) -> ExternalIssuer | None:
    return ExternalIssuer(settings.oidc) if settings.oidc.issuer else None


def believe_proxies(app: Flask, count: int) -> None:
    """Take the caller's address, scheme and host from so many proxies; with none, from the socket alone."""
    if count:
        proxied = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)
        app.wsgi_app = proxied  # type: ignore[method-assign]


def equipment_of(services: Services, settings: Settings) -> Equipment:
    """As many places for those who wait, move files or read events as the web server's threads allow."""
    places = places_for(settings.web.threads)
    transfers, streams = (
        BoundedSemaphore(count) for count in (max(1, places // 2), stream_places_for(settings.web.threads))
    )
    return Equipment(services, settings, Waiting(places), transfers, streams, _issuer(settings))


def create_app(
    services: Services,
    settings: Settings,
    *,
    health_checks: HealthChecks | None = None,
    gauges: GaugeSource = no_gauges,
) -> Flask:
    """The WSGI application. It keeps nothing between requests but its metrics."""
    app = Flask("app.api", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.strict_slashes = False
    equip(app, equipment_of(services, settings))
    believe_proxies(app, settings.web.proxies)
    if (traces := find_traces()) is not None:
        from app.api.request_spans import trace_requests  # brings OpenTelemetry along

        trace_requests(app, traces)
    accompany_requests(app)
    share_with_origins(app)
    tell_limits(app)
    tag_answers(app)
    register_metrics(app, gauges)
    audit_requests(app)
    register_error_handlers(app, prepare_tokens(app, settings))
    api = make_api(app)
    blueprints: list[Blueprint] = [
        audit,
        api_keys,
        auth,
        brand,
        certificates,
        charge_points,
        charging_profiles,
        commands,
        composite_schedules,
        configuration,
        connections,
        dead_letters,
        deviations,
        diagnostics,
        events,
        firmware_files,
        firmware_jobs,
        id_tags,
        local_lists,
        messages,
        meter_values,
        mqtt_broker,
        mqtt_credentials,
        reservations,
        security,
        session_export,
        sessions,
        stats,
        tenants,
        users,
        webhooks,
    ]
    for blueprint in [*blueprints, health_blueprint(health_checks or {})]:
        api.register_blueprint(blueprint)
    app.register_blueprint(files)
    register_docs(app)
    return app
