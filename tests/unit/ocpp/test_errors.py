"""CallError codes: the spelling of OCPP-J 1.6, typos kept (A.4)."""

import pickle

from app.ocpp.errors import ErrorCode, OcppError


def test_the_codes_are_those_of_table_7_letter_by_letter() -> None:
    assert {code.value for code in ErrorCode} == {
        "NotImplemented",
        "NotSupported",
        "InternalError",
        "ProtocolError",
        "SecurityError",
        "FormationViolation",
        "PropertyConstraintViolation",
        "OccurenceConstraintViolation",
        "TypeConstraintViolation",
        "GenericError",
    }


def test_an_ocpp_error_survives_pickling_with_its_code() -> None:
    again = pickle.loads(pickle.dumps(OcppError("no", error_code=ErrorCode.SECURITY_ERROR)))
    assert isinstance(again, OcppError)
    assert (again.message, again.error_code) == ("no", ErrorCode.SECURITY_ERROR)
    assert again.error_code is ErrorCode.SECURITY_ERROR
