"""Settings: defaults that work at once, and every wrong variable named in one go."""

from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import SettingsError
from app.settings import Settings

PRODUCTION = {
    "APP_ENV": "production",
    "MONGODB_URI": "mongodb://db/?replicaSet=rs0",
    "REDIS_URL": "redis://cache:6379/0",
    "MQTT_URL": "mqtt://broker",
    "JWT_SECRET_KEY": "x" * 32,
}


def settings(monkeypatch: pytest.MonkeyPatch, **variables: Any) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(name, str(value))
    return Settings.from_env()


def wrong(monkeypatch: pytest.MonkeyPatch, **variables: Any) -> set[str]:
    with pytest.raises(SettingsError) as refused:
        settings(monkeypatch, **variables)
    for name in refused.value.problems:
        assert name in refused.value.message
    return set(refused.value.problems)


def test_the_defaults_are_those_of_the_readme(monkeypatch: pytest.MonkeyPatch) -> None:
    known = settings(monkeypatch)
    assert (known.env, known.is_production, known.log_level, known.log_format) == (
        "development",
        False,
        "INFO",
        "text",
    )
    assert known.mongodb.uri == "mongodb://127.0.0.1:27117/?replicaSet=secantus&retryWrites=false"
    assert known.redis.url == "redis://127.0.0.1:16379/0"
    assert known.mqtt.url == "mqtt://127.0.0.1:11883"
    assert (known.gateway.host, known.gateway.port) == ("127.0.0.1", 9000)
    assert (known.web.host, known.web.port) == ("127.0.0.1", 8000)
    assert (known.web.login_needs_tenant, known.web.jwt_secret_key_previous) == (False, "")
    assert (known.flower.host, known.flower.port) == ("127.0.0.1", 5555)


def test_the_addresses_follow_the_embedded_servers_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    known = settings(
        monkeypatch, EMBEDDED_MONGODB_PORT=20001, EMBEDDED_REDIS_PORT=20002, EMBEDDED_MQTT_PORT=20003
    )
    assert known.mongodb.uri == "mongodb://127.0.0.1:20001/?replicaSet=secantus&retryWrites=false"
    assert known.redis.url == "redis://127.0.0.1:20002/0"
    assert known.mqtt.url == "mqtt://127.0.0.1:20003"


@pytest.mark.parametrize(
    ("variable", "url", "embedded"),
    [
        ("MONGODB_URI", "mongodb://db", "start_mongodb"),
        ("REDIS_URL", "redis://cache", "start_redis"),
        ("MQTT_URL", "mqtt://broker", "start_mqtt"),
    ],
)
def test_an_embedded_server_is_started_unless_a_real_one_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, url: str, embedded: str
) -> None:
    assert getattr(settings(monkeypatch).embedded, embedded) is True
    named = settings(monkeypatch, **{variable: url}).embedded
    starts = {
        "start_mongodb": named.start_mongodb,
        "start_redis": named.start_redis,
        "start_mqtt": named.start_mqtt,
    }
    assert [name for name, is_started in starts.items() if not is_started] == [embedded]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("APP_ENV", "staging"),
        ("LOG_LEVEL", "LOUD"),
        ("LOG_FORMAT", "xml"),
        ("MONGODB_URI", "http://db"),
        ("REDIS_URL", "127.0.0.1:6379"),
        ("MQTT_URL", "tcp://broker"),
        ("GATEWAY_PORT", "0"),
        ("GATEWAY_PORT", "65536"),
        ("WEB_PORT", "eight thousand"),
        ("FLOWER_PORT", "-1"),
        ("EMBEDDED_MQTT_PORT", "1e3"),
        ("GATEWAY_MAX_MESSAGE_BYTES", "10"),
        ("GATEWAY_PING_TIMEOUT_S", "0"),
        ("QUEUE_ANSWER_TIMEOUT_S", "-2"),
        ("GATEWAY_BYPASS_THREADS", "0"),
        ("GATEWAY_MAX_WAITING_CALLS", "0"),
        ("GATEWAY_DRAIN_S", "-1"),
        ("WEB_THREADS", "1000"),
        ("ACCESS_TOKEN_S", "0"),
        ("SWEEP_INTERVAL_S", "0"),
    ],
)
def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    assert wrong(monkeypatch, **{variable: value}) == {variable}


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MQTT_URL", "mqtt://broker:port"),
        ("MQTT_URL", "mqtt://broker:70000"),
        ("REDIS_URL", "redis://cache:x/0"),
    ],
)
def test_an_address_with_an_impossible_port_is_named_at_start(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    assert wrong(monkeypatch, **{variable: value}) == {variable}


def test_the_embedded_broker_deals_out_no_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    shares = {"MQTT_COMMAND_SHARES": "4"}
    assert settings(monkeypatch, MQTT_URL="mqtt://broker", **shares).mqtt.command_shares == 4
    monkeypatch.delenv("MQTT_URL")
    assert wrong(monkeypatch, **shares) == {"MQTT_COMMAND_SHARES"}


def test_all_wrong_variables_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert wrong(monkeypatch, GATEWAY_PORT="x", WEB_PORT="y", MQTT_URL="z", LOG_LEVEL="w") == {
        "GATEWAY_PORT",
        "WEB_PORT",
        "MQTT_URL",
        "LOG_LEVEL",
    }


def test_production_starts_with_explicit_addresses_and_secrets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    known = settings(monkeypatch, **PRODUCTION)
    assert (known.is_production, known.log_format) == (True, "json")
    assert known.web.jwt_secret_key == "x" * 32
    assert known.web.login_needs_tenant
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("missing", [name for name in PRODUCTION if name != "APP_ENV"])
def test_production_without_one_of_them_does_not_start(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    assert wrong(monkeypatch, **{name: value for name, value in PRODUCTION.items() if name != missing}) == {
        missing
    }


def test_production_with_none_of_them_names_them_all(monkeypatch: pytest.MonkeyPatch) -> None:
    assert wrong(monkeypatch, APP_ENV="production") == set(PRODUCTION) - {"APP_ENV"}


def test_a_short_secret_is_none_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    assert wrong(monkeypatch, **(PRODUCTION | {"JWT_SECRET_KEY": "x" * 31})) == {"JWT_SECRET_KEY"}


def test_a_short_previous_secret_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert wrong(monkeypatch, JWT_SECRET_KEY_PREVIOUS="x" * 31) == {"JWT_SECRET_KEY_PREVIOUS"}


def test_development_makes_its_own_secret_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = settings(monkeypatch).web.jwt_secret_key
    assert len(first) >= 32
    assert settings(monkeypatch).web.jwt_secret_key == first


def test_no_secret_shows_in_a_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {
        "MONGODB_URI": "mongodb://u:hush-mongo@db",
        "REDIS_URL": "redis://:hush-redis@cache",
        "MQTT_URL": "mqtt://u:hush-mqtt@broker",
        "JWT_SECRET_KEY": "hush-jwt" * 4,
        "JWT_SECRET_KEY_PREVIOUS": "hush-old" * 4,
    }
    assert "hush" not in repr(settings(monkeypatch, **(PRODUCTION | secrets)))


def test_a_wrong_secret_does_not_show_in_the_message(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError) as refused:
        settings(monkeypatch, **(PRODUCTION | {"JWT_SECRET_KEY": "hush", "MQTT_URL": "tcp://u:hush@broker"}))
    assert "hush" not in refused.value.message


def test_files_are_kept_below_the_var_folder_and_reached_by_the_web_address(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    known = settings(monkeypatch, WEB_HOST="0.0.0.0", WEB_PORT=8123).files
    assert (known.directory, known.max_bytes, known.public_url) == (
        tmp_path / "files",
        104_857_600,
        "http://0.0.0.0:8123",
    )
    named = settings(monkeypatch, FILES_DIR="/srv/files", PUBLIC_URL="https://ocpp.example").files
    assert (named.directory, named.public_url) == (Path("/srv/files"), "https://ocpp.example")
    assert wrong(monkeypatch, PUBLIC_URL="ocpp.example", FILES_MAX_BYTES=10) == {
        "PUBLIC_URL",
        "FILES_MAX_BYTES",
    }


def test_who_signs_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """A local CA is for development; production has none unless one is named."""
    assert Settings.from_env().ca.kind == "local"
    monkeypatch.setenv("CA", "command")
    with pytest.raises(SettingsError) as wrong:
        Settings.from_env()
    assert set(wrong.value.problems) == {"CA_COMMAND"}
    monkeypatch.setenv("CA_COMMAND", "sign --days={days}")
    monkeypatch.setenv("CA_ROOT_FILE", "/etc/ca/root.pem")
    ca = Settings.from_env().ca
    assert (ca.kind, ca.command, str(ca.root_file)) == ("command", "sign --days={days}", "/etc/ca/root.pem")


def test_a_secret_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("y" * 40 + "\n")
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("JWT_SECRET_KEY")
    assert settings(monkeypatch, JWT_SECRET_KEY_FILE=tmp_path / "secret").web.jwt_secret_key == "y" * 40
    with pytest.raises(SettingsError, match="JWT_SECRET_KEY_FILE"):
        settings(monkeypatch, JWT_SECRET_KEY_FILE=tmp_path / "missing")


def test_a_certificate_of_the_web_needs_its_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("certificate", "key"):
        (tmp_path / name).write_text("pem")
    assert settings(monkeypatch).web.tls is None
    assert wrong(monkeypatch, WEB_TLS_CERTIFICATE=tmp_path / "certificate") == {"WEB_TLS_KEY"}
    tls = settings(monkeypatch, WEB_TLS_KEY=tmp_path / "key").web.tls
    assert tls is not None
    assert (tls.certificate, tls.key) == (tmp_path / "certificate", tmp_path / "key")
    assert settings(monkeypatch).files.public_url.startswith("https://")
    assert wrong(monkeypatch, WEB_TLS_CERTIFICATE=tmp_path / "missing") == {"WEB_TLS_CERTIFICATE"}


@pytest.mark.parametrize("name", ["WEBHOOK_PLAIN_HTTP", "WEBHOOK_PRIVATE_TARGETS"])
def test_production_sends_webhooks_to_the_public_internet_by_tls_only(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    field = name.removeprefix("WEBHOOK_").lower()
    monkeypatch.delenv(name, raising=False)
    assert getattr(settings(monkeypatch).webhooks, field) is True
    assert getattr(settings(monkeypatch, **PRODUCTION).webhooks, field) is False
    assert getattr(settings(monkeypatch, **PRODUCTION, **{name: "true"}).webhooks, field) is True
    assert name in wrong(monkeypatch, **{name: "perhaps"})


@pytest.mark.parametrize("url", [None, "mqtt://broker", "mqtt://ocpp@broker", "mqtt://:secret@broker"])
def test_whoever_tells_mosquitto_of_accounts_has_one(
    monkeypatch: pytest.MonkeyPatch, url: str | None
) -> None:
    variables = {} if url is None else {"MQTT_URL": url}
    assert wrong(monkeypatch, MQTT_ACCESS="mosquitto", **variables) == {"MQTT_URL"}


def test_mosquitto_is_administrated_as_the_server_or_as_another(monkeypatch: pytest.MonkeyPatch) -> None:
    own, other = "mqtt://ocpp:secret@broker", "mqtt://admin:secret@broker"
    known = settings(monkeypatch, MQTT_ACCESS="mosquitto", MQTT_URL=own)
    assert (known.mqtt.url, known.mqtt.admin_url, known.mqtt.http_secret) == (own, own, "")
    assert settings(monkeypatch, MQTT_ADMIN_URL=other).mqtt.admin_url == other
    assert "secret" not in repr(known)


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({}, "mqtt://127.0.0.1:11883"),
        ({"MQTT_URL": "mqtts://u:p@ss@broker:8883"}, "mqtts://broker:8883"),
        (
            {"MQTT_URL": "mqtt://u:p@inside", "MQTT_PUBLIC_URL": "mqtts://mq.example.com"},
            "mqtts://mq.example.com",
        ),
        ({"MQTT_PUBLIC_URL": "mqtts://u:p@mq.example.com"}, "mqtts://mq.example.com"),
    ],
)
def test_tenants_are_told_where_the_broker_is_and_not_who_we_are(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], told: str
) -> None:
    assert settings(monkeypatch, **variables).mqtt.public_url == told


def test_a_public_address_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert wrong(monkeypatch, MQTT_PUBLIC_URL="https://mq.example.com") == {"MQTT_PUBLIC_URL"}
