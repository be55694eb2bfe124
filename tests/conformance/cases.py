"""The cases that the conformance suite has to hold, and how a test names the one it shows.

`test_tc_023_3_authorize_blocked` shows certification case TC_023_3, `test_vector_04_unknown_actions` wire
vector 4, `test_quirk_11_numbers_for_strings` quirk 11. A case may have several tests.
"""

import re
from dataclasses import dataclass

_NAME = re.compile(r"test_(?:tc_(\d{3}(?:_\d)?)|vector_(\d\d)|quirk_(\d\d))_[a-z]")


@dataclass(frozen=True, slots=True)
class Case:
    """`id` as the table shows it: TC_023_3, H04, G11."""

    id: str
    title: str


CERTIFICATION = (
    Case("TC_001", "Cold Boot"),
    Case("TC_003", "Charging, plug-in first"),
    Case("TC_004_1", "Charging, identification first"),
    Case("TC_004_2", "Identification first, ConnectionTimeOut"),
    Case("TC_005_1", "EV-side disconnect"),
    Case("TC_007", "Cached id"),
    Case("TC_061", "Clear cache"),
    Case("TC_010", "Remote start, cable first"),
    Case("TC_011_1", "Remote start first"),
    Case("TC_011_2", "Remote start time-out"),
    Case("TC_012", "Remote stop"),
    Case("TC_013", "Hard reset"),
    Case("TC_014", "Soft reset"),
    Case("TC_017_1", "Unlock, no session (no fixed cable)"),
    Case("TC_017_2", "Unlock, fixed cable"),
    Case("TC_018_1", "Unlock with session"),
    Case("TC_019_1", "Retrieve all keys"),
    Case("TC_019_2", "Retrieve one key"),
    Case("TC_021", "Change configuration"),
    Case("TC_023_1", "Authorize invalid"),
    Case("TC_023_2", "Authorize expired"),
    Case("TC_023_3", "Authorize blocked"),
    Case("TC_024", "Lock failure"),
    Case("TC_026", "Remote start rejected"),
    Case("TC_028", "Remote stop rejected"),
    Case("TC_030", "Unlock failure"),
    Case("TC_031", "Unlock unknown connector"),
    Case("TC_032_1", "Power failure, stops transactions"),
    Case("TC_037_1", "Offline start, valid tag"),
    Case("TC_037_3", "Offline start, invalid tag"),
    Case("TC_039", "Offline transaction"),
    Case("TC_040_1", "Config key unknown"),
    Case("TC_040_2", "Config value invalid"),
    Case("TC_042_1", "Local list version, unsupported"),
    Case("TC_042_2", "Local list version, empty"),
    Case("TC_043_1", "Send list NotSupported"),
    Case("TC_043_3", "Send list Failed"),
    Case("TC_043_4", "Send list Full"),
    Case("TC_043_5", "Send list Differential"),
    Case("TC_044_1", "Firmware update"),
    Case("TC_044_2", "Download failed"),
    Case("TC_044_3", "Installation failed"),
    Case("TC_045_1", "Get diagnostics"),
    Case("TC_045_2", "Diagnostics upload failed"),
    Case("TC_046", "Reserve connector, transaction"),
    Case("TC_047", "Reservation expires"),
    Case("TC_048_1", "Reserve: Faulted"),
    Case("TC_048_2", "Reserve: Occupied"),
    Case("TC_048_3", "Reserve: Unavailable"),
    Case("TC_048_4", "Reserve: Rejected"),
    Case("TC_049", "Reserve charge point"),
    Case("TC_051", "Cancel reservation"),
    Case("TC_052", "Cancel rejected"),
    Case("TC_053", "Reserved connector, parentIdTag"),
    Case("TC_054", "Trigger message"),
    Case("TC_055", "Trigger rejected"),
    Case("TC_056", "TxDefaultProfile"),
    Case("TC_057", "TxProfile"),
    Case("TC_066", "Composite schedule"),
    Case("TC_067", "Clear profile"),
    Case("TC_059", "Remote start with profile"),
    Case("TC_064", "DataTransfer to CSMS"),
    Case("TC_073", "Change Basic password"),
    Case("TC_074", "Renew CP certificate"),
    Case("TC_075_1", "Install manufacturer root"),
    Case("TC_075_2", "Install CSMS root"),
    Case("TC_076", "Delete certificate"),
    Case("TC_077", "Invalid CP certificate event"),
    Case("TC_078", "Invalid CSMS certificate event"),
    Case("TC_079", "Get security log"),
    Case("TC_080", "Secure firmware update"),
    Case("TC_081", "Secure firmware, bad signature"),
    Case("TC_083", "Upgrade security profile"),
    Case("TC_085", "Basic auth valid"),
    Case("TC_086", "TLS server certificate"),
    Case("TC_087", "TLS client certificate"),
    Case("TC_088", "Subprotocol negotiation"),
)
"""Test cases of the Open Charge Alliance in which the system under test is a central system."""

VECTORS = (
    Case("H01", "Heartbeat with an empty payload and with null"),
    Case("H02", "BootNotification is answered with exactly three members"),
    Case("H03", "Before a boot SecurityError, after acceptance no boot is needed"),
    Case("H04", "Unknown action NotImplemented, known but not ours NotSupported"),
    Case("H05", "Missing member, wrong type and unknown word have their codes"),
    Case("H06", "What is no Call gets no answer and disturbs nothing"),
    Case("H07", "Wrong number of elements, id of 37 characters"),
    Case("H08", "Unknown id tag: Invalid and a transaction id; the same again, the same answer"),
    Case("H09", "Stops of unknown and stopped transactions are answered; no reason is Local"),
    Case("H10", "Meter values are always answered with nothing"),
    Case("H11", "One Call under way at a time; calls that cross it are answered"),
    Case("H12", "Pending: no remote start, but configuration"),
    Case("H13", "One fractional digit is exact, two are refused"),
    Case("H14", "DataTransfer of an unknown vendor"),
    Case("H15", "Basic authorization: bytes, 401, 404"),
)
"""Wire vectors."""

QUIRKS = (
    Case("G01", "No `Sec-WebSocket-Protocol` at all"),
    Case("G02", "Broken upgrade: no `Connection: Upgrade`, or absolute URL in request line"),
    Case("G03", "Double/trailing slash, extra path parts"),
    Case("G04", "Password sent as hex text instead of bytes, >20 chars, or empty"),
    Case("G05", "No Pong / chokes on server Ping"),
    Case("G06", "New socket while old half-open"),
    Case("G07", "Heartbeat as slow as server idle limit -> disconnect loop"),
    Case("G08", "CALL arriving before BootNotification is handled -> boot loop"),
    Case("G09", "BootNotification at every reconnect, or none for months"),
    Case("G10", "Serial/model/config strings over length"),
    Case("G11", "Numbers/booleans for strings: SampledValue.value, transactionId as text"),
    Case("G12", "Empty or non-numeric `value`"),
    Case("G13", 'Unknown enum: errorCode "Error", unit "Hz", "Celcius"'),
    Case("G14", "Timestamp without zone; local time marked Z"),
    Case("G15", "1970 timestamps before clock sync"),
    Case("G16", "`reservationId` 0 or -1 without reservation"),
    Case("G17", "`transactionId` -1/0 in Stop/MeterValues"),
    Case("G18", "Same StartTransaction again, same or new id"),
    Case("G19", "StopTransaction of a transaction the CSMS never saw (free mode)"),
    Case("G20", "Final MeterValues after StopTransaction"),
    Case("G21", "Energy register restarts each session"),
    Case("G22", "idTag with trailing control bytes, >20 chars, colons"),
    Case("G23", "`null` payload, empty text frames"),
    Case("G24", "Extra fields (e.g. connectorId in Authorize)"),
    Case("G25", "GetConfiguration({}) unanswered or max 4 keys; filter ignored"),
    Case("G26", "Config value number/bool, readonly 0/1, >500 chars, other case"),
    Case("G27", "MeterValuesSampledData: accepts all then reboots, or rejects lists"),
    Case("G28", 'SetChargingProfile: max or 0 stackLevel refused, limit 0/<6 A refused, unit list says "W"'),
    Case("G29", "Connector 0 refused in Trigger/ChangeAvailability; junk fields in Rejected replies"),
    Case("G30", "Compressed frames/reserved bits despite no negotiation"),
)
"""What charge points in the field do, and are forgiven."""

CASES = {case.id: case for case in (*CERTIFICATION, *VECTORS, *QUIRKS)}


def case_of(test_name: str) -> Case | None:
    """The case that a test of this name shows; None if it names none. KeyError if there is no such case."""
    found = _NAME.match(test_name)
    if found is None:
        return None
    certification, vector, quirk = found.groups()
    return CASES[f"TC_{certification}" if certification else f"H{vector}" if vector else f"G{quirk}"]
