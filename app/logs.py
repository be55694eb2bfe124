"""Logging: a constant message plus fields; text for people in development, JSON in containers."""

import logging
import logging.config
import re
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from app.domain.redaction import HIDDEN, is_secret_field, redact_text
from app.settings import Settings

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_OF_MANY_LINES = frozenset({"event", "exception", "stack"})


def redact(_: WrappedLogger, __: str, fields: EventDict) -> EventDict:
    """Hide secrets by field name, passwords inside addresses and frames, and the tokens of signed links.

    Control characters become escapes: what charge points send writes no lines of its own.
    """
    for name, value in fields.items():
        if name != "event" and is_secret_field(name):
            fields[name] = HIDDEN
        elif isinstance(value, str):
            shown = value if name in _OF_MANY_LINES else _CONTROL.sub(_as_escape, value)
            fields[name] = redact_text(shown)
    return fields


def _as_escape(control: re.Match[str]) -> str:
    return control[0].encode("unicode_escape").decode()


def configure_logging(settings: Settings) -> None:
    """Send this process's logs, the libraries' included, to standard error in one form."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
    )
    formatter: dict[str, Any] = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": shared,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    }
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"ours": formatter},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "ours"}},
            "root": {"handlers": ["stderr"], "level": settings.log_level},
            "loggers": {
                "websockets": {"level": "ERROR"},
                "pymongo": {"level": "WARNING"},
                "kombu": {"level": "WARNING"},
                "celery.app.trace": {"level": "WARNING"},  # two lines per task otherwise
                "celery.worker.strategy": {"level": "WARNING"},
                "celery.beat": {"level": "WARNING"},
            },
        }
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger with the module's name."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
