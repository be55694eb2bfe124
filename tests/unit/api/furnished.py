"""A world with one of everything in it, for tests that go through all routes."""

import os
from dataclasses import replace
from itertools import count
from unittest import mock

from flask import Flask

from app.api.current import EXTENSION, equip
from app.api.waiting import Waiting
from app.domain.certificate import CertificateState
from app.domain.context import ChargePointRef
from app.domain.user import Role
from app.ocpp.catalog import load_catalog
from app.services.batch import Exchange
from app.settings import Settings
from tests.builders import NOON, a_command, a_dead_letter, a_reservation, a_session, an_installed_profile
from tests.fakes.world import World, fake_world
from tests.unit.api.calls import PASSWORD, SECRET, Api
from tests.unit.services.certificates import put_own

REF = ChargePointRef("acme", "CP-1")
TENANT = REF.tenant_id
ADMIN = "root@platform.example"
CATALOG = load_catalog()
with mock.patch.dict(os.environ, {"JWT_SECRET_KEY": SECRET}):
    SETTINGS = Settings.from_env()
KNOWN = {
    "certificate_id": "cert-0",
    "charge_point_id": REF.charge_point_id,
    "command_id": "cmd-1",
    "dead_letter_id": "dead-1",
    "id_tag": "TAG-1",
    "message_id": f"{0:024x}",
    "reservation_id": "r-1",
    "session_id": "session-1",
    "tenant_id": TENANT,
}
"""Path parameters that lead to something."""


def furnished_world() -> World:
    """One tenant with one of each, and a platform admin who may do everything."""
    world = fake_world(CATALOG)
    services = world.services
    services.tenants.create(TENANT, "Acme", ["ACME-"])
    services.users.create(ADMIN, PASSWORD, Role.PLATFORM_ADMIN, None)
    world.add_charge_point(TENANT, REF.charge_point_id)
    services.charge_points.open_connection(REF, "gw-1", "c-1")
    for id_tag in (KNOWN["id_tag"], "04E1A7B2"):
        services.id_tags.create(TENANT, id_tag, {})
    world.sessions.insert(a_session(1), [], 1)
    world.commands.insert(a_command(), [], 1)
    world.reservations.insert(a_reservation())
    world.dead_letters.park(TENANT, [a_dead_letter()])
    services.keepers.charging_profiles.note_installed(an_installed_profile())
    put_own(world, "1a", CertificateState.IN_USE, pem="-----BEGIN CERTIFICATE-----")
    call = Exchange(REF, "in", "Heartbeat", "u-1", NOON, '[2,"u-1","Heartbeat",{}]', '[3,"u-1",{}]')
    world.batches.exchanges.append(call)
    return world


def impatient() -> Waiting:
    """Whoever waits for a charge point has waited long enough at the second look."""
    moments = count(0, 1e6)
    return Waiting(1, sleep=lambda _: None, monotonic=lambda: next(moments))


def furnish(app: Flask) -> Api:
    """Give the app a new world, with one of everything; answers its platform admin, logged in."""
    equip(app, replace(app.extensions[EXTENSION], services=furnished_world().services, waiting=impatient()))
    client = app.test_client()
    login = client.post("/api/v1/auth/login", json={"email": ADMIN, "password": PASSWORD})
    return Api(client, login.get_json()["access_token"])
