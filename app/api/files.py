"""Where charge points fetch firmware and send diagnostics: signed links, no login, no listing.

Not part of the REST interface and not in its document: `app.files.links` makes the addresses.
"""

from collections.abc import Callable
from contextlib import ExitStack
from http import HTTPStatus

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import ServiceUnavailable

from app.api.current import equipment, services
from app.api.streams import received_files, sent_file
from app.domain.errors import InvalidInput, NotFound

RETRY_AFTER_S = 30
files = Blueprint("files", __name__, url_prefix="/files")


@files.get("/<token>/<name>")
def download(token: str, name: str) -> Response:
    """A firmware file, or a part of it."""
    image = services().keepers.firmware.image_behind(token)
    if name != image.name:
        raise NotFound("There is no such file behind this link.")
    with ExitStack() as until_sent:
        until_sent.callback(_take_place())
        content = services().keepers.firmware.images.open(image)
        response = sent_file(content, name=image.name, size=image.size, sha256=image.sha256)
        response.call_on_close(until_sent.pop_all().close)
    return response


@files.route("/<token>/", methods=["PUT", "POST"], defaults={"name": None})
@files.route("/<token>/<name>", methods=["PUT", "POST"])
@files.route("/<token>//<name>", methods=["PUT", "POST"], merge_slashes=False)  # location + "/" + file name
def upload(token: str, name: str | None) -> tuple[Response, int]:
    """One file as the body, or several as a form; each in the place of one of the same name."""
    diagnostics = services().keepers.diagnostics
    job = diagnostics.job_behind(token)
    with ExitStack() as until_received:
        until_received.callback(_take_place())
        received = [
            diagnostics.receive(job, own_name or name or _announced_name(), content)
            for own_name, content in received_files()
        ]
    if not received:
        raise InvalidInput("There is no file in the form.", problems={"body": ["Add a file."]})
    told = [{"name": file.name, "size": file.size, "sha256": file.sha256} for file in received]
    return jsonify(files=told), HTTPStatus.CREATED


def _take_place() -> Callable[[], None]:
    """A place among those that move files, and what gives it back: slow ones must not stop everybody else."""
    places = equipment().transfers
    if not places.acquire(blocking=False):
        sentence = "As many files are being moved as may be; try again soon."
        raise ServiceUnavailable(sentence, retry_after=RETRY_AFTER_S)
    return places.release


def _announced_name() -> str | None:
    """A raw body may name itself by `Content-Disposition: attachment; filename="log.zip"`."""
    header = request.headers.get("Content-Disposition", "")
    _, _, name = header.partition("filename=")
    return name.partition(";")[0].strip(' "') or None
