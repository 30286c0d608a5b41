"""Spans for requests. This module imports OpenTelemetry: it is loaded when traces are asked for.

Everything is the SDK's: the span of a request is one of its own, so that processors, samplers
and the application find all that they may ask of it.
"""

import logging
import threading
from collections.abc import Callable
from typing import Any

from opentelemetry import context, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from morrow.kit.request.request import Request

logger = logging.getLogger("morrow.tracing")

SERVER = trace.SpanKind.SERVER
# Never the context that a former request may have left on this thread.
NOTHING = context.Context()
FAILED = trace.Status(trace.StatusCode.ERROR)


class Tracing:
    """Begins and ends the span of each request.

    The exporter is any of OpenTelemetry's; sampling is what OTEL_TRACES_SAMPLER says.
    """

    def __init__(self, exporter: SpanExporter, environment: str = "") -> None:
        resource = {"deployment.environment.name": environment} if environment else {}
        self.provider = TracerProvider(resource=Resource.create(resource), shutdown_on_exit=False)
        self.provider.add_span_processor(BatchSpanProcessor(exporter))
        trace.set_tracer_provider(self.provider)
        self._tracer = self.provider.get_tracer("morrow")
        self._extract = TraceContextTextMapPropagator().extract

    def begin(self, request: Request, header: Callable[[str], str | None]) -> object:
        """Start the span and make it the current one; return what `leave` needs."""
        around = NOTHING
        if (parent := header("traceparent")) is not None:
            carrier = {"traceparent": parent}
            if (state := header("tracestate")) is not None:
                carrier["tracestate"] = state
            around = self._extract(carrier, NOTHING)
        span = self._tracer.start_span(request.method, around, SERVER)
        request.span = span
        told = span.get_span_context()
        request.trace_id = told.trace_id
        if told.trace_flags & trace.TraceFlags.SAMPLED:
            request.sampled = told.trace_id
        return context.attach(trace.set_span_in_context(span, around))

    def leave(self, token: Any) -> None:  # noqa: ANN401 - OpenTelemetry's own token
        """Make the former context the current one again."""
        context.detach(token)

    def end(self, request: Request, route: str) -> None:
        """End the span of a request whose response is complete."""
        span = request.span  # it stays: the line about the request that follows names it
        if span is None:
            return
        try:
            if span.is_recording():
                span.set_attributes(
                    {
                        "http.request.method": request.method,
                        "http.response.status_code": int(request.status),
                        # No query: queries carry tokens.
                        "url.path": request.path,
                        "url.scheme": request.scheme,
                        "client.address": request.client,
                    }
                )
                if route:
                    span.update_name(f"{request.method} {route}")
                    span.set_attribute("http.route", route)
                if request.status >= "500":
                    span.set_status(FAILED)
        finally:
            span.end()

    def flush(self, seconds: float) -> bool:
        """Export what is left, for so long at most; tell whether it was done in time."""
        # The exporter tries again and again where nobody answers: it is left behind then.
        thread = threading.Thread(target=self.provider.shutdown, daemon=True)
        thread.start()
        thread.join(seconds)
        if thread.is_alive():
            logger.warning("spans were lost: the collector did not take them in %g s", seconds)
        return not thread.is_alive()
