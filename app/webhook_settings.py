"""Settings of webhooks: what production forbids and a developer's machine needs."""

from dataclasses import dataclass

from environs import Env


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Whether webhooks may go without TLS, and to addresses that are not public."""

    plain_http: bool
    private_targets: bool


def read_webhooks(env: Env, *, production: bool) -> WebhookSettings:
    """From the environment."""
    return WebhookSettings(
        plain_http=env.bool("WEBHOOK_PLAIN_HTTP", not production),
        private_targets=env.bool("WEBHOOK_PRIVATE_TARGETS", not production),
    )
