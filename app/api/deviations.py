"""Deviations of charge points from the standard, over HTTP."""

from app.api.blueprint import Blueprint
from app.api.current import services
from app.api.permissions import Permission, requires
from app.api.schemas.deviation import DeviationsSchema
from app.api.tenancy import current_tenant
from app.domain.context import ChargePointRef
from app.services.deviations import Deviations

deviations = Blueprint(
    "deviations",
    __name__,
    url_prefix="/api/v1/chargepoints/<charge_point_id>/deviations",
    description="What charge points are forgiven.",
)


@deviations.get("")
@requires(Permission.CHARGE_POINTS_READ)
@deviations.answers(200, DeviationsSchema, "The counts.")
def get_deviations(charge_point_id: str) -> Deviations:
    """Show what a charge point was forgiven

    How often it broke the standard in each of the known ways since the counting began.
    """
    return services().deviations.find(_known(charge_point_id))


@deviations.delete("")
@requires(Permission.CHARGE_POINTS_CONFIGURE)
@deviations.answers(204, DeviationsSchema, "Counting begins anew.")
def clear_deviations(charge_point_id: str) -> None:
    """Begin to count a charge point's deviations anew

    After its firmware was updated, for instance.
    """
    services().deviations.clear(_known(charge_point_id))


def _known(charge_point_id: str) -> ChargePointRef:
    """Raises NotFound."""
    ref = ChargePointRef(current_tenant().id, charge_point_id)
    services().charge_points.get(ref)
    return ref
