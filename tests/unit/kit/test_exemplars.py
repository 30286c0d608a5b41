"""OpenMetrics for who asks for it: an exemplar leads from a slow answer to that request's trace."""

from __future__ import annotations

import json
import shutil
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from prometheus_client.openmetrics import parser
from prometheus_client.parser import text_string_to_metric_families

from morrow.kit.health.admin import ASKS_OPENMETRICS
from morrow.kit.request.metrics import NAME, RequestDurations
from tests.serving import asking
from tests.unit.frame.skips import cannot
from tests.unit.kit.served import Answer, Served, ask, served
from tests.unit.kit.test_collector import collector, spans
from tests.unit.tool.monitored import asked, configuration, prometheus, soon

# As Prometheus 2.42 and 3 ask; the kit's answer has no other names, so nothing is to be escaped.
ASKED = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,*/*;q=0.1",
)
APP = """
import prometheus_client
from sample import SampleSettings, create_app
from morrow import Service

orders = prometheus_client.Counter("orders", "Ordered.")
orders.inc(exemplar={"order": "7"})
prometheus_client.Histogram("price", "What was paid.").observe(3)
service = Service(create_app, SampleSettings)
service.pool("database")(lambda: (1, 4))
"""
SLOW_ONE = f'{NAME}_count{{http_route=~"/sleep.*"}} > 0'
read: Callable[[str], Any] = parser.text_string_to_metric_families
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scraped(one: Served, accept: str) -> Answer:
    return ask(one.admin_port, "/metrics", headers={"Accept": accept})


def own_samples(families: Any) -> Samples:
    """Return what does not change by itself: what is of requests and of the application."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
        if sample.name.startswith((NAME, "morrow_responses", "orders", "price"))
    }


@pytest.mark.parametrize("accept", ASKED)
def test_openmetrics_says_what_the_text_says(tmp_path: Path, accept: str) -> None:
    (tmp_path / "counts.py").write_text(APP)
    env = {"PWD": str(tmp_path), "TOKEN": "c4nary"}
    with served("counts:service", **env) as one:
        for path in ("/items/1", "/raise", "/nowhere"):
            one.get(path)
        told, text = scraped(one, accept), scraped(one, "text/plain")
    assert told.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0;")
    assert text.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = list(read(told.text))
    assert {"morrow_responses", "morrow_pool_busy", "process_cpu_seconds", "orders"} <= {
        one.name for one in families
    }
    samples = own_samples(families)
    assert samples == own_samples(text_string_to_metric_families(text.text))
    assert len(samples) > 60
    with pytest.raises(ValueError, match="Clashing name"):  # the control
        list(read(text.text))
    assert told.text.count("# EOF") == 1
    assert told.text.count(" # {") == 1, "the application's own; untraced requests have none"


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("application/openmetrics-text;q=0", False),
        ("application/openmetrics-text;version=1.0.0;q=0.0, text/plain", False),
        ("text/plain;q=0, application/openmetrics-text;q=0.001", True),
    ],
)
def test_openmetrics_is_not_given_to_who_refuses_it(accept: str, *, wanted: bool) -> None:
    head = f"GET /metrics HTTP/1.1\r\nHost: a\r\nAccept: {accept}\r\n\r\n"
    assert bool(ASKS_OPENMETRICS(head.encode())) is wanted


def test_each_bucket_keeps_its_newest_request_whose_trace_is_kept() -> None:
    durations, untraced = RequestDurations(), RequestDurations()
    began = time.time()
    seen = [(0.003, 1), (0.004, 2), (0.0005, 0), (0.05, 0), (0.7, 3), (11.0, 4)]
    for method, route in (("GET", "/50%"), ("BREW", "/\r")):
        for seconds, trace_id in seen:
            durations.observe(method, route, "200", seconds, trace_id)
            untraced.observe(method, route, "200", seconds)
    text = durations.exposition()
    assert text == untraced.exposition() == untraced.exposition(openmetrics=True)
    told = durations.exposition(openmetrics=True).decode()
    assert "\n".join(line.partition(" # ")[0] for line in told.split("\n")) == text.decode()
    (family,) = read(told + "# EOF\n")
    kept = [
        (one.labels["http_route"], one.labels["le"], one.exemplar.labels, one.exemplar.value)
        for one in family.samples
        if one.exemplar
    ]
    assert kept == [
        (route, le, {"trace_id": f"{trace_id:032x}"}, seconds)
        for route in ("/50%", "/\r")
        for le, trace_id, seconds in (("0.005", 2, 0.004), ("1.0", 3, 0.7), ("+Inf", 4, 11.0))
    ]
    when = [float(one.exemplar.timestamp) for one in family.samples if one.exemplar]
    assert began - 0.001 <= min(when) <= max(when) <= time.time() + 0.001, "told in milliseconds"


def exemplars(url: str) -> list[dict[str, Any]]:
    """Return what Prometheus kept beside the histogram."""
    query = {"query": f"{NAME}_bucket", "start": time.time() - 600, "end": time.time() + 60}
    whole = f"{url}/api/v1/query_exemplars?{urlencode(query)}"
    with urllib.request.urlopen(whole, timeout=10) as answer:  # noqa: S310 - http
        found = json.load(answer)["data"]
    return [
        {**exemplar["labels"], **series["seriesLabels"]}
        for series in found
        for exemplar in series["exemplars"]
    ]


@pytest.mark.parametrize("sampler", ["always_on", "always_off"])
def test_a_real_prometheus_leads_from_a_slow_answer_to_its_trace(
    tmp_path: Path, sampler: str
) -> None:
    """The control: of requests that nobody samples there are durations, and no exemplars."""
    program = shutil.which("prometheus")
    if program is None:
        cannot("exemplars", "Debian's package prometheus is missing", "promtool")
    with collector(tmp_path) as collects:
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collects, "OTEL_TRACES_SAMPLER": sampler}
        with served("sample:service", **env) as one:
            (tmp_path / "prometheus.yaml").write_text(
                configuration([one.admin_port], f"127.0.0.1:{one.admin_port}")
            )
            feature = "--enable-feature=exemplar-storage"
            with prometheus(program, tmp_path, feature) as url, asking(one.get, "/items/1"):
                one.get("/sleep/0.3")
                soon(lambda: asked(url, SLOW_ONE), "the slow one's duration")
                found = exemplars(url)
            assert one.stop() == 0, "and what spans are left are sent"
        slow = {one["trace_id"] for one in found if one["http_route"].startswith("/sleep")}
    traces = {span["traceId"]: span["name"] for span in spans(tmp_path)}
    if sampler == "always_off":
        assert (found, traces) == ([], {})
        return
    assert [traces[trace] for trace in slow] == ["GET /sleep/<float:seconds>"]
    assert {one["trace_id"] for one in found} <= set(traces)
