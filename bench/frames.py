"""The OCPP-J calls of the load generator, built as text: at this rate a JSON encoder would be the load."""

from datetime import UTC, datetime

METER_VALUES = "MeterValues"
HEARTBEAT = "Heartbeat"
STATUS = "StatusNotification"
START = "StartTransaction"
STOP = "StopTransaction"
BOOT = "BootNotification"

VOLTAGE = 230
CONNECTOR = 1


def now() -> str:
    """The current time as OCPP writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def boot(unique_id: int) -> str:
    """BootNotification."""
    return (
        f'[2,"{unique_id}","{BOOT}",{{"chargePointVendor":"Bench","chargePointModel":"Load-22kW",'
        f'"firmwareVersion":"1.0"}}]'
    )


def heartbeat(unique_id: int) -> str:
    """Heartbeat."""
    return f'[2,"{unique_id}","{HEARTBEAT}",{{}}]'


def status(unique_id: int, state: str) -> str:
    """StatusNotification of the connector."""
    return (
        f'[2,"{unique_id}","{STATUS}",{{"connectorId":{CONNECTOR},"errorCode":"NoError",'
        f'"status":"{state}","timestamp":"{now()}"}}]'
    )


def start(unique_id: int, id_tag: str, meter_wh: int) -> str:
    """StartTransaction."""
    return (
        f'[2,"{unique_id}","{START}",{{"connectorId":{CONNECTOR},"idTag":"{id_tag}",'
        f'"meterStart":{meter_wh},"timestamp":"{now()}"}}]'
    )


def stop(unique_id: int, transaction_id: int, meter_wh: int) -> str:
    """StopTransaction, reason Local."""
    return (
        f'[2,"{unique_id}","{STOP}",{{"transactionId":{transaction_id},"meterStop":{meter_wh},'
        f'"timestamp":"{now()}","reason":"Local"}}]'
    )


def meter_values(unique_id: int, transaction_id: int | None, register_wh: int, power_w: int) -> str:
    """MeterValues with energy register, power and current; without a transaction outside a session."""
    transaction = "" if transaction_id is None else f'"transactionId":{transaction_id},'
    return (
        f'[2,"{unique_id}","{METER_VALUES}",{{"connectorId":{CONNECTOR},{transaction}"meterValue":['
        f'{{"timestamp":"{now()}","sampledValue":['
        f'{{"value":"{register_wh}","context":"Sample.Periodic","measurand":"Energy.Active.Import.Register",'
        f'"unit":"Wh"}},'
        f'{{"value":"{power_w}","context":"Sample.Periodic","measurand":"Power.Active.Import","unit":"W"}},'
        f'{{"value":"{power_w / VOLTAGE:.1f}","context":"Sample.Periodic","measurand":"Current.Import",'
        f'"unit":"A"}}]}}]}}]'
    )
