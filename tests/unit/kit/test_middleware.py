"""The middleware in process: ids, metrics, limits, the access log."""

from __future__ import annotations

import io
import json
import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from morrow.kit.request.bodies import BodyRefused
from morrow.kit.request.metrics import MOST_SERIES, RequestDurations
from tests.unit.kit.called import Client, Environ, plain


@pytest.mark.parametrize("given", ["abc-1", "a/b=c+d_e.f", "x" * 128])
def test_sane_id_is_kept(given: str) -> None:
    client = Client(plain)
    client.call(HTTP_X_REQUEST_ID=given)
    assert client.headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", "a\nb", "ä", '"', "<script>"])
def test_insane_id_is_replaced(given: str) -> None:
    client = Client(plain)
    client.call(HTTP_X_REQUEST_ID=given)
    assert client.headers["x-request-id"] != given
    assert len(client.headers["x-request-id"]) == 16


def test_series_stay_bounded() -> None:
    def app(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("404 Not Found", [])
        return []

    client = Client(app)
    for number in range(10_000):
        client.call(f"/path/{number}")
    for number in range(1_000):
        client.call(REQUEST_METHOD=f"METHOD{number}")
    assert len(client.series()) == 2
    assert any('"_OTHER"' in line and line.endswith(" 1000") for line in client.series())


def test_a_flood_of_routes_ends_in_one_series() -> None:
    durations = RequestDurations()
    for number in range(MOST_SERIES + 50):
        durations.observe("GET", f"/{number}", "200", 0.1)
    lines = [line for line in durations.exposition().decode().splitlines() if "_count{" in line]
    assert len(lines) == MOST_SERIES + 1
    assert lines[-1].endswith(" 50")


def test_histogram_counts_and_escapes() -> None:
    durations = RequestDurations()
    for seconds in (0.001, 0.25, 0.3, 99):
        durations.observe("GET", 'a"\\\n\udcff', "200", seconds)
    lines = durations.exposition().decode().splitlines()
    assert any('http_route="a\\"\\\\\\n?"' in line for line in lines)
    by_bound = {
        line.split('le="')[1].split('"')[0]: line.rpartition(" ")[2]
        for line in lines
        if "_bucket" in line
    }
    assert (by_bound["0.005"], by_bound["0.25"], by_bound["0.5"]) == ("1", "2", "3")
    assert by_bound["+Inf"] == "4"
    assert any(line.endswith("_sum") or " 99.551" in line for line in lines)


def test_exposition_is_read_by_prometheus() -> None:
    from prometheus_client.parser import text_string_to_metric_families

    client = Client(plain)
    client.call()
    text = client.observer.durations.exposition().decode()
    (family,) = text_string_to_metric_families(text)
    assert family.type == "histogram"
    assert any(sample.name.endswith("_count") and sample.value == 1 for sample in family.samples)


def test_exc_info_is_passed_on() -> None:
    def app(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [])
        start_response("503 Busy", [], (None, None, None))
        return [b""]

    client = Client(app)
    client.call()
    assert client.status == "503 Busy"


def test_closing_replaces_the_connection_header() -> None:
    def app(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Connection", "keep-alive")])
        return []

    client = Client(app)
    client.observer.closing = True
    client.call()
    assert client.headers["connection"] == "close"
    client.call("/healthz")
    assert client.headers["connection"] == "close"


def test_successes_are_sampled_and_errors_are_not(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    def app(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response(environ["HTTP_WANT"], [])
        return []

    client = Client(app)
    started = int(time.monotonic())
    for _ in range(500):
        client.call(HTTP_WANT="200 OK")
    seconds = int(time.monotonic()) - started + 1
    assert len(caplog.records) <= 10 * seconds
    caplog.clear()
    for _ in range(50):
        client.call(HTTP_WANT="500 Broken", QUERY_STRING="token=t")
    assert len(caplog.records) == 50
    fields = caplog.records[0].fields  # type: ignore[attr-defined]
    assert fields["unlogged_before"] >= 500 - 10 * seconds
    assert "token" not in json.dumps(fields)
    slow = Client(app, slow=0.0)
    caplog.clear()
    for _ in range(50):
        slow.call(HTTP_WANT="200 OK")
    assert len(caplog.records) == 50


def test_body_limit(caplog: pytest.LogCaptureFixture) -> None:
    def app(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        data = environ["wsgi.input"].read()
        start_response("200 OK", [])
        return [str(len(data)).encode()]

    client = Client(app, body_limit=200_000)
    body = io.BytesIO(b"x" * 300_000)
    assert b"larger than 200000 bytes" in client.call(
        CONTENT_LENGTH="200001", more={"wsgi.input": body}
    )
    assert client.status == "413 Content Too Large"
    assert body.tell() == 0
    # Without a length it is found out while the application reads.
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": body}
    client.call(more=chunked)
    assert client.status == "413 Content Too Large"
    exact = {"CONTENT_LENGTH": "200000", "wsgi.input": io.BytesIO(b"x" * 200_000)}
    assert client.call(more=exact) == b"200000"
    none = {"CONTENT_LENGTH": "0", "wsgi.input": io.BytesIO()}
    assert client.call(more=none) == b"0"


def test_refusal_wins_over_the_frameworks_error_page() -> None:
    def app(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            environ["wsgi.input"].read()
        except BodyRefused:
            raise RuntimeError("as frameworks do") from None
        return []

    client = Client(app, body_limit=10)
    client.call(HTTP_TRANSFER_ENCODING="chunked", more={"wsgi.input": io.BytesIO(b"x" * 11)})
    assert client.status == "413 Content Too Large"
