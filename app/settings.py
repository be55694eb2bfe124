"""All settings, read once from the environment. Nothing else reads `os.environ`.

Problems are collected and raised together, so that one start names every one of them.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from environs import Env, EnvValidationError, FileAwareEnv
from marshmallow import ValidationError
from marshmallow.validate import OneOf, Range

from app.domain.errors import SettingsError
from app.flower_settings import FlowerSettings, read_flower
from app.gateway_settings import PORT, GatewaySettings, read_gateway
from app.oidc_settings import OidcSettings, read_oidc
from app.tracing_settings import TracingSettings, read_tracing
from app.web_settings import WebSettings, long_enough, read_web
from app.webhook_settings import WebhookSettings, read_webhooks

DEVELOPMENT, PRODUCTION, TEST = "development", "production", "test"
MAX_COMMAND_SHARES = 8


@dataclass(frozen=True, slots=True)
class MongoSettings:
    """Where MongoDB is."""

    uri: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RedisSettings:
    """Where Redis is: broker, replies, presence, last-seen."""

    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """Where the MQTT broker is, and who keeps the accounts of tenants' programs there.

    access: `mosquitto`, told by us as the user of `admin_url`; `http`, where the broker asks us with
    `http_secret`; or `none`. public_url: what tenants are told, without a user. command_shares: among how
    many listeners the broker deals out commands.
    """

    url: str = field(repr=False)
    access: str = "none"
    admin_url: str = field(default="", repr=False)
    http_secret: str = field(default="", repr=False)
    public_url: str = ""
    command_shares: int = 1


@dataclass(frozen=True, slots=True)
class FileSettings:
    """Firmware, diagnostics and logs: where they are kept, and by which address charge points reach them."""

    directory: Path
    max_bytes: int
    public_url: str


@dataclass(frozen=True, slots=True)
class CaSettings:
    """Who signs charge points' certificates: `local` (for development), `command` or `none`."""

    kind: str
    command: str = field(repr=False)
    root_file: Path


@dataclass(frozen=True, slots=True)
class HealthSettings:
    """Where a process that has no port of its own says how it is; port 0: nowhere."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class SweepSettings:
    """How often beat lets the sweeps run."""

    interval_s: float
    platform_audit_days: int


@dataclass(frozen=True, slots=True)
class EmbeddedSettings:
    """The local servers of development: ports, and which are to be started."""

    mongodb_port: int
    redis_port: int
    mqtt_port: int
    start_mongodb: bool
    start_redis: bool
    start_mqtt: bool


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a process needs to know from outside."""

    env: str
    var_dir: Path
    log_level: str
    log_format: str
    mongodb: MongoSettings
    redis: RedisSettings
    mqtt: MqttSettings
    gateway: GatewaySettings
    web: WebSettings
    oidc: OidcSettings
    files: FileSettings
    ca: CaSettings
    flower: FlowerSettings
    health: HealthSettings
    sweeps: SweepSettings
    webhooks: WebhookSettings
    tracing: TracingSettings
    embedded: EmbeddedSettings

    @property
    def is_production(self) -> bool:
        """Explicit addresses and secrets only, JSON logs."""
        return self.env == PRODUCTION

    @classmethod
    def from_env(cls) -> Self:
        """Read the environment. Raises SettingsError that names every missing or wrong variable.

        Any variable may be given as NAME_FILE instead: the file's content is the value, so that secrets need
        not stand in the environment.
        """
        try:
            return cls._read(FileAwareEnv(eager=False, strip_whitespace=True))
        except EnvValidationError as wrong:
            raise _settings_error(wrong.error_messages) from wrong
        except ValueError as unreadable:  # of a NAME_FILE; its words name the variable, not the content
            raise _settings_error({"NAME_FILE": [str(unreadable)]}) from unreadable

    @classmethod
    def _read(cls, env: Env) -> Self:
        name = env.str("APP_ENV", DEVELOPMENT, validate=OneOf([DEVELOPMENT, PRODUCTION, TEST]))
        production = name == PRODUCTION
        var_dir = Path(env.str("VAR_DIR", "var"))
        embedded = _embedded(env)
        settings = cls(
            env=name,
            var_dir=var_dir,
            log_level=env.str(
                "LOG_LEVEL", "INFO", validate=OneOf(["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"])
            ),
            log_format=env.str(
                "LOG_FORMAT", "json" if production else "text", validate=OneOf(["json", "text"])
            ),
            mongodb=MongoSettings(
                _address(
                    env,
                    "MONGODB_URI",
                    ("mongodb://", "mongodb+srv://"),
                    production,
                    f"mongodb://127.0.0.1:{embedded.mongodb_port}/?replicaSet=secantus&retryWrites=false",
                )
            ),
            redis=RedisSettings(
                _address(
                    env,
                    "REDIS_URL",
                    ("redis://", "rediss://"),
                    production,
                    f"redis://127.0.0.1:{embedded.redis_port}/0",
                )
            ),
            mqtt=_mqtt(env, production, embedded),
            gateway=read_gateway(env),
            web=read_web(env, production, var_dir),
            oidc=read_oidc(env),
            files=_files(env, var_dir),
            ca=_ca(env, production, var_dir),
            flower=read_flower(env),
            health=HealthSettings(
                env.str("HEALTH_HOST", "127.0.0.1"),
                env.int("HEALTH_PORT", 0, validate=Range(min=0, max=65535)),
            ),
            sweeps=SweepSettings(
                env.float("SWEEP_INTERVAL_S", 5.0, validate=Range(min=0.5, max=3600)),
                env.int("PLATFORM_AUDIT_LOG_DAYS", 365, validate=Range(min=1)),
            ),
            webhooks=read_webhooks(env, production=production),
            tracing=read_tracing(env),
            embedded=embedded,
        )
        env.seal()
        return settings


def _mqtt(env: Env, production: bool, embedded: EmbeddedSettings) -> MqttSettings:
    schemes = ("mqtt://", "mqtts://")
    url = _address(env, "MQTT_URL", schemes, production, f"mqtt://127.0.0.1:{embedded.mqtt_port}")
    access = env.str("MQTT_ACCESS", "none", validate=OneOf(["none", "mosquitto", "http"]))
    if access == "mosquitto":
        env.str("MQTT_URL", validate=_names_user)
    admin_url = env.str("MQTT_ADMIN_URL", "") or url
    needed = access == "http"
    secret = env.str("MQTT_HTTP_SECRET", validate=long_enough) if needed else env.str("MQTT_HTTP_SECRET", "")
    public_url = _address(env, "MQTT_PUBLIC_URL", schemes, required=False, default=url)
    most = 1 if embedded.start_mqtt else MAX_COMMAND_SHARES  # the embedded broker forgets what a dead one had
    return MqttSettings(
        url=url,
        access=access,
        admin_url=admin_url,
        http_secret=secret if needed else "",
        public_url=_without_user(public_url),
        command_shares=env.int("MQTT_COMMAND_SHARES", 1, validate=Range(min=1, max=most)),
    )


def _without_user(url: str | None) -> str:
    """None, that is wrong, is told when all have been read."""
    scheme, _, rest = (url or "").partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def _settings_error(messages: Any) -> SettingsError:
    problems = {name: list(sentences) for name, sentences in dict(messages).items()}
    lines = "; ".join(f"{name}: {' '.join(sentences)}" for name, sentences in sorted(problems.items()))
    return SettingsError(f"The environment is not right. {lines}", problems=problems)


def _address(env: Env, name: str, schemes: tuple[str, ...], required: bool, default: str) -> str:
    def is_address(value: str) -> None:
        if not value.startswith(schemes):
            raise ValidationError(f"Must start with {' or '.join(schemes)}.")
        if not value.startswith("mongodb") and not _has_possible_port(value):  # MongoDB's may list servers
            raise ValidationError("The port must be a number from 0 to 65535.")

    address: str = (
        env.str(name, validate=is_address) if required else env.str(name, default, validate=is_address)
    )
    return address


def _names_user(url: str) -> None:
    parts = urlsplit(url)
    if not (parts.username and parts.password):
        raise ValidationError("Must name user and password, because MQTT_ACCESS is mosquitto.")


def _has_possible_port(url: str) -> bool:
    try:
        _ = urlsplit(url).port
    except ValueError:
        return False
    return True


def _embedded(env: Env) -> EmbeddedSettings:
    return EmbeddedSettings(
        mongodb_port=env.int("EMBEDDED_MONGODB_PORT", 27117, validate=PORT),
        redis_port=env.int("EMBEDDED_REDIS_PORT", 16379, validate=PORT),
        mqtt_port=env.int("EMBEDDED_MQTT_PORT", 11883, validate=PORT),
        start_mongodb=env.str("MONGODB_URI", None) is None,
        start_redis=env.str("REDIS_URL", None) is None,
        start_mqtt=env.str("MQTT_URL", None) is None,
    )


def _ca(env: Env, production: bool, var_dir: Path) -> CaSettings:
    kind = env.str("CA", "none" if production else "local", validate=OneOf(["local", "command", "none"]))
    command = env.str("CA_COMMAND") if kind == "command" else env.str("CA_COMMAND", "")
    return CaSettings(kind, command, Path(env.str("CA_ROOT_FILE", str(var_dir / "ca" / "root.pem"))))


def _files(env: Env, var_dir: Path) -> FileSettings:
    scheme = "https" if env.str("WEB_TLS_CERTIFICATE", "") else "http"
    web = f"{scheme}://{env.str('WEB_HOST', '127.0.0.1')}:{env.str('WEB_PORT', '8000')}"
    return FileSettings(
        directory=Path(env.str("FILES_DIR", str(var_dir / "files"))),
        max_bytes=env.int("FILES_MAX_BYTES", 100 * 1_048_576, validate=Range(min=1024)),
        public_url=_address(env, "PUBLIC_URL", ("http://", "https://"), required=False, default=web),
    )
