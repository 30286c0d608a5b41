"""Spans, sent to a small OTLP receiver."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.unit.kit.served import run, served, wait_for


class Receiver:
    """Keeps every span that is sent to it."""

    def __init__(self) -> None:
        self.raw = b""
        self.spans: list[dict[str, object]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                data = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    data = gzip.decompress(data)
                receiver.take(data)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                return

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def take(self, data: bytes) -> None:
        self.raw += data
        for resource in ExportTraceServiceRequest.FromString(data).resource_spans:
            for scope in resource.scope_spans:
                for span in scope.spans:
                    attributes = {
                        one.key: one.value.string_value or one.value.int_value
                        for one in span.attributes
                    }
                    self.spans.append(
                        {"name": span.name, "trace": span.trace_id.hex(), "id": span.span_id.hex()}
                        | {"parent": span.parent_span_id.hex(), "error": span.status.code == 2}
                        | attributes
                    )

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.close()


def test_requests_become_spans_and_are_sent_before_the_end(receiver: Receiver) -> None:
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, "OTEL_BSP_SCHEDULE_DELAY": "60000"}
    with served("sample:service", TOKEN="c4nary", MORROW_DRAIN="100ms", **env) as one:
        one.get("/items/3?token=c4nary", headers={"traceparent": f"00-{trace}-{parent}-01"})
        one.get("/raise")
        one.get("/nowhere")
        one.get("/healthz")
        one.admin("/readyz")
        one.get("/log", headers={"traceparent": f"00-{trace}-{parent}-01"})
        assert receiver.spans == []
        assert one.stop() == 0
        inside = next(line for line in one.logged if line["message"] == "inside")
        assert inside["trace_id"] == trace
        raised = next(line for line in one.logged if line.get("path") == "/raise")
    names = {str(span["name"]): span for span in receiver.spans}
    assert inside["span_id"] == names["GET /log"]["id"]
    assert raised["span_id"] == names["GET /raise"]["id"], "the line about it comes after its end"
    assert set(names) == {"GET /items/<int:number>", "GET /raise", "GET", "GET /log"}
    item = names["GET /items/<int:number>"]
    assert (item["trace"], item["parent"]) == (trace, parent)
    assert item["http.response.status_code"] == 200
    assert item["url.path"] == "/items/3"
    assert names["GET /raise"]["error"] is True
    assert b"c4nary" not in receiver.raw


def test_the_span_of_a_request_that_ends_in_the_drain_is_sent(
    receiver: Receiver, tmp_path: Path
) -> None:
    made = tmp_path / "made"
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, "OTEL_BSP_SCHEDULE_DELAY": "60000"}
    with served("sample:service", **env) as one, ThreadPoolExecutor(1) as pool:
        late = pool.submit(one.get, f"/sleep-until{made}")
        wait_for(lambda: one.metric("morrow_threads_busy") == 1, "the request")
        one.terminate()
        one.told("draining")
        made.touch()
        assert late.result().status == 200
        assert one.wait() == 0
    assert [span["name"] for span in receiver.spans] == ["GET /sleep-until/<path:made>"]


def test_sampler_of_the_environment_is_obeyed(receiver: Receiver) -> None:
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, "OTEL_TRACES_SAMPLER": "always_off"}
    with served("sample:service", **env) as one:
        assert one.get("/").status == 200
        assert one.stop() == 0
    assert receiver.spans == []


def test_a_collector_that_is_gone_delays_the_end_for_seconds_only() -> None:
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    with served("sample:service", **env) as one:
        assert one.get("/").status == 200
        assert one.stop() == 0


def test_off_imports_nothing() -> None:
    with served("sample:service", OTEL_SDK_DISABLED="true", OTEL_TRACES_EXPORTER="otlp") as one:
        assert "opentelemetry" not in one.get("/modules").text
        assert one.stop() == 0
    told = run("sample:service", OTEL_TRACES_EXPORTER="console")
    assert told.returncode == 1
    assert "OTEL_TRACES_EXPORTER=console: only otlp is known" in told.stdout
