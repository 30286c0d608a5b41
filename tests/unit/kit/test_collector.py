"""Spans through OpenTelemetry's own collector, those of a service that is stopped too."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.ports import free_port
from tests.unit.kit.served import served, wait_for
from tools.build import program

REQUESTS = 1000
CONFIGURATION = """
receivers: {{otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:{port}"}}}}}}}}
exporters: {{file: {{path: "{file}"}}}}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines: {{traces: {{receivers: [otlp], exporters: [file]}}}}
"""


@contextmanager
def running_collector(folder: Path) -> Iterator[None]:
    """Run it by `otelcol.yaml` of this folder."""
    with (folder / "log").open("w") as log:
        running = subprocess.Popen(
            [program("otelcol"), f"--config=file:{folder / 'otelcol.yaml'}"],
            stdout=log,
            stderr=log,
        )
        try:
            wait_for(lambda: "Everything is ready" in (folder / "log").read_text(), "it", 60)
            yield
        finally:
            running.terminate()
            running.wait(20)


@contextmanager
def collector(folder: Path) -> Iterator[str]:
    """Run it; what it takes is in spans.json once it has ended."""
    port = free_port()
    text = CONFIGURATION.format(port=port, file=folder / "spans.json")
    (folder / "otelcol.yaml").write_text(text)
    with running_collector(folder):
        yield f"http://127.0.0.1:{port}"


def spans(folder: Path) -> list[dict[str, Any]]:
    """Return what the collector wrote."""
    return [
        span
        for line in (folder / "spans.json").read_text().splitlines()
        for resource in json.loads(line)["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]


@pytest.mark.parametrize("sampler", ["always_on", "always_off"])
def test_a_service_that_is_stopped_loses_no_span(tmp_path: Path, sampler: str) -> None:
    """The control, of which no request is sampled, gives none."""
    with collector(tmp_path) as url:
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_BSP_SCHEDULE_DELAY": "60000"}
        with (
            served("sample:service", **env, OTEL_TRACES_SAMPLER=sampler) as one,
            ThreadPoolExecutor(4) as pool,
        ):
            asked = pool.map(lambda number: one.get(f"/items/{number}").status, range(REQUESTS))
            assert set(asked) == {200}
            assert one.stop() == 0
    found = spans(tmp_path)
    if sampler == "always_off":
        assert found == []
        return
    assert len({span["spanId"] for span in found}) == len(found) == REQUESTS
    assert {span["name"] for span in found} == {"GET /items/<int:number>"}
