"""MQTT accounts of a tenant's programs over HTTP. A password is shown when it is made, and never again."""

from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

from flask import url_for

from app.api.blueprint import Blueprint, problems
from app.api.caller import current_caller
from app.api.current import services
from app.api.permissions import requires
from app.api.schemas.mqtt import (
    MqttCredentialListSchema,
    MqttCredentialSchema,
    MqttCredentialWithPasswordSchema,
    NewMqttCredentialSchema,
)
from app.api.tenancy import current_tenant
from app.domain.api_key import check_within
from app.domain.mqtt_access import MqttCredential, MqttRole
from app.domain.permissions import MQTT_PERMISSIONS, Permission

mqtt_credentials = Blueprint(
    "mqtt_credentials",
    __name__,
    url_prefix="/api/v1/mqtt-credentials",
    description="Accounts at the MQTT broker.",
)


@mqtt_credentials.get("")
@requires(Permission.MQTT_READ)
@mqtt_credentials.answers(200, MqttCredentialListSchema, "All accounts.")
def list_mqtt_credentials() -> dict[str, Any]:
    """List MQTT accounts

    In order of name, without passwords; a tenant has 50 at most.
    """
    return {"items": services().mqtt_access.list(current_tenant().id)}


@mqtt_credentials.post("")
@requires(Permission.MQTT_MANAGE)
@mqtt_credentials.body(NewMqttCredentialSchema)
@mqtt_credentials.answers(201, MqttCredentialWithPasswordSchema, "The account; its address is in Location.")
@problems(400, 409, 415)
def create_mqtt_credential(body: dict[str, Any]) -> tuple[SimpleNamespace, int, dict[str, str]]:
    """Create an MQTT account

    It may read `ocpp/events/<tenant>/#`, `ocpp/status/<tenant>/#` and `ocpp/responses/<tenant>/#`, and as
    `integrator` write `ocpp/commands/<tenant>/#`. The password is shown in this answer only. Where the broker
    keeps no accounts this is a 409. Nobody makes one that may do more than they may themselves.
    """
    role = MqttRole(body["role"])
    _check_may_give(role)
    made, password = services().mqtt_access.create(
        current_tenant(), body["name"], role, created_by=current_caller().user_id
    )
    location = url_for("mqtt_credentials.get_mqtt_credential", credential_id=made.id)
    return _shown(made, password), 201, {"Location": location}


@mqtt_credentials.get("/<credential_id>")
@requires(Permission.MQTT_READ)
@mqtt_credentials.answers(200, MqttCredentialSchema, "The account, without its password.")
def get_mqtt_credential(credential_id: str) -> MqttCredential:
    """Show an MQTT account

    With its username and since when its password counts.
    """
    return services().mqtt_access.get(current_tenant().id, credential_id)


@mqtt_credentials.post("/<credential_id>/rotate")
@requires(Permission.MQTT_MANAGE)
@mqtt_credentials.answers(200, MqttCredentialWithPasswordSchema, "The account with its new password.")
def rotate_mqtt_credential(credential_id: str) -> SimpleNamespace:
    """Rotate an MQTT account

    Gives it another password, shown in this answer only. A Mosquitto disconnects whoever came with the old
    one.
    """
    tenant_id = current_tenant().id
    _check_may_give(services().mqtt_access.get(tenant_id, credential_id).role)
    return _shown(*services().mqtt_access.rotate(tenant_id, credential_id))


@mqtt_credentials.delete("/<credential_id>")
@requires(Permission.MQTT_MANAGE)
@mqtt_credentials.response(204, description="It is gone.")
def remove_mqtt_credential(credential_id: str) -> None:
    """Remove an MQTT account

    A Mosquitto disconnects whoever came with it.
    """
    services().mqtt_access.remove(current_tenant().id, credential_id)


def _check_may_give(role: MqttRole) -> None:
    """Raises NotPermitted."""
    given = MQTT_PERMISSIONS if role is MqttRole.INTEGRATOR else frozenset[Permission]()
    check_within(given | {Permission.EVENTS_READ}, current_caller().permissions)


def _shown(credential: MqttCredential, password: str) -> SimpleNamespace:
    return SimpleNamespace(**asdict(credential), username=credential.username, password=password)
