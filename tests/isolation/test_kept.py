"""What is kept and told behind the scenes: every place is known, and keeps tenants apart."""

import re

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.domain.events import EventChannel
from app.storage.mongo import PLATFORM_DATABASE, Databases
from tests.isolation import evidence
from tests.isolation.life import Life
from tests.isolation.places import (
    CELERY_KEYS,
    COLLECTIONS,
    METRIC_LABELS,
    NAMES_ONLY,
    PLATFORM_COLLECTIONS,
    REDIS_KEYS,
    SHARED_QUEUE_KEYS,
)
from tests.isolation.routes import APART, CASES, PLATFORM, PUBLIC

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
_TOPIC = re.compile(
    r"ocpp/(events/[^/]+/[^/]+/(session|meter_value|fault)|(status|commands|responses)/[^/]+/[^/]+)"
)


def test_every_collection_is_known_and_shows_its_owner(life: Life, databases: Databases) -> None:
    for side in life.sides:
        texts = list(evidence.documents(databases, f"ocpp_{side.tenant_id}"))
        assert {text.where for text in texts} <= COLLECTIONS.keys(), "add it to tests/isolation/places.py"
        shown = {text.where for text in texts if text.shows(side.marker)}
        assert {name for name, must_show in COLLECTIONS.items() if must_show} <= shown
        for text in texts:
            if '"tenant_id"' in text.text:
                assert f'"tenant_id": "{side.tenant_id}"' in text.text


def test_no_document_of_the_platform_holds_data_of_two_tenants(life: Life, databases: Databases) -> None:
    for text in evidence.documents(databases, PLATFORM_DATABASE):
        assert text.where in PLATFORM_COLLECTIONS, "add it to tests/isolation/places.py"
        whose = [side for side in life.sides if text.shows(*side.words)]
        assert len(whose) <= 1, text
        assert all(f'"{side.tenant_id}"' in text.text for side in whose), text


def test_every_key_of_redis_is_known_and_one_tenants(life: Life) -> None:
    known = [re.sub(r"\\\{.+?\\\}", ".+", re.escape(f"ocpp:{key}")) for key in REDIS_KEYS]
    for text in evidence.redis_entries(life.system.settings.redis.url):
        names = re.compile("|".join((*known, CELERY_KEYS)))
        assert names.fullmatch(text.where), f"add {text.where} to tests/isolation/places.py"
        if text.where.removeprefix("ocpp:").startswith(NAMES_ONLY):
            assert not any(text.shows(side.marker) for side in life.sides), text
        elif not text.where.startswith(SHARED_QUEUE_KEYS):
            assert sum(bool(text.shows(*side.words)) for side in life.sides) <= 1, text


def test_every_log_line_that_tells_of_a_tenant_names_it_and_no_other(life: Life) -> None:
    lines = list(evidence.log_lines(life))
    assert lines
    for line in lines:
        whose = [side for side in life.sides if line.shows(side.marker)]
        assert len(whose) <= 1, line
        assert all(side.tenant_id in line.text for side in whose), line


def test_metrics_tell_of_tenants_by_their_label_only(life: Life) -> None:
    rules = {rule for _, rule in (*CASES, *PUBLIC, *PLATFORM, *APART)} | {"unmatched"}
    for url in (life.system.rest_url, life.system.gateway_url):
        text = httpx.get(f"{url}/metrics").text
        samples = [one for family in text_string_to_metric_families(text) for one in family.samples]
        assert samples
        for sample in samples:
            assert sample.labels.keys() <= METRIC_LABELS.keys(), f"add {sample} to tests/isolation/places.py"
            assert sample.labels.get("route", "unmatched") in rules
            told = "".join(value for name, value in sample.labels.items() if name not in ("tenant", "queue"))
            assert not any(word in told for side in life.sides for word in side.words)


def test_every_message_is_on_its_tenants_topic(life: Life) -> None:
    for heard in list(life.ears.heard):
        assert _TOPIC.fullmatch(heard.topic), f"no topic that this suite knows: {heard.topic}"
        if "/commands/" not in heard.topic:
            assert heard.body["tenant_id"] == heard.tenant_id
    for side in life.sides:
        told = "\n".join(heard.topic for heard in life.ears.of(side.tenant_id))
        assert all(re.search(rf"/{channel}s?\b|^ocpp/{channel}", told, re.M) for channel in EventChannel)


def test_a_command_on_ones_own_topic_reaches_nobody_elses_charge_point(life: Life) -> None:
    """The topic says whose it is; nothing in the body does."""
    for side in life.sides:
        other = life.other(side)
        name, frames = other.lone["charge_point_id"], len(life.town.frames(other))
        topic = f"ocpp/commands/{side.tenant_id}/{name}"
        body = {"command_id": f"stray-{side.marker}", "command_type": "Reset", "parameters": {"type": "Soft"}}
        life.ears.publish(topic, body)
        answer = life.ears.wait_for(side.tenant_id, lambda heard: "not_found" in heard.payload)
        assert answer.topic == f"ocpp/responses/{side.tenant_id}/{name}"
        life.ears.publish(topic, body | {"tenant_id": other.tenant_id})
        life.ears.wait_for(side.tenant_id, lambda heard: "Unknown field" in heard.payload)
        assert len(life.town.frames(other)) == frames
        assert not any("stray-" in heard.payload for heard in life.ears.of(other.tenant_id))
        life.ears.heard = [heard for heard in life.ears.heard if "stray-" not in heard.payload]
