"""Who is speaking, and when: what every rule may want to know about a call besides its payload."""

from dataclasses import dataclass
from datetime import datetime

_SEQUENCE_BITS = 32


@dataclass(frozen=True, slots=True)
class ChargePointRef:
    """A charge point of a tenant. Identities are unique only inside their tenant."""

    tenant_id: str
    charge_point_id: str


@dataclass(frozen=True, slots=True)
class CallContext:
    """Circumstances of one incoming Call.

    `epoch` counts the charge point's connections, `sequence` the calls on one connection; together
    they order everything a charge point ever said, whatever redelivery or fallback does to it.
    """

    charge_point: ChargePointRef
    connection_id: str
    epoch: int
    sequence: int
    unique_id: str
    received_at: datetime

    @property
    def fence(self) -> int:
        """(epoch, sequence) as one integer: a state write is conditional on it being newer."""
        return fence_of(self.epoch, self.sequence)


def fence_of(epoch: int, sequence: int) -> int:
    """Order key of a call: a later connection beats every call of an earlier one."""
    return (epoch << _SEQUENCE_BITS) | sequence
