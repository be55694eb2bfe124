"""What limits charging where nobody set a profile: a tenant's `charging_defaults`, for a charge point.

The charge point keeps it, so that it holds without us, too.
"""

from collections.abc import Mapping
from typing import Any

from app.domain.charging_profile import Criteria, Kind, Purpose, as_fields, profile_of
from app.domain.context import ChargePointRef
from app.domain.tenant_configuration import ChargingDefaults
from app.services.keepers import Keepers

_WHOLE_CHARGE_POINT = 0


def missing_default(
    ref: ChargePointRef, defaults: ChargingDefaults, keepers: Keepers
) -> dict[str, Any] | None:
    """Parameters of the SetChargingProfile that the charge point lacks; None if there is nothing to send.

    Raises NotFound (no such template).
    """
    parameters: dict[str, Any]
    if defaults.profile_template:
        template = keepers.profile_templates.get(ref.tenant_id, defaults.profile_template)
        wanted, parameters = template.profile, {"template": template.name}
    elif defaults.limit:
        wanted = _limit(defaults)
        parameters = {"cs_charging_profiles": wanted}
    else:
        return None
    if _is_installed(ref, wanted, keepers):
        return None
    return {"connector_id": _WHOLE_CHARGE_POINT, **parameters}


def _limit(defaults: ChargingDefaults) -> dict[str, Any]:
    """For every transaction, from its beginning to its end (OCPP 1.6 3.13.1)."""
    periods = [{"start_period": 0, "limit": defaults.limit}]
    return {
        "stack_level": 0,
        "charging_profile_purpose": Purpose.TX_DEFAULT.value,
        "charging_profile_kind": Kind.RELATIVE.value,
        "charging_schedule": {
            "charging_rate_unit": defaults.unit,
            "charging_schedule_period": periods,
        },
    }


def _is_installed(ref: ChargePointRef, wanted: Mapping[str, Any], keepers: Keepers) -> bool:
    looked_for = profile_of({**wanted, "charging_profile_id": 0})
    return any(
        profile_of(as_fields(one.profile) | {"charging_profile_id": 0}) == looked_for
        for one in keepers.charging_profiles.installed(ref, Criteria(connector_id=_WHOLE_CHARGE_POINT))
    )
