"""Files in requests and answers, never whole in memory: raw bodies, multipart forms, ranges."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import chain
from typing import IO, BinaryIO
from urllib.parse import quote

from flask import Response, request
from werkzeug.wsgi import FileWrapper

from app.api.current import settings

CHUNK_BYTES = 256 * 1024
_ROOM_FOR_FORMS = 64 * 1024
_MULTIPART = "multipart/form-data"


def received_files() -> Iterator[tuple[str | None, Iterable[bytes]]]:
    """Name and content of each file in the request: of a form, or the body itself.

    Only here may a body be larger than elsewhere. The store counts and raises TooLarge; what says beforehand
    that it is larger is refused unread.
    """
    request.max_content_length = settings().files.max_bytes + _ROOM_FOR_FORMS
    if request.mimetype != _MULTIPART:
        yield None, _chunks(request.stream)
        return
    for file in chain.from_iterable(request.files.listvalues()):
        yield file.filename, _chunks(file.stream)


def _chunks(source: IO[bytes]) -> Iterator[bytes]:
    while chunk := source.read(CHUNK_BYTES):
        yield chunk


def sent_file(content: BinaryIO, *, name: str, size: int, sha256: str) -> Response:
    """A download, whole or the part that is asked for; never shown by a browser. Closes `content`."""
    with ExitStack() as until_sent:
        until_sent.enter_context(content)
        response = Response(FileWrapper(content, CHUNK_BYTES), mimetype="application/octet-stream")
        _describe(response, name, size, sha256)
        response.call_on_close(until_sent.pop_all().close)
    return response


def _describe(response: Response, name: str, size: int, sha256: str) -> None:
    response.content_length = size
    response.set_etag(sha256)
    response.headers["Content-Disposition"] = f'attachment; filename="{quote(name, safe="")}"'
    response.headers["Cache-Control"] = "private, no-store"
    response.make_conditional(request, accept_ranges=True, complete_length=size)
