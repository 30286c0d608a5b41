"""Spans for requests. This module imports OpenTelemetry: it is loaded when traces are asked for.

Sampling, limits, batches and export are the SDK's. The span of a request is not: the SDK's own
takes five locks and checks each attribute, which is three times the price. Spans that the
application begins are the SDK's; they find this one as their parent.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections import deque
from collections.abc import Mapping
from time import time_ns
from typing import Any

from opentelemetry import context, trace
from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import (
    Event,
    ReadableSpan,
    SpanLimits,
    SynchronousMultiSpanProcessor,
    TracerProvider,
)
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import Attributes, AttributeValue

from morrow.kit.request import Request

logger = logging.getLogger("morrow.tracing")

SCOPE = InstrumentationScope("morrow")
SERVER = trace.SpanKind.SERVER
SAMPLED = trace.TraceFlags.SAMPLED
SAMPLE, DROP = Decision.RECORD_AND_SAMPLE, Decision.DROP
# Never the context that a former request may have left on this thread.
NOTHING = context.Context()
UNSET, OK = trace.StatusCode.UNSET, trace.StatusCode.OK
FAILED = trace.Status(trace.StatusCode.ERROR)


class _RequestSpan(trace.Span):
    """The span of a request. What the application adds to it goes through the SDK's limits."""

    def __init__(
        self,
        tracing: Tracing,
        name: str,
        ids: trace.SpanContext,
        parent: trace.SpanContext | None,
        given: Attributes,
    ) -> None:
        self._tracing, self._name, self._ids, self._parent = tracing, name, ids, parent
        self._attributes: dict[str, AttributeValue] = dict(given) if given else {}
        self._events: deque[Event] = deque(maxlen=tracing.limits.max_events)
        self._links: deque[trace.Link] = deque(maxlen=tracing.limits.max_links)
        self._status = trace.Status()
        self._recording = True
        self._began = time_ns()

    def get_span_context(self) -> trace.SpanContext:
        return self._ids

    def is_recording(self) -> bool:
        return self._recording

    def update_name(self, name: str) -> None:
        self._name = name

    def set_attribute(self, key: str, value: AttributeValue) -> None:
        self._attributes[key] = value

    def set_attributes(self, attributes: Mapping[str, AttributeValue]) -> None:
        self._attributes.update(attributes)

    def add_event(
        self, name: str, attributes: Attributes = None, timestamp: int | None = None
    ) -> None:
        kept = self._tracing.bounded(attributes, self._tracing.limits.max_event_attributes)
        self._events.append(Event(name, kept, timestamp))

    def add_link(self, context: trace.SpanContext, attributes: Attributes = None) -> None:
        kept = self._tracing.bounded(attributes, self._tracing.limits.max_link_attributes)
        self._links.append(trace.Link(context, kept))

    def record_exception(
        self,
        exception: BaseException,
        attributes: Attributes = None,
        timestamp: int | None = None,
        escaped: bool = False,
    ) -> None:
        kind = type(exception)
        module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
        told: dict[str, AttributeValue] = {
            "exception.type": module + kind.__qualname__,
            "exception.message": str(exception),
            "exception.stacktrace": "".join(traceback.format_exception(exception)),
            "exception.escaped": str(escaped),
        }
        self.add_event("exception", told | dict(attributes or {}), timestamp)

    def set_status(
        self, status: trace.Status | trace.StatusCode, description: str | None = None
    ) -> None:
        if isinstance(status, trace.StatusCode):
            status = trace.Status(status, description)
        # As specified: nothing overrules OK, and nothing goes back to "unset".
        if self._status.status_code is not OK and status.status_code is not UNSET:
            self._status = status

    def end(self, end_time: int | None = None) -> None:
        self.finish({}, end_time)

    def finish(self, known: Attributes, end_time: int | None = None) -> None:
        """End with attributes that are known to be of the right types."""
        if not self._recording:
            return
        self._recording = False
        limits = self._tracing.limits
        if self._attributes or limits.max_span_attribute_length is not None:
            known = BoundedAttributes(
                limits.max_span_attributes,
                {**(known or {}), **self._attributes},
                max_value_len=limits.max_span_attribute_length,
            )
        self._tracing.processor.on_end(
            ReadableSpan(
                self._name,
                self._ids,
                self._parent,
                self._tracing.provider.resource,
                known,
                self._events,
                self._links,
                SERVER,
                status=self._status,
                start_time=self._began,
                end_time=end_time or time_ns(),
                instrumentation_scope=SCOPE,
            )
        )


class Tracing:
    """Begins and ends the span of each request.

    The exporter is any of OpenTelemetry's; sampling is what OTEL_TRACES_SAMPLER says.
    """

    def __init__(self, exporter: SpanExporter, environment: str = "") -> None:
        resource = {"deployment.environment.name": environment} if environment else {}
        self.limits = SpanLimits()
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

    def bounded(self, attributes: Attributes, most: int | None) -> BoundedAttributes:
        """Return the attributes of an event or a link, cut to the limits."""
        return BoundedAttributes(most, attributes, max_value_len=self.limits.max_attribute_length)

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
            span = _RequestSpan(self, name, own, parent, decided.attributes)
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
