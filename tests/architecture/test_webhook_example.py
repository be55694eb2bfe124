"""The documented way to check a webhook's signature works on what the server signs."""

import time
from datetime import UTC, datetime
from typing import Any

from app.domain.webhook import Webhook, secret_of, trial_delivery
from tests.architecture.markdown import blocks, section


def is_genuine(*arguments: Any) -> bool:
    (code,) = blocks(section("docs/integrators.md", "verification"), "python")
    defined: dict[str, Any] = {}
    exec(compile(code, "docs/integrators.md", "exec"), defined)
    answer: bool = defined["is_genuine"](*arguments)
    return answer


def test_the_documented_check_takes_what_is_genuine_and_nothing_else() -> None:
    now = datetime.now(UTC)
    old, new = secret_of(b"o" * 32), secret_of(b"n" * 32)
    webhook = Webhook("wh-1", "acme", "https://example.com", old, now, now).with_secret(new, now)
    delivery, timestamp = trial_delivery(webhook, "x", now), int(time.time())
    body = delivery.body.encode()
    headers = {
        "webhook-id": delivery.id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": webhook.signatures(delivery.id, timestamp, body),
    }
    assert is_genuine(new, headers, body)
    assert is_genuine(old, headers, body)
    assert not is_genuine(secret_of(b"x" * 32), headers, body)
    assert not is_genuine(new, headers, body + b" ")
    assert not is_genuine(new, headers | {"webhook-id": "another"}, body)
    stale = timestamp - 600
    late = {
        "webhook-timestamp": str(stale),
        "webhook-signature": webhook.signatures(delivery.id, stale, body),
    }
    assert not is_genuine(new, headers | late, body)
