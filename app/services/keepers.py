"""What keeps a charge point's state that commands change. Commands tell it; nothing in here sends any."""

from dataclasses import dataclass

from app.services.configuration import ConfigurationService
from app.services.ports import ChargePointRepository


@dataclass(frozen=True, slots=True)
class Keepers:
    """Given to the files of `app.ocpp.v16.outbound`, which know what an answer means for which of them."""

    charge_points: ChargePointRepository
    configuration: ConfigurationService
