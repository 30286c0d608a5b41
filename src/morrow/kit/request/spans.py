"""Spans for requests. This module imports OpenTelemetry: it is loaded when traces are asked for.

Sampling, limits, batches and export are the SDK's. The span of a request is the SDK's only when
the application adds something to it, for that one takes five locks and checks each attribute:
three times the price. Spans that the application begins find it as their parent.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from time import time_ns
from typing import Any

from opentelemetry import context, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import (
    ReadableSpan,
    Span,
    SpanLimits,
    SynchronousMultiSpanProcessor,
    TracerProvider,
)
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

from morrow.kit.request.request import Request

logger = logging.getLogger("morrow.tracing")

SCOPE = InstrumentationScope("morrow")
SERVER = trace.SpanKind.SERVER
SAMPLED = trace.TraceFlags.SAMPLED
SAMPLE, DROP = Decision.RECORD_AND_SAMPLE, Decision.DROP
# Never the context that a former request may have left on this thread.
NOTHING = context.Context()
FAILED = trace.Status(trace.StatusCode.ERROR)


class _FullSpan(Span):
    """The SDK's span, which else only its tracer may make."""


def _by_the_sdk(name: str) -> Any:  # noqa: ANN401 - any method of a span
    def call(self: _RequestSpan, *arguments: object, **more: object) -> None:
        getattr(self.full(), name)(*arguments, **more)

    return call


class _RequestSpan(trace.Span):
    """The span of a request: ids and times, until the application adds something to it."""

    def __init__(
        self, tracing: Tracing, name: str, ids: trace.SpanContext, parent: trace.SpanContext | None
    ) -> None:
        self._tracing, self._name, self._ids, self._parent = tracing, name, ids, parent
        self._full: _FullSpan | None = None
        self._recording = True
        self._began = time_ns()

    set_attribute = _by_the_sdk("set_attribute")
    set_attributes = _by_the_sdk("set_attributes")
    add_event = _by_the_sdk("add_event")
    add_link = _by_the_sdk("add_link")
    record_exception = _by_the_sdk("record_exception")
    set_status = _by_the_sdk("set_status")

    def get_span_context(self) -> trace.SpanContext:
        return self._ids

    def is_recording(self) -> bool:
        return self._recording

    def update_name(self, name: str) -> None:
        self._name = name

    def full(self) -> Span:
        """Return the SDK's span with these ids."""
        with self._tracing.lock:
            if self._full is None:
                self._full = _FullSpan(
                    self._name,
                    self._ids,
                    self._parent,
                    resource=self._tracing.provider.resource,
                    kind=SERVER,
                    limits=self._tracing.limits,
                    instrumentation_scope=SCOPE,
                )
                self._full.start(self._began)
            return self._full

    def end(self, end_time: int | None = None) -> None:
        self.finish({}, end_time)

    def finish(self, known: Mapping[str, AttributeValue], end_time: int | None = None) -> None:
        """End with attributes that need no check but of their length."""
        if not self._recording:
            return
        self._recording = False
        end_time = end_time or time_ns()
        if self._full is None and self._tracing.limits.max_span_attribute_length is None:
            done = ReadableSpan(
                self._name,
                self._ids,
                self._parent,
                self._tracing.provider.resource,
                known,
                kind=SERVER,
                start_time=self._began,
                end_time=end_time,
                instrumentation_scope=SCOPE,
            )
        else:
            full = self.full()
            full.update_name(self._name)
            full.set_attributes(known)
            full.end(end_time)
            done = full
        self._tracing.processor.on_end(done)


class Tracing:
    """Begins and ends the span of each request.

    The exporter is any of OpenTelemetry's; sampling is what OTEL_TRACES_SAMPLER says.
    """

    def __init__(self, exporter: SpanExporter, environment: str = "") -> None:
        resource = {"deployment.environment.name": environment} if environment else {}
        self.limits = SpanLimits()
        self.lock = threading.Lock()
        # Ours, so that processors which the application adds see the spans of requests too.
        self.processor = SynchronousMultiSpanProcessor()  # type: ignore[no-untyped-call]
        self.provider = TracerProvider(
            resource=Resource.create(resource),
            span_limits=self.limits,
            active_span_processor=self.processor,
            shutdown_on_exit=False,
        )
        self.processor.add_span_processor(BatchSpanProcessor(exporter))
        trace.set_tracer_provider(self.provider)
        self._extract = TraceContextTextMapPropagator().extract

    def begin(self, request: Request) -> object:
        """Start the span and make it the current one; return what `leave` needs."""
        environ = request.environ
        name, ids = environ["REQUEST_METHOD"], self.provider.id_generator
        around, parent, flags = NOTHING, None, 0
        if "HTTP_TRACEPARENT" in environ:
            carrier = {"traceparent": environ["HTTP_TRACEPARENT"]}
            if "HTTP_TRACESTATE" in environ:
                carrier["tracestate"] = environ["HTTP_TRACESTATE"]
            around = self._extract(carrier)
            parent = trace.get_current_span(around).get_span_context()
        if parent is not None and parent.is_valid:
            trace_id, flags = parent.trace_id, parent.trace_flags & ~SAMPLED
        else:
            trace_id, parent = ids.generate_trace_id(), None
        decided = self.provider.sampler.should_sample(around, trace_id, name, SERVER)
        if decided.decision is SAMPLE:
            flags |= SAMPLED
        own = trace.SpanContext(
            trace_id,
            ids.generate_span_id(),
            False,
            trace.TraceFlags(flags),
            decided.trace_state,
        )
        span: trace.Span
        if decided.decision is not DROP:
            span = _RequestSpan(self, name, own, parent)
            if decided.attributes:
                span.set_attributes(decided.attributes)
            self.processor.on_start(span, around)  # type: ignore[arg-type]
        else:
            span = trace.NonRecordingSpan(own)
        request.span = span
        request.trace_id = trace_id
        return context.attach(trace.set_span_in_context(span, around))

    def leave(self, token: Any) -> None:  # noqa: ANN401 - OpenTelemetry's own token
        """Make the former context the current one again."""
        context.detach(token)

    def end(self, request: Request, route: str) -> None:
        """End the span of a request whose response is complete."""
        span = request.span
        if not isinstance(span, _RequestSpan):
            return
        environ = request.environ
        method = environ["REQUEST_METHOD"]
        attributes: dict[str, AttributeValue] = {
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
        if request.status >= "500":
            span.set_status(FAILED)
        span.finish(attributes)

    def flush(self, seconds: float) -> bool:
        """Export what is left, for so long at most; tell whether it was done in time."""
        # The exporter tries again and again where nobody answers: it is left behind then.
        thread = threading.Thread(target=self.provider.shutdown, daemon=True)
        thread.start()
        thread.join(seconds)
        if thread.is_alive():
            logger.warning("spans were lost: the collector did not take them in %g s", seconds)
        return not thread.is_alive()
