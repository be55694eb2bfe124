"""CallError codes with the spelling of OCPP-J 1.6 table 7, typos included (JE 5.1)."""

from enum import StrEnum

from app.domain.errors import AppError


class ErrorCode(StrEnum):
    """Why a Call could not be processed."""

    NOT_IMPLEMENTED = "NotImplemented"
    NOT_SUPPORTED = "NotSupported"
    INTERNAL_ERROR = "InternalError"
    PROTOCOL_ERROR = "ProtocolError"
    SECURITY_ERROR = "SecurityError"
    FORMATION_VIOLATION = "FormationViolation"
    PROPERTY_CONSTRAINT_VIOLATION = "PropertyConstraintViolation"
    OCCURENCE_CONSTRAINT_VIOLATION = "OccurenceConstraintViolation"
    TYPE_CONSTRAINT_VIOLATION = "TypeConstraintViolation"
    GENERIC_ERROR = "GenericError"


class OcppError(AppError):
    """A Call that is answered with a CallError."""

    code = "ocpp_error"

    def __init__(self, message: str, *, error_code: ErrorCode) -> None:
        super().__init__(message, error_code=error_code)
        self.error_code = error_code
