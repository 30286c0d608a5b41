"""Spans for requests by OpenTelemetry, switched on by the standard OTEL_ variables alone.

When they are not set nothing is imported, and a request pays one comparison.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from morrow.kit.problem import StartError

if TYPE_CHECKING:
    from morrow.kit.own_settings import KitSettings
    from morrow.kit.request import Request

logger = logging.getLogger("morrow.tracing")

_SWITCHES = (
    "OTEL_TRACES_EXPORTER",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
)


def is_wanted(environ: Mapping[str, str]) -> bool:
    """Tell whether the environment asks for traces.

    >>> is_wanted({}), is_wanted({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"})
    (False, True)
    """
    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    if environ.get("OTEL_TRACES_EXPORTER", "").lower() == "none":
        return False
    return any(environ.get(name) for name in _SWITCHES)


def start_tracing(own: KitSettings) -> Tracing | None:
    """Return the tracing that the environment asks for, or nothing."""
    if not is_wanted(os.environ):
        return None
    exporter = os.environ.get("OTEL_TRACES_EXPORTER") or "otlp"
    if exporter != "otlp":
        raise StartError("tracing-exporter", f"OTEL_TRACES_EXPORTER={exporter}: only otlp is known")
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ModuleNotFoundError as error:
        raise StartError(
            "tracing-missing",
            f"OTEL_ variables ask for traces, but {error.name} is not installed: "
            "install morrow[tracing] or set OTEL_SDK_DISABLED=true",
        ) from None
    return Tracing(OTLPSpanExporter(), environment=own.morrow_environment)


class Tracing:
    """Begins and ends the span of each request.

    The exporter is any of OpenTelemetry's; sampling is what OTEL_TRACES_SAMPLER says.
    """

    def __init__(self, exporter: Any, environment: str = "") -> None:  # noqa: ANN401 - optional
        from opentelemetry import context, trace
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        resource = {"deployment.environment.name": environment} if environment else {}
        self._provider = TracerProvider(resource=Resource.create(resource), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        trace.set_tracer_provider(self._provider)
        self._tracer = self._provider.get_tracer("morrow")
        self._kind = trace.SpanKind.SERVER
        self._error = trace.Status(trace.StatusCode.ERROR)
        self._with_span = trace.set_span_in_context
        self._attach, self._detach = context.attach, context.detach
        self._extract = TraceContextTextMapPropagator().extract

    def begin(self, request: Request) -> object:
        """Start the span and make it the current one; return what `leave` needs."""
        environ = request.environ
        parent = None
        if "HTTP_TRACEPARENT" in environ:
            carrier = {"traceparent": environ["HTTP_TRACEPARENT"]}
            if "HTTP_TRACESTATE" in environ:
                carrier["tracestate"] = environ["HTTP_TRACESTATE"]
            parent = self._extract(carrier)
        span = self._tracer.start_span(environ["REQUEST_METHOD"], parent, self._kind)
        request.span = span
        request.trace_id = span.get_span_context().trace_id
        return self._attach(self._with_span(span))

    def leave(self, token: Any) -> None:  # noqa: ANN401 - OpenTelemetry's own token
        """Make the former context the current one again."""
        self._detach(token)

    def end(self, request: Request, route: str) -> None:
        """End the span of a request whose response is complete."""
        span = request.span
        if span.is_recording():
            environ = request.environ
            method = environ["REQUEST_METHOD"]
            # All at once: each call takes a lock.
            attributes: dict[str, str | int] = {
                "http.request.method": method,
                "http.response.status_code": int(request.status),
                # No query: queries carry tokens.
                "url.path": environ.get("PATH_INFO", ""),
                "url.scheme": environ.get("wsgi.url_scheme", ""),
                "client.address": environ.get("REMOTE_ADDR", ""),
            }
            if route:
                span.update_name(f"{method} {route}")
                attributes["http.route"] = route
            span.set_attributes(attributes)
            if request.status >= "500":
                span.set_status(self._error)
            span.end()

    def flush(self, seconds: float) -> bool:
        """Export what is left, for so long at most; tell whether it was done in time."""
        # The exporter tries again and again where nobody answers: it is left behind then.
        thread = threading.Thread(target=self._provider.shutdown, daemon=True)
        thread.start()
        thread.join(seconds)
        if thread.is_alive():
            logger.warning("spans were lost: the collector did not take them in %g s", seconds)
        return not thread.is_alive()
