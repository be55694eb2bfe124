"""Deviations of charge points from the standard, over HTTP."""

from app.api.blueprint import Blueprint
from app.api.current import services
from app.api.permissions import requires
from app.api.schemas.deviation import DeviationsSchema
from app.api.tenancy import known_charge_point_ref
from app.domain.permissions import Permission
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
    return services().deviations.find(known_charge_point_ref(charge_point_id))


@deviations.delete("")
@requires(Permission.CHARGE_POINTS_CONFIGURE)
@deviations.response(204, description="Counting begins anew.")
def clear_deviations(charge_point_id: str) -> None:
    """Begin to count a charge point's deviations anew

    After its firmware was updated, for instance.
    """
    services().deviations.clear(known_charge_point_ref(charge_point_id))
