"""What `doctor` looks at, one function for each concern; none of them changes anything that matters."""

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from uuid import uuid4

from cryptography import x509

from app.bootstrap import Adapters
from app.domain.errors import Retryable
from app.messaging.celery_app import Side, build_celery, queue_lengths
from app.messaging.mqtt import MqttPublisher
from app.messaging.redis_client import KEY_PREFIX
from app.messaging.tasks import call_queues
from app.secrets import FILE_NAME
from app.services import Services
from app.settings import Settings
from app.storage.indexes import missing_indexes

CLOCKS_MAY_DIFFER = timedelta(seconds=2)
RENEW_BEFORE = timedelta(days=21)
LONG_QUEUE = 1_000
WORKERS_ANSWER_WITHIN_S = 2.0


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen, and what to do about it."""

    check: str
    level: Level
    told: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """The installation that is examined."""

    settings: Settings
    adapters: Adapters
    services: Services


def servers(patient: Patient) -> Iterator[Finding]:
    """Can everything be reached, and written to?"""
    adapters = patient.adapters
    publisher = MqttPublisher(patient.settings.mqtt.url, f"ocpp-doctor-{uuid4().hex[:8]}")
    writes: Mapping[str, Callable[[], object]] = {
        "mongodb": lambda: adapters.leases.hold("doctor", "doctor", patient.services.clock.now(), 1),
        "redis": lambda: _write_to_redis(adapters),
        "mqtt": lambda: publisher.publish([]),
    }
    for name, write in writes.items():
        try:
            write()
        except Retryable as failure:
            yield Finding(
                name, Level.FAILED, _first_line(failure), "Is it running (make run)? Is its address right?"
            )
        else:
            yield Finding(name, Level.OK, "Reached, and it takes what we write.")
    publisher.close()


def _write_to_redis(adapters: Adapters) -> None:
    with adapters.redis.calling() as client:
        client.set(f"{KEY_PREFIX}doctor", "1", ex=5)


def redis_eviction(patient: Patient) -> Iterator[Finding]:
    """A Redis that evicts keys loses messages."""
    with patient.adapters.redis.calling() as client:
        policy = client.config_get("maxmemory-policy").get("maxmemory-policy")
    if policy == "noeviction":
        yield Finding("redis eviction", Level.OK, "noeviction")
    else:
        advice = "Set maxmemory-policy to noeviction: it holds calls and answers."
        yield Finding("redis eviction", Level.WARNING, f"maxmemory-policy is {policy}.", advice)


def indexes(patient: Patient) -> Iterator[Finding]:
    """Without them everything works, slowly, and nothing is unique."""
    directory = patient.services.tenants.directory
    directory.refresh()
    missing = missing_indexes(patient.adapters.databases, directory.ids())
    if missing:
        told = f"{len(missing)} missing, as {missing[0]}."
        yield Finding("indexes", Level.FAILED, told, "Run: python -m app.cli migrate")
    else:
        yield Finding("indexes", Level.OK, f"All there, of {len(directory.ids())} tenants.")


def clock(patient: Patient) -> Iterator[Finding]:
    """Expiry, order and billing depend on them."""
    here = patient.services.clock.now()
    apart = abs(patient.adapters.databases.server_time() - here)
    if apart > CLOCKS_MAY_DIFFER:
        told = f"MongoDB's clock and this machine's are {apart.total_seconds():.0f} s apart."
        yield Finding("clock", Level.FAILED, told, "Let both follow the same time server.")
    else:
        yield Finding("clock", Level.OK, "This machine's and MongoDB's agree.")


def certificates(patient: Patient) -> Iterator[Finding]:
    """Those that we show, and the root that signs charge points'."""
    settings = patient.settings
    files = {"web certificate": settings.web.tls.certificate} if settings.web.tls else {}
    for number, (chain, _) in enumerate(settings.gateway.tls.certificates if settings.gateway.tls else (), 1):
        files[f"gateway certificate {number}"] = chain
    if settings.ca.kind != "none" and settings.ca.root_file.exists():
        files["charge points' root"] = settings.ca.root_file
    for name, path in files.items():
        yield _certificate(name, path, patient.services.clock.now())
    if not settings.gateway.tls and settings.is_production:
        advice = "Set GATEWAY_TLS_PORT, or let a TLS proxy stand before it."
        yield Finding("gateway certificate", Level.WARNING, "The gateway has no TLS of its own.", advice)


def _certificate(name: str, path: Path, now: datetime) -> Finding:
    try:
        ends = x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
    except (OSError, ValueError) as wrong:
        return Finding(name, Level.FAILED, f"{path.name} cannot be read: {wrong}", "Give a PEM file.")
    if ends < now:
        return Finding(name, Level.FAILED, f"Ended on {ends:%Y-%m-%d}.", "Renew it.")
    if ends < now + RENEW_BEFORE:
        return Finding(name, Level.WARNING, f"Ends on {ends:%Y-%m-%d}.", "Renew it.")
    return Finding(name, Level.OK, f"Good until {ends:%Y-%m-%d}.")


def processes(patient: Patient) -> Iterator[Finding]:
    """Does anybody hold charge points, and work on what they say?"""
    gateways = patient.adapters.link.live_gateways()
    if gateways:
        yield Finding("gateways", Level.OK, f"{len(gateways)} alive.")
    else:
        yield Finding("gateways", Level.FAILED, "None alive.", "Start: python -m gateway")
    celery = build_celery(patient.settings, Side.PUBLISHER)
    workers = celery.control.inspect(timeout=WORKERS_ANSWER_WITHIN_S).ping() or {}
    if workers:
        yield Finding("workers", Level.OK, f"{len(workers)} answer.")
    else:
        advice = (
            "Start one as in the Procfile. Until then gateways handle calls themselves; nothing is swept."
        )
        yield Finding("workers", Level.FAILED, "None answers.", advice)


def queues(patient: Patient) -> Iterator[Finding]:
    """Does work pile up?"""
    directory = patient.services.tenants.directory
    directory.refresh()
    lengths = queue_lengths(patient.adapters.redis, call_queues(directory.all()))
    depths = {name: patient.services.outbox.depth(name) for name in directory.ids()}
    for name, kind, counts, advice in (
        ("queues", "queue", lengths, "Start more workers."),
        ("outboxes", "tenant", depths, "Is the broker up, and is `python -m workers.events` running?"),
    ):
        length, place = max(((count, place) for place, count in counts.items()), default=(0, ""))
        if length > LONG_QUEUE:
            yield Finding(name, Level.WARNING, f"{length} wait at the {kind} {place}.", advice)
        else:
            yield Finding(name, Level.OK, f"At most {length} wait at any {kind}.")


def permissions(patient: Patient) -> Iterator[Finding]:
    """Our own folders: writable by us, and secrets readable by nobody else."""
    for name, folder in (
        ("VAR_DIR", patient.settings.var_dir),
        ("FILES_DIR", patient.settings.files.directory),
    ):
        present = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        if not os.access(present, os.W_OK):
            yield Finding(
                name, Level.FAILED, f"{present} cannot be written to.", "Give this user the right to."
            )
        else:
            yield Finding(name, Level.OK, "Writable.")
    secrets = patient.settings.var_dir / FILE_NAME
    if secrets.exists() and stat.S_IMODE(secrets.stat().st_mode) & 0o077:
        yield Finding("secrets", Level.FAILED, "Others may read them.", f"chmod 600 {secrets}")


def tenants(patient: Patient) -> Iterator[Finding]:
    """Somebody should live here."""
    directory = patient.services.tenants.directory
    directory.refresh()
    ids = directory.ids()
    if not ids:
        advice = "Make one; how: python -m app.cli tenants onboard --help"
        yield Finding("tenants", Level.WARNING, "There is none.", advice)
    else:
        yield Finding("tenants", Level.OK, f"{len(ids)}.")


CHECKS: tuple[Callable[[Patient], Iterator[Finding]], ...] = (
    servers,
    redis_eviction,
    indexes,
    clock,
    certificates,
    processes,
    queues,
    permissions,
    tenants,
)


def examine(patient: Patient) -> Iterator[Finding]:
    """Every check; one that cannot be made is a finding of its own."""
    for check in CHECKS:
        try:
            yield from check(patient)
        except Exception as failure:  # the edge: whatever a server does, the other checks are made
            name = check.__name__.replace("_", " ")
            yield Finding(name, Level.FAILED, f"Could not be looked at: {_first_line(failure)}")


def _first_line(failure: Exception) -> str:
    return (str(failure).splitlines() or [type(failure).__name__])[0][:200]
