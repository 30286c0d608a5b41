"""One histogram, classic and native, by the chart's monitors, the real operator and Prometheus."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.e2e.cluster import Cluster, Image, eventually, needs_lab
from tests.e2e.conftest import make_namespace
from tests.e2e.tool_project import ToolProject
from tests.e2e.watched import Watched, asked, needs_monitoring
from tests.serving import asking

pytestmark = [
    pytest.mark.full,
    pytest.mark.timeout(900),
    needs_lab("needs Prometheus 3 and its operator"),
]
NAME = "http_server_request_duration_seconds"


@pytest.mark.parametrize("monitor", ["pod", "service"])
def test_a_native_histogram_says_what_the_classic_one_says(
    cluster: Cluster, hello_image: Image, tmp_path: Path, monitor: str
) -> None:
    """The control comes first: without the value there is none."""
    needs_monitoring(cluster)
    namespace = f"e2e-native-{monitor}-{os.getpid()}"
    own = f'namespace="{namespace}"'
    classic = f"histogram_quantile(0.99, sum by (le) (rate({NAME}_bucket{{{own}}}[1m])))"
    native = f"histogram_quantile(0.99, sum(rate({NAME}{{{own}}}[1m])))"

    def number(query: str) -> float:
        found = asked(cluster, query)
        return float(found[0]["value"][1]) if found else float("nan")

    make_namespace(cluster, namespace)
    try:
        watched = Watched(ToolProject(tmp_path, cluster, namespace, hello_image), monitor, "wsgi")
        watched.up()
        with asking(watched.ask, "/", "/slow", clients=2, pause=0.1):
            eventually("the classic one", lambda: number(classic) > 0.5, within=180, every=2)
            assert asked(cluster, f"{{__name__=~'{NAME}',{own}}}") == []
            seen = watched.values()["observability"]
            watched.up(observability={**seen, "monitor": {**seen["monitor"], "native": True}})
            # It began later: the two agree once a minute of it is there.
            both = f"{native} / {classic}"
            eventually("one answer", lambda: abs(number(both) - 1) < 1e-6, within=240, every=2)
            print(f"{monitor}: p99 {number(native):.4f} s native, {number(classic):.4f} s classic")
    finally:
        cluster.kubectl("delete", "namespace", namespace, "--wait=false")
