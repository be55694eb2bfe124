"""Settings of traces. Read as part of `app.settings`; the names are OpenTelemetry's own."""

from dataclasses import dataclass
from importlib.util import find_spec
from urllib.parse import urlsplit

from environs import Env
from marshmallow import ValidationError
from marshmallow.validate import Range

_PACKAGES = ("opentelemetry", "opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")


@dataclass(frozen=True, slots=True)
class TracingSettings:
    """Where traces go, by OTLP over HTTP, and the share of them that does. No `endpoint`: nowhere."""

    endpoint: str
    sample_ratio: float


def read_tracing(env: Env) -> TracingSettings:
    """Read them; `env` collects what is wrong. That the packages are missing is wrong with the endpoint."""
    name = "OTEL_EXPORTER_OTLP_ENDPOINT"
    given = bool(env.str(name, ""))
    return TracingSettings(
        endpoint=env.str(name, validate=[_is_address, _is_installed]) if given else "",
        sample_ratio=env.float("OTEL_TRACES_SAMPLER_ARG", 1.0, validate=Range(min=0, max=1)),
    )


def _is_address(value: str) -> None:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValidationError("Must start with http:// or https://.")


def _is_installed(_: str) -> None:
    try:
        missing = any(find_spec(package) is None for package in _PACKAGES)
    except ModuleNotFoundError:  # of the package above it
        missing = True
    if missing:
        raise ValidationError("Traces need more packages: pip install -r requirements/tracing.txt")
