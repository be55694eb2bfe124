"""The standard's configuration keys: what to ask for by name, and what their values look like (C38-C40)."""

CORE = (
    "AuthorizeRemoteTxRequests",
    "ClockAlignedDataInterval",
    "ConnectionTimeOut",
    "ConnectorPhaseRotation",
    "GetConfigurationMaxKeys",
    "HeartbeatInterval",
    "LocalAuthorizeOffline",
    "LocalPreAuthorize",
    "MeterValuesAlignedData",
    "MeterValuesSampledData",
    "MeterValueSampleInterval",
    "NumberOfConnectors",
    "ResetRetries",
    "StopTransactionOnEVSideDisconnect",
    "StopTransactionOnInvalidId",
    "StopTxnAlignedData",
    "StopTxnSampledData",
    "SupportedFeatureProfiles",
    "TransactionMessageAttempts",
    "TransactionMessageRetryInterval",
    "UnlockConnectorOnEVSideDisconnect",
)
OPTIONAL = (
    "AllowOfflineTxForUnknownId",
    "AuthorizationCacheEnabled",
    "BlinkRepeat",
    "ConnectorPhaseRotationMaxLength",
    "LightIntensity",
    "MaxEnergyOnInvalidId",
    "MessageTimeout",
    "MeterValuesAlignedDataMaxLength",
    "MeterValuesSampledDataMaxLength",
    "MinimumStatusDuration",
    "StopTransactionMaxMeterValues",
    "StopTxnAlignedDataMaxLength",
    "StopTxnSampledDataMaxLength",
    "SupportedFeatureProfilesMaxLength",
    "SupportedFileTransferProtocols",
    "WebSocketPingInterval",
)
PROFILES = (
    "LocalAuthListEnabled",
    "LocalAuthListMaxLength",
    "SendLocalListMaxLength",
    "ReserveConnectorZeroSupported",
    "ChargeProfileMaxStackLevel",
    "ChargingScheduleAllowedChargingRateUnit",
    "ChargingScheduleMaxPeriods",
    "ConnectorSwitch3to1PhaseSupported",
    "MaxChargingProfilesInstalled",
)
SECURITY = (
    "AdditionalRootCertificateCheck",
    "CertificateSignedMaxChainSize",
    "CertificateStoreMaxLength",
    "CpoName",
    "SecurityProfile",
)
STANDARD_KEYS = (*CORE, *OPTIONAL, *PROFILES, *SECURITY)
"""All that can be read; `AuthorizationKey` can only be written."""

AUTHORIZATION_KEY = "authorizationkey"
SECURITY_PROFILE = "securityprofile"
LISTS = frozenset(
    {
        "connectorphaserotation",
        "metervaluesaligneddata",
        "metervaluessampleddata",
        "stoptxnaligneddata",
        "stoptxnsampleddata",
        "supportedfeatureprofiles",
    }
)
"""Comma separated lists, in small letters; each may have a `<Key>MaxLength` beside it (C9)."""

WHOLE_NUMBERS = frozenset(
    {
        "blinkrepeat",
        "clockaligneddatainterval",
        "connectiontimeout",
        "heartbeatinterval",
        "lightintensity",
        "maxenergyoninvalidid",
        "messagetimeout",
        "metervaluesampleinterval",
        "minimumstatusduration",
        "resetretries",
        "transactionmessageattempts",
        "transactionmessageretryinterval",
        "websocketpinginterval",
    }
)
TRUE_OR_FALSE = frozenset(
    {
        "allowofflinetxforunknownid",
        "authorizationcacheenabled",
        "authorizeremotetxrequests",
        "localauthlistenabled",
        "localauthorizeoffline",
        "localpreauthorize",
        "stoptransactiononevsidedisconnect",
        "stoptransactiononinvalidid",
        "unlockconnectoronevsidedisconnect",
    }
)


def is_secret(key: str) -> bool:
    """Whether its value is for the charge point alone, however it spells the key (A01.FR.08)."""
    return key.strip().casefold() == AUTHORIZATION_KEY
