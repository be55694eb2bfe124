"""Where a connection's calls, reports and oddities go."""

from typing import TYPE_CHECKING, Protocol

from app.ocpp.envelope import CommandReport, InboundCall, StrayFrame

if TYPE_CHECKING:
    from gateway.connection import ChargePointConnection


class Uplink(Protocol):
    """Takes them at once; an answer to a call comes by the connection's `answer` or `fail`."""

    def submit(self, connection: "ChargePointConnection", call: InboundCall) -> None: ...

    def report(self, tenant_id: str, report: CommandReport) -> None: ...

    def stray(self, tenant_id: str, frame: StrayFrame) -> None: ...
