"""Charge points as documents, and back."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from app.domain.charge_point import (
    ChargePoint,
    ChargePointSecurity,
    ChargePointSettings,
    Connection,
    Connector,
    ConnectorRating,
    Registration,
)
from app.domain.reconciliation import FREE, Signs
from app.storage.mongo import Document, members_of


def connector_document(connector: Connector) -> Document:
    """As stored in a charge point's `connectors`."""
    return {name: value for name, value in asdict(connector).items() if value is not None}


def new_document(charge_point: ChargePoint) -> Document:
    """Of one that is made known; connections and boots add the rest."""
    return {
        "_id": charge_point.id,
        "id_key": charge_point.id.casefold(),
        "tenant_id": charge_point.tenant_id,
        "registration": charge_point.registration,
        "connectors": [],
        "connection": None,
        "epoch": 0,
        "configuration": charge_point.configuration,
        "created_at": charge_point.created_at,
        "admission": charge_point.admission.value,
        "settings": asdict(charge_point.settings),
        "security": asdict(charge_point.security),
    }


def _settings_of(document: Document) -> ChargePointSettings:
    """Older ones say by `ping: false` that the charge point cannot stand pings."""
    settings = dict(document.get("settings", {}))
    if not settings.pop("ping", True):
        settings.setdefault("ping_interval_s", 0)
    return ChargePointSettings(**members_of(ChargePointSettings, settings))


def charge_point_of(document: Document) -> ChargePoint:
    """The charge point a document describes."""
    registration = document.get("registration")
    return ChargePoint(
        tenant_id=document["tenant_id"],
        id=document["_id"],
        registration=Registration(registration) if registration else None,
        connectors=tuple(Connector(**members_of(Connector, one)) for one in document.get("connectors", ())),
        connection=connection_of(document),
        inventory=document.get("inventory", {}),
        configuration=document.get("configuration", {}),
        last_seen=document.get("last_seen"),
        last_boot=document.get("last_boot"),
        created_at=document.get("created_at"),
        status_fence=document.get("status_fence", 0),
        boot_fence=document.get("boot_fence", 0),
        admission=Registration(document.get("admission", Registration.ACCEPTED)),
        settings=_settings_of(document),
        security=ChargePointSecurity(**members_of(ChargePointSecurity, document.get("security", {}))),
        wanted_availability={int(n): kind for n, kind in document.get("wanted_availability", {}).items()},
        ratings={int(n): _rating_of(rating) for n, rating in document.get("ratings", {}).items()},
        has_reservations=document.get("has_reservations", False),
        has_profiles=document.get("has_profiles", False),
        revision=document.get("revision", 0),
    )


def _rating_of(document: Document) -> ConnectorRating:
    return ConnectorRating(**members_of(ConnectorRating, document))


def signs_of_document(document: Document) -> Signs:
    """What it shows of its life: of a document that holds that much."""
    connection = document.get("connection")
    free = {
        connector["id"]: connector["last_update"]
        for connector in document.get("connectors", ())
        if connector["status"] == FREE
    }
    is_live = connection is not None and not connection["silent"]
    return Signs(is_live, document.get("last_seen"), free)


def connection_of(document: Document) -> Connection | None:
    """The open one."""
    stored = document.get("connection")
    if not stored:
        return None
    return Connection(
        stored["gateway_id"],
        stored["connection_id"],
        document["epoch"],
        stored["opened_at"],
        stored["silent"],
    )


def changes_of(changes: Mapping[str, Any]) -> Document:
    """Fields of the domain as stored; those of a nested value one by one, so that two do not clash."""
    stored: Document = {}
    for name, value in changes.items():
        if name in ("settings", "security", "wanted_availability"):
            stored |= {f"{name}.{inner}": given for inner, given in value.items()}
        elif name == "ratings":
            stored |= {f"{name}.{number}": asdict(rating) for number, rating in value.items()}
        else:
            stored[name] = value.value if isinstance(value, Registration) else value
    return stored
