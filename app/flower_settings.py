"""Settings of Flower, which shows workers and tasks. Read as part of `app.settings`."""

from dataclasses import dataclass, field
from pathlib import Path

from environs import Env
from marshmallow import ValidationError

from app.gateway_settings import PORT


@dataclass(frozen=True, slots=True)
class FlowerTlsSettings:
    """With which certificate Flower shows itself, where no proxy does it."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class FlowerSettings:
    """Where Flower is shown, and to whom. basic_auth: `user:password`, or nothing where none was given."""

    host: str
    port: int
    tls: FlowerTlsSettings | None = None
    basic_auth: str = field(default="", repr=False)


def read_flower(env: Env) -> FlowerSettings:
    """Read them; `env` collects what is wrong."""
    certificate = env.str("FLOWER_TLS_CERTIFICATE", "", validate=_empty_or_file)
    name = "FLOWER_TLS_KEY"
    key = env.str(name) if certificate else env.str(name, "", validate=_empty_or_file)
    return FlowerSettings(
        host=env.str("FLOWER_HOST", "127.0.0.1"),
        port=env.int("FLOWER_PORT", 5555, validate=PORT),
        tls=FlowerTlsSettings(Path(certificate), Path(key)) if certificate and key else None,
        basic_auth=env.str("FLOWER_BASIC_AUTH", "", validate=_empty_or_login),
    )


def _empty_or_file(value: str) -> None:
    if value and not Path(value).is_file():
        raise ValidationError("There is no such file.")


def _empty_or_login(value: str) -> None:
    user, _, password = value.partition(":")
    if value and not (user and password):
        raise ValidationError("Must be user:password.")
