"""Traces are optional: this is the door to them, and costs nothing while it is shut.

Nothing of OpenTelemetry is imported before `start_tracing` finds an endpoint in the settings. A trace follows
a batch of calls, not each call: from the gateway that lets it leave, in its envelope, to the worker.
"""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Protocol, TypeVar

from app.metrics import follow_laps
from app.tracing_settings import TracingSettings

if TYPE_CHECKING:
    from app.traces import Traces


class Traceable(Protocol):
    """A batch. `trace` is W3C's traceparent, None if it is not traced."""

    @property
    def tenant_id(self) -> str: ...

    @property
    def gateway_id(self) -> str: ...

    @property
    def trace(self) -> str | None: ...


P = ParamSpec("P")
T = TypeVar("T")
B = TypeVar("B", bound=Traceable)
_NOTHING = nullcontext()
_traces: "Traces | None" = None


def start_tracing(settings: TracingSettings, service: str) -> None:
    """Send traces of this process, called `ocpp-<service>` there; if there is somewhere to send them."""
    global _traces
    if settings.endpoint:
        from app.traces import Traces

        _traces = Traces(settings, service)
        follow_laps(_traces.lap)


def find_traces() -> "Traces | None":
    """None: they are off. Ask after the start of the process, and once."""
    return _traces


def span(
    name: str, follows: Iterable[str | None] = (), **attributes: str | int
) -> AbstractContextManager[object]:
    """A trace of its own around some work, which takes up what was done in those that it `follows`."""
    return _NOTHING if _traces is None else _traces.span(name, attributes, follows=follows)


def present_trace() -> str | None:
    """For whoever takes up later what is done now; None if that is not traced."""
    return None if _traces is None else _traces.present()


def note(name: str, **attributes: str) -> None:
    """Something that happens in the work of the present span."""
    if _traces is not None:
        _traces.note(name, **attributes)


def traced(
    handle: Callable[Concatenate[B, P], T],
) -> Callable[Concatenate[B, P], T]:
    """`handle` a batch as a part of its trace, with the parts of its way (`app.metrics.lap`) as children."""

    @wraps(handle)
    def follow(envelope: B, /, *args: P.args, **kwargs: P.kwargs) -> T:
        if envelope.trace is None or _traces is None:
            return handle(envelope, *args, **kwargs)
        with _traces.handling(envelope):
            return handle(envelope, *args, **kwargs)

    return follow
