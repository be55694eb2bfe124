"""The one kind of WebSocket frame that nearly all are, read and written without ceremony (RFC 6455, 5.2).

A whole message of text in one frame. All others are the library's, which takes four times as long.
"""

from struct import pack

from websockets.frames import apply_mask  # type: ignore[attr-defined]

_WHOLE_TEXT = 0x81
_MASKED = 0x80
_TWO_BYTES, _EIGHT_BYTES = 126, 127


def payload_of(data: bytes) -> bytes | None:
    """What a client says, if the bytes are one whole message of text of up to 64 KB, masked; else None."""
    if len(data) < 6 or data[0] != _WHOLE_TEXT:
        return None
    length, begin = data[1] - _MASKED, 6
    if length == _TWO_BYTES:
        length, begin = int.from_bytes(data[2:4]), 8
    if length == _EIGHT_BYTES or len(data) != begin + length:
        return None
    return bytes(apply_mask(data[begin:], data[begin - 4 : begin]))


def framed(text: str) -> bytes:
    """A message of text as a server sends it."""
    payload = text.encode()
    length = len(payload)
    if length < _TWO_BYTES:
        return bytes((_WHOLE_TEXT, length)) + payload
    if length < 0x10000:
        return pack("!BBH", _WHOLE_TEXT, _TWO_BYTES, length) + payload
    return pack("!BBQ", _WHOLE_TEXT, _EIGHT_BYTES, length) + payload
