"""Composition root: the only place that picks adapters. Nothing connects before it is used."""

from app.bootstrap.adapters import Adapters, build_adapters
from app.bootstrap.health import build_counts, build_health_checks, say_if_behind, wait_for_stores
from app.bootstrap.services import build_services

__all__ = [
    "Adapters",
    "build_adapters",
    "build_counts",
    "build_health_checks",
    "build_services",
    "say_if_behind",
    "wait_for_stores",
]
