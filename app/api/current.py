"""What a view works with: the services and settings of the app that serves this request."""

from dataclasses import dataclass
from threading import BoundedSemaphore

from flask import Flask, current_app

from app.api.waiting import Waiting
from app.services import Services
from app.settings import Settings

_EXTENSION = "ocpp-server"


@dataclass(frozen=True, slots=True)
class Equipment:
    """Given to `create_app`, used by views. `transfers` are places for charge points that move files."""

    services: Services
    settings: Settings
    waiting: Waiting
    transfers: BoundedSemaphore


def equip(app: Flask, equipment: Equipment) -> None:
    """Put the equipment where views find it."""
    app.extensions[_EXTENSION] = equipment


def equipment() -> Equipment:
    """The running app's equipment."""
    found: Equipment = current_app.extensions[_EXTENSION]
    return found


def services() -> Services:
    """The use cases."""
    return equipment().services


def settings() -> Settings:
    """The settings."""
    return equipment().settings
