"""What a view works with: the services and settings of the app that serves this request."""

from dataclasses import dataclass, field
from threading import BoundedSemaphore

from flask import Flask, current_app

from app.api.issuer import ExternalIssuer
from app.api.waiting import Waiting
from app.services import Services
from app.settings import Settings

EXTENSION = "ocpp-server"


@dataclass(frozen=True, slots=True)
class Equipment:
    """Given to `create_app`, used by views.

    `transfers` are places for charge points that move files, `streams` for readers of live events.
    """

    services: Services
    settings: Settings
    waiting: Waiting
    transfers: BoundedSemaphore
    streams: BoundedSemaphore = field(default_factory=BoundedSemaphore)
    issuer: ExternalIssuer | None = None


def equip(app: Flask, equipment: Equipment) -> None:
    """Put the equipment where views find it."""
    app.extensions[EXTENSION] = equipment


def equipment() -> Equipment:
    """The running app's equipment."""
    found: Equipment = current_app.extensions[EXTENSION]
    return found


def services() -> Services:
    """The use cases."""
    return equipment().services


def settings() -> Settings:
    """The settings."""
    return equipment().settings
