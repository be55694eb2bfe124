"""All that one tenant can come to see, and what is kept of it, as texts to look for markers in."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

import redis
from bson import json_util

from app.domain.tenant import database_name
from app.storage.mongo import Databases
from tests.isolation.followers import EVENTS
from tests.isolation.life import Life
from tests.isolation.requests import is_possible, owned_request
from tests.isolation.routes import CASES
from tests.isolation.sides import Side

_PEM = re.compile(r"-----BEGIN [A-Z ]+-----([A-Za-z0-9+/=\s]+)-----END")
_ENCODED = re.compile(r"[A-Za-z0-9_-]{16,}")


class Place(Enum):
    """Kinds of places where a tenant, or who breaks in there, can look."""

    ANSWER = auto()
    DOCUMENT = auto()
    MESSAGE = auto()
    STREAM = auto()
    WEBHOOK = auto()
    FRAME = auto()
    FILE = auto()
    LOG = auto()
    REDIS = auto()


@dataclass(frozen=True)
class Text:
    """Something to read, and where it was found."""

    place: Place
    where: str
    text: str

    def shows(self, *words: str) -> list[str]:
        """Those of the words that stand in it, in any case, also inside PEM and base64url."""
        folded = f"{self.text}\n{_decoded(self.text)}".casefold()
        return [word for word in words if word.casefold() in folded]


def _decoded(text: str) -> str:
    texts = text.replace("\\n", "\n")
    found = [_bytes_of("".join(match[1].split())) for match in _PEM.finditer(texts)]
    found += [_bytes_of(match[0].replace("-", "+").replace("_", "/")) for match in _ENCODED.finditer(texts)]
    return "\n".join(one.decode("latin-1") for one in found)


def _bytes_of(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded.rstrip("=") + "=" * (-len(encoded.rstrip("=")) % 4))
    except (binascii.Error, ValueError):
        return b""


def answers(side: Side, headers: Mapping[str, str] | None = None) -> Iterator[Text]:
    """Of every GET, for the names that both sides use and for those of this side alone; headers included."""
    for route, case in CASES.items():
        for twins in (True, False) if route[0] == "GET" and not case.stream else ():
            if twins or is_possible(side, route, case):
                method, path, body = owned_request(side, route, case, twins=twins)
                answer = side.ask(method, path, body, headers=headers)
                assert answer.status_code in (200, 404), f"{path}: {answer.status_code} {answer.text}"
                yield Text(Place.ANSWER, " ".join(route), f"{path} {answer.headers}\n{answer.text}")


def documents(databases: Databases, database: str) -> Iterator[Text]:
    """Everything in one database, document by document; `where` is the collection."""
    for name in sorted(databases.client[database].list_collection_names()):
        for document in databases.client[database][name].find():
            yield Text(Place.DOCUMENT, name, json_util.dumps(document))


def redis_entries(url: str) -> Iterator[Text]:
    """Everything in Redis; `where` is the key. A stream's entries are one text each."""
    client = redis.Redis.from_url(url, decode_responses=True)
    for key in sorted(client.scan_iter("*")):
        kind = client.type(key)
        entries = client.xrange(key) if kind == "stream" else [_members(client, key, str(kind))]
        for one in entries or ():
            yield Text(Place.REDIS, key, f"{key} {one}")


def _members(client: "redis.Redis", key: str, kind: str) -> object:
    read: dict[str, Callable[[str], object]] = {
        "string": client.get,
        "set": client.smembers,
        "hash": client.hgetall,
        "list": lambda name: client.lrange(name, 0, -1),
        "zset": lambda name: client.zrange(name, 0, -1),
    }
    return read[kind](key) if kind in read else kind  # a key may go while we read


def log_lines(life: Life) -> Iterator[Text]:
    """What every process has logged since both began to live."""
    for name in life.system.names:
        for line in life.system.log(name)[life.log_offsets[name] :].splitlines():
            yield Text(Place.LOG, name, line)


def files(folder: Path, side: Side) -> Iterator[Text]:
    """What lies in the file store for a tenant."""
    for path in sorted((folder / side.tenant_id).iterdir()):
        yield Text(Place.FILE, str(path), path.read_bytes().decode("latin-1"))


def seen_by(life: Life, databases: Databases, side: Side) -> Iterator[Text]:
    """Everything that is one tenant's."""
    yield from answers(side)
    yield from documents(databases, database_name(side.tenant_id))
    yield from (
        Text(Place.MESSAGE, heard.topic, f"{heard.topic} {heard.payload}")
        for heard in life.ears.of(side.tenant_id)
    )
    stream = f"GET {EVENTS}"
    yield from (Text(Place.STREAM, stream, line) for line in life.pages[side.tenant_id].lines)
    path = life.receiver.path_of(side)
    yield from (Text(Place.WEBHOOK, to, text) for to, text in life.receiver.received if to == path)
    yield from (Text(Place.FRAME, "a charge point", frame) for frame in life.town.frames(side))
    yield from files(life.system.settings.files.directory, side)
    yield from (line for line in log_lines(life) if side.tenant_id in line.text)
    yield from (one for one in redis_entries(life.system.settings.redis.url) if side.tenant_id in one.where)
