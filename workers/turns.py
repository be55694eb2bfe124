"""Which tenants a sweep visits this time: all of them, or with very many a part, and the next part next time.

So what sweeps ask of MongoDB does not grow with the number of tenants; with more than `TENANTS_PER_S` times
the sweep's interval each waits longer for its turn instead.
"""

import math
from collections.abc import Sequence

from app.domain.tenant import Tenant

TENANTS_PER_S = 20


def tenants_of_turn(tenants: Sequence[Tenant], every_s: float, turn: int) -> Sequence[Tenant]:
    """Those of this turn of a sweep that runs every `every_s` seconds; as many turns as needed see all."""
    turns = max(1, math.ceil(len(tenants) / (TENANTS_PER_S * every_s)))
    return tenants[turn % turns :: turns]
