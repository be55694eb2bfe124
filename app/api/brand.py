"""A tenant's brand, for the apps and pages of its customers, who have no account here."""

from typing import Any

from flask import request

from app.api.auth import identify
from app.api.blueprint import Blueprint, problems
from app.api.current import services
from app.api.schemas.brand import BrandQuery, BrandSchema
from app.api.throttle import limited_by_address
from app.domain.tenant_configuration import Brand
from app.services.tenants import is_served

brand = Blueprint("brand", __name__, url_prefix="/api/v1/brand", description="How a tenant shows itself.")


@brand.get("")
@limited_by_address
@brand.query(BrandQuery)
@brand.answers(200, BrandSchema, "The brand; null is not given.")
@problems(401, 422, 503)
def get_brand(query: dict[str, Any]) -> Brand:
    """Show a brand

    Of the tenant that is named, else of the caller's own; it takes no token. A tenant without a brand and one
    that does not exist are answered alike. It is changed with the configuration, as `brand`.
    """
    tenant_id = query["tenant"]
    if tenant_id is None and "Authorization" in request.headers:
        tenant_id = identify().tenant_id
    tenant = services().tenants.directory.find(tenant_id or "")
    return tenant.configuration.brand if tenant is not None and is_served(tenant) else Brand()
