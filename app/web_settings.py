"""Settings of the REST side. Read as part of `app.settings`."""

from dataclasses import dataclass, field
from pathlib import Path

from environs import Env
from marshmallow import ValidationError
from marshmallow.validate import Range

from app.gateway_settings import PORT
from app.secrets import development_secret


@dataclass(frozen=True, slots=True)
class WebTlsSettings:
    """With which certificate `web` shows itself, where no proxy does it."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class WebSettings:
    """The REST side."""

    host: str
    port: int
    threads: int
    tls: WebTlsSettings | None
    proxies: int
    address_rate_limit: int
    access_token_s: int
    refresh_token_s: int
    login_needs_tenant: bool
    jwt_secret_key: str = field(repr=False)
    jwt_secret_key_previous: str = field(repr=False)


def read_web(env: Env, production: bool, var_dir: Path) -> WebSettings:
    if production:
        secret = env.str("JWT_SECRET_KEY", validate=long_enough)
    else:
        secret = env.str("JWT_SECRET_KEY", None) or development_secret(var_dir, "jwt_secret_key")
    return WebSettings(
        host=env.str("WEB_HOST", "127.0.0.1"),
        port=env.int("WEB_PORT", 8000, validate=PORT),
        threads=env.int("WEB_THREADS", 32, validate=Range(min=1, max=256)),
        tls=_web_tls(env),
        proxies=env.int("WEB_PROXIES", 0, validate=Range(min=0, max=10)),
        address_rate_limit=env.int("WEB_ADDRESS_RATE_LIMIT", 300, validate=Range(min=1)),
        access_token_s=env.int("ACCESS_TOKEN_S", 900, validate=Range(min=10)),
        refresh_token_s=env.int("REFRESH_TOKEN_S", 30 * 86_400, validate=Range(min=60)),
        login_needs_tenant=env.bool("LOGIN_NEEDS_TENANT", production),
        jwt_secret_key=secret,
        jwt_secret_key_previous=env.str("JWT_SECRET_KEY_PREVIOUS", "", validate=_empty_or_long_enough),
    )


def _web_tls(env: Env) -> WebTlsSettings | None:
    certificate = env.str("WEB_TLS_CERTIFICATE", "", validate=_empty_or_file)
    key = env.str("WEB_TLS_KEY", "", validate=_empty_or_file) if not certificate else env.str("WEB_TLS_KEY")
    return WebTlsSettings(Path(certificate), Path(key)) if certificate and key else None


def _empty_or_file(value: str) -> None:
    if value and not Path(value).is_file():
        raise ValidationError("There is no such file.")


def _empty_or_long_enough(value: str) -> None:
    if value:
        long_enough(value)


def long_enough(value: str) -> None:
    if len(value) < 32:
        raise ValidationError("Must have at least 32 characters.")
