"""API keys over HTTP: how machines come in. A secret is shown when it is made, and never again."""

from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

from flask import url_for

from app.api.blueprint import Blueprint, problems
from app.api.caller import current_caller
from app.api.current import services
from app.api.paging import page_request
from app.api.permissions import requires
from app.api.schemas.api_key import (
    ApiKeyPageSchema,
    ApiKeyQuery,
    ApiKeySchema,
    ApiKeyWithSecretSchema,
    NewApiKeySchema,
)
from app.api.tenancy import current_owner
from app.domain.api_key import ApiKey, check_within
from app.domain.permissions import Permission, permissions_of
from app.domain.user import Role
from app.services.ports import Page

api_keys = Blueprint(
    "api_keys", __name__, url_prefix="/api/v1/api-keys", description="Keys for machines that use this API."
)


@api_keys.get("")
@requires(Permission.API_KEYS_READ, or_platform=True)
@api_keys.query(ApiKeyQuery)
@api_keys.answers(200, ApiKeyPageSchema, "A page of keys.")
@problems(404, 422)
def list_api_keys(query: dict[str, Any]) -> Page[ApiKey]:
    """List API keys

    Newest first, without their secrets. A platform admin who names no tenant sees the platform's own.
    """
    return services().api_keys.list_page(current_owner(), page_request(query))


@api_keys.post("")
@requires(Permission.API_KEYS_MANAGE, or_platform=True)
@api_keys.body(NewApiKeySchema)
@api_keys.answers(201, ApiKeyWithSecretSchema, "The key with its text; its address is in Location.")
@problems(400, 404, 415, 422)
def create_api_key(body: dict[str, Any]) -> tuple[SimpleNamespace, int, dict[str, str]]:
    """Create an API key

    Its text is shown in this answer only. A key may do what its role may, or only its `scopes`; nobody makes
    one that may do more than they may themselves.
    """
    owner, caller, role = current_owner(), current_caller(), Role(body["role"])
    scopes = None if body["scopes"] is None else frozenset(Permission(scope) for scope in body["scopes"])
    check_within(permissions_of(role) if scopes is None else scopes, caller.permissions)
    key, secret = services().api_keys.create(
        owner, body["name"], role, scopes, body["expires_at"], created_by=caller.user_id
    )
    return _shown(key, secret), 201, {"Location": url_for("api_keys.get_api_key", api_key_id=key.id)}


@api_keys.get("/<api_key_id>")
@requires(Permission.API_KEYS_READ, or_platform=True)
@api_keys.answers(200, ApiKeySchema, "The key, without its secret.")
@problems(404)
def get_api_key(api_key_id: str) -> ApiKey:
    """Show an API key

    With when it was used last.
    """
    return services().api_keys.get(current_owner(), api_key_id)


@api_keys.post("/<api_key_id>/rotate")
@requires(Permission.API_KEYS_MANAGE, or_platform=True)
@api_keys.answers(200, ApiKeyWithSecretSchema, "The key with its new text.")
@problems(404)
def rotate_api_key(api_key_id: str) -> SimpleNamespace:
    """Rotate an API key

    Gives it another secret, shown in this answer only. The old one is refused from now on.
    """
    owner = current_owner()
    key = services().api_keys.get(owner, api_key_id)
    known = permissions_of(key.role)
    check_within(known if key.scopes is None else key.scopes, current_caller().permissions)
    return _shown(*services().api_keys.rotate(owner, api_key_id))


@api_keys.delete("/<api_key_id>")
@requires(Permission.API_KEYS_MANAGE, or_platform=True)
@api_keys.response(204, description="It is refused from now on.")
@problems(404)
def revoke_api_key(api_key_id: str) -> None:
    """Revoke an API key

    It is refused from the next request on, everywhere.
    """
    services().api_keys.revoke(current_owner(), api_key_id)


def _shown(key: ApiKey, secret: str) -> SimpleNamespace:
    return SimpleNamespace(**asdict(key), api_key=secret)
