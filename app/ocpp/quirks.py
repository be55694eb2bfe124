"""Breaches of the standard that are forgiven: what each is called where it is counted (section G).

They are counted for each charge point and shown over REST. The number in a comment is the quirk of section G.
"""

from enum import StrEnum


class Quirk(StrEnum):
    """Names are part of the REST interface: never change one."""

    MISSING_SUBPROTOCOL = "missing_subprotocol"  # 1
    PATH_NOT_NORMAL = "path_not_normal"  # 2, 3
    KEY_AS_HEX_TEXT = "key_as_hex_text"  # 4
    IDENTITY_IN_OTHER_CASE = "identity_in_other_case"  # A4
    TEXT_TOO_LONG = "text_too_long"  # 10
    WRONG_TYPE = "wrong_type"  # 11
    UNREADABLE_VALUE = "unreadable_value"  # 12
    UNKNOWN_WORD = "unknown_word"  # 13
    TIME_WITHOUT_ZONE = "time_without_zone"  # 14
    UNREADABLE_TIME = "unreadable_time"  # 14
    IMPLAUSIBLE_TIME = "implausible_time"  # 15
    NO_RESERVATION = "no_reservation"  # 16
    NO_TRANSACTION = "no_transaction"  # 17
    REPEATED_CALL = "repeated_call"  # 18
    UNKNOWN_TRANSACTION = "unknown_transaction"  # 19
    ID_TAG_NOT_CLEAN = "id_tag_not_clean"  # 22
    NULL_PAYLOAD = "null_payload"  # 23
    EMPTY_FRAME = "empty_frame"  # 23
    UNKNOWN_MEMBER = "unknown_member"  # 24
    MISSING_MEMBER = "missing_member"
    EMPTY_LIST = "empty_list"
    LIST_TOO_LONG = "list_too_long"
    INVALID_READING = "invalid_reading"
    STRAY_FRAME = "stray_frame"
