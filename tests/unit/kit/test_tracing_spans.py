"""Spans as the SDK makes them: parents, samplers, processors, limits."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult

from morrow.kit.request import tracing
from morrow.kit.request.observer import Observer
from morrow.kit.request.spans import Tracing
from morrow.kit.request.wsgi import Middleware
from morrow.kit.settings.own_settings import KitSettings
from morrow.kit.settings.problem import StartError


def call(tracing: Tracing, inside: Callable[[], object] = bool, **environ: str) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        inside()
        start_response(environ.get("HTTP_WANT", "200 OK"), [])
        return []

    request = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.url_scheme": "http"}
    wrapped = Middleware(app, Observer(tracing=tracing))
    assert list(wrapped(request | environ, lambda status, headers, *rest: print)) == []


def test_spans_of_sampled_and_unsampled_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    for sampler, count in (("always_on", 3), ("always_off", 0)):
        monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
        kept = InMemorySpanExporter()
        traced = Tracing(kept, environment="test")
        parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        call(traced, HTTP_TRACEPARENT=parent, HTTP_TRACESTATE="vendor=1")
        call(traced, HTTP_WANT="503 Busy")
        call(traced, bool, **{"morrow.route": "/items/<n>"})
        assert traced.flush(20)
        spans = kept.get_finished_spans()
        assert len(spans) == count
        if spans:
            first, second, third = spans
            assert first.parent is not None
            assert f"{first.context.trace_id:032x}" in parent
            assert first.context.trace_state["vendor"] == "1"
            assert (first.status.is_ok, second.status.is_ok) == (True, False)
            assert third.name == "GET /items/<n>"
            assert third.resource.attributes["deployment.environment.name"] == "test"


def test_tracing_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    own = KitSettings.load({})
    assert tracing.start_tracing(own) is None
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    assert tracing.start_tracing(own) is None
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "otlp")
    gone = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
    monkeypatch.setitem(__import__("sys").modules, gone, None)
    with pytest.raises(StartError, match=r"install morrow\[tracing\]"):
        tracing.start_tracing(own)


def what_an_application_does(span: trace.Span) -> None:
    other = trace.SpanContext(1, 2, is_remote=True)
    span.set_attribute("shop.user", "u" * 40)
    span.set_attributes({"shop.items": [1, 2], "shop.strange": object, "": "no name"})  # type: ignore[dict-item]
    span.add_event("sold", {"count": 2}, timestamp=5)
    span.add_link(other, {"why": "w" * 40})
    for number in range(200):
        span.add_event(f"event {number}", timestamp=number)
    for error in (ValueError("on purpose"), StartError("code", "of our own")):
        span.record_exception(error, {"more": 1}, timestamp=7)
    span.set_status(trace.StatusCode.ERROR, "why")
    span.set_status(trace.StatusCode.UNSET)
    span.set_status(trace.Status(trace.StatusCode.OK))
    span.set_status(trace.StatusCode.ERROR)
    span.update_name("another name")
    span.end(9)
    span.end(10)
    assert not span.is_recording()


def told(span: ReadableSpan) -> tuple[object, ...]:
    return (
        (span.name, span.end_time, span.status.status_code, span.kind, dict(span.attributes or {})),
        [(one.name, one.timestamp, dict(one.attributes or {})) for one in span.events],
        [(one.context, dict(one.attributes or {})) for one in span.links],
    )


@pytest.mark.parametrize("length", [None, "10"])
def test_our_span_takes_what_the_sdks_own_takes(
    length: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if length:
        monkeypatch.setenv("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", length)
    kept = InMemorySpanExporter()
    traced = Tracing(kept)
    theirs = traced.provider.get_tracer("x").start_span("x", kind=trace.SpanKind.SERVER)
    what_an_application_does(theirs)
    call(traced, lambda: what_an_application_does(trace.get_current_span()))
    assert traced.flush(20)
    first, second = kept.get_finished_spans()
    assert told(first) == told(second)
    assert ("u" * 40 in told(second)[0][-1].values()) == (length is None)  # type: ignore[index]


def test_spans_of_the_application_are_children_and_its_processors_see_ours() -> None:
    kept = InMemorySpanExporter()
    traced = Tracing(kept)
    seen: list[str] = []

    class Noting(SpanProcessor):
        def on_start(self, span: Span, parent_context: object = None) -> None:
            span.set_attribute("noted", "yes")

        def on_end(self, span: ReadableSpan) -> None:
            seen.append(span.name)

    traced.provider.add_span_processor(Noting())
    tracer = traced.provider.get_tracer("shop")
    call(traced, lambda: tracer.start_span("child").end())
    call(traced, lambda: trace.get_current_span().set_attribute("shop.user", "u"))
    assert traced.flush(20)
    child, parent, second = kept.get_finished_spans()
    assert child.parent == parent.context
    assert seen == ["child", "GET", "GET"]
    assert parent.attributes is not None
    assert (parent.attributes["noted"], parent.attributes["url.path"]) == ("yes", "/")
    assert second.attributes is not None
    assert second.attributes["shop.user"] == "u"
    assert second.parent is None


def test_a_long_path_is_cut_where_a_limit_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "10")
    kept = InMemorySpanExporter()
    traced = Tracing(kept)
    call(traced, PATH_INFO="/" + "x" * 50)
    assert traced.flush(20)
    (span,) = kept.get_finished_spans()
    assert span.attributes is not None
    assert span.attributes["url.path"] == "/" + "x" * 9


def test_a_broken_parent_begins_a_new_trace() -> None:
    kept = InMemorySpanExporter()
    traced = Tracing(kept)
    call(traced, HTTP_TRACEPARENT="00-nonsense-01")
    assert traced.flush(20)
    assert kept.get_finished_spans()[0].parent is None


def test_what_a_sampler_adds_is_kept_and_what_it_only_records_is_not_sent() -> None:
    class Ours(Sampler):
        decision = Decision.RECORD_AND_SAMPLE

        def should_sample(self, *arguments: Any, **more: Any) -> SamplingResult:
            return SamplingResult(self.decision, {"rule": "first"})

        def get_description(self) -> str:
            return "ours"

    kept = InMemorySpanExporter()
    recording: list[bool] = []
    traced = Tracing(kept)
    traced._tracer.sampler = Ours()  # type: ignore[attr-defined]
    call(traced)
    Ours.decision = Decision.RECORD_ONLY
    call(traced, lambda: recording.append(trace.get_current_span().is_recording()))
    assert traced.flush(20)
    assert recording == [True]
    (span,) = kept.get_finished_spans()
    assert span.attributes is not None
    assert span.attributes["rule"] == "first"


def test_the_parents_decision_is_obeyed() -> None:
    kept = InMemorySpanExporter()
    traced = Tracing(kept)
    for flag in ("00", "01"):
        call(
            traced, HTTP_TRACEPARENT=f"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-{flag}"
        )
    assert traced.flush(20)
    (span,) = kept.get_finished_spans()
    assert span.context is not None
    assert span.context.trace_flags.sampled
