"""`morrow dash` over a real Prometheus: each panel has data, in its unit; the page stands alone."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from morrow.tool.base.errors import Failure
from morrow.tool.base.project import Project
from morrow.tool.base.terminal import terminal
from morrow.tool.cli.commands.dash import command
from morrow.tool.cli.commands.status import command as status
from morrow.tool.cli.commands.verify import _with_versions as with_versions
from morrow.tool.cluster.site import Site
from morrow.tool.environment.load import read
from morrow.tool.metrics.board import Board, Span
from morrow.tool.metrics.board import read as read_board
from morrow.tool.metrics.figures import Cost, cost, now, versions
from morrow.tool.metrics.prometheus import Prometheus
from morrow.tool.report.graphs import Graph, dashboard
from morrow.tool.report.page import Line
from morrow.tool.verify.verify import Verdict
from tests.chart.dashboards import BOUNDS
from tests.unit.tool.conftest import ROOT
from tests.unit.tool.monitored import monitored
from tests.unit.tool.stand_in import StandIn

FILES = ROOT / "chart" / "files"
MARKS = {"@NAME@": "shop", "$namespace": "somewhere", "$pod": ".*"}


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Debian's Prometheus, with hello under load."""
    with monitored(tmp_path_factory.mktemp("monitored")) as url:
        yield url


@pytest.fixture(autouse=True)
def _people(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command's --json stays for the process: take it back after each test."""
    monkeypatch.setattr(terminal, "json", False)


@pytest.fixture
def site(project_folder: Path) -> Site:
    dev = project_folder / "environments" / "dev.yaml"
    dev.write_text(dev.read_text().replace("shop-dev", "somewhere"))
    return Site(read(Project.find(), "dev", None))


def board(file: Path, site: Site, url: str) -> Board:
    now = time.time()
    span = Span(now - 900, now)
    everywhere = {"$namespace": ".*"} if file.name == "fleet.json" else {}
    return read_board(file, Prometheus.of(site, url), MARKS | everywhere, span)


def without_data(found: Board) -> list[str]:
    return [panel.title for panel in found.graphs if not panel.lines]


@pytest.mark.parametrize(
    ("name", "empty", "deploys"),
    [
        ("dashboard.json", ["Requests at once"], ["1.4.2", "1.4.3"]),
        ("fleet.json", ["Threads busy"], [f"{one}/shop {version}" for one, version in
                        (("elsewhere", "1.4.2"), ("somewhere", "1.4.2"), ("somewhere", "1.4.3"))]),
    ],
)  # fmt: skip
def test_every_query_of_every_panel_returns_data(
    prometheus: str, site: Site, tmp_path: Path, name: str, empty: list[str], deploys: list[str]
) -> None:
    print("a stand-in says what the kubelet and kube-state-metrics would say")
    found = board(FILES / name, site, prometheus)
    assert without_data(found) == []
    wanted = json.loads((FILES / name).read_text())["panels"]
    for panel, said in zip(wanted, found.graphs, strict=True):
        assert len(said.lines) >= len(panel["targets"]), panel["title"]
    assert sorted(version for _, version in found.deploys) == deploys
    # The control: a query that names no metric leaves its panel empty, and is seen.
    wrong = tmp_path / name
    text = (FILES / name).read_text().replace("active_requests", "active_request")
    wrong.write_text(text if name == "dashboard.json" else text.replace("threads_busy", "busy"))
    assert without_data(board(wrong, site, prometheus)) == empty


def test_no_value_has_a_wrong_unit(prometheus: str, site: Site) -> None:
    panels = {
        panel.title: panel for panel in board(FILES / "dashboard.json", site, prometheus).graphs
    }
    well = {"Error budget left": (0, 1), "Checks": (1, 1)}
    for title, (low, high) in (BOUNDS | well).items():
        for name, line in panels[title].lines:
            assert low <= line[-1][1] <= high, (title, name, line[-1][1])
    (per_second,) = [line[-1][1] for n, line in panels["Requests per second"].lines if n == "all"]
    per_minute = sum(line[-1][1] for _, line in panels["Requests per minute"].lines)
    assert 0.5 < per_minute / (60 * per_second) < 2


class Looks(HTMLParser):
    """What a page would fetch, and how many graphs it has."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.graphs = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.graphs += tag == "figure"
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href")]


def test_the_page_stands_alone(prometheus: str, site: Site, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    words = ["dev", "--prometheus", prometheus, "--for", "15m", "-o", str(page), "--json"]
    done = CliRunner().invoke(command, words)
    assert done.exit_code == 0, done.output
    told: dict[str, Any] = json.loads(re.sub(r"^[^{]*", "", done.stdout, count=1))
    assert len(told["panels"]) == 14
    assert [one["version"] for one in told["deploys"]] == ["1.4.2", "1.4.3"]
    looks = Looks()
    text = page.read_text()
    looks.feed(text)
    assert (looks.graphs, looks.fetched) == (14, [])
    assert "url(" not in text
    assert "no data" not in text
    assert CliRunner().invoke(command, [*words, "--pod", "nobody"]).exit_code == 0
    assert page.read_text().count("no data") >= 10, "the control: no such pod"


def test_a_narrow_window_shows_all_and_a_week_its_days() -> None:
    """A headless browser of 400 pixels showed a page that went on to the right."""
    week = [Graph("t", "d", "short", [("one", [(0.0, 1.0), (604800.0, 2.0)])])]
    page = dashboard("t", "v", week, 0, 604800, [(86400.0, "1.2")])
    assert "minmax(min(400px,100%),1fr)" in page
    assert re.findall(r">(\d\d-\d\d \d\d:\d\d)<", page) == [
        "01-01 00:00", "01-04 12:00", "01-08 00:00", "01-02 00:00",
    ]  # fmt: skip


def test_a_query_that_is_none_is_told_in_prometheus_words(prometheus: str, site: Site) -> None:
    with pytest.raises(Failure, match="parse error"):
        Prometheus.of(site, prometheus).instant("sum(")


def test_figures_now_and_of_each_version_beside_the_other(prometheus: str, site: Site) -> None:
    source = Prometheus.of(site, prometheus)
    found = now(source, "somewhere", "shop")
    assert (found.failing, found.budget_left) == (0, 1)
    assert found.p99 is not None
    assert 0 < found.p99 < 10
    both = versions(source, "somewhere", "shop", 300)
    assert list(both) == ["1.4.2", "1.4.3"]
    assert found.rate is not None
    assert 0.5 < found.rate * 300 / sum(one.requests for one in both.values()) < 2
    for one in both.values():
        assert one.requests > 10
        assert one.failed == 0
        assert one.p99 is not None
    assert "requests, 0 failed, p99" in both["1.4.3"].as_text()
    nobody = now(source, "somewhere", "nobody")
    assert (nobody.rate, nobody.as_text()) == (None, "nothing of this service")
    assert versions(source, "somewhere", "nobody", 300) == {}


def test_what_a_pod_costs_is_counted_in_series(prometheus: str, site: Site) -> None:
    source = Prometheus.of(site, prometheus)
    found = cost(source, "somewhere", "shop", 30)
    assert found is not None
    (counted,) = source.instant('count({namespace="somewhere",pod="shop-1",job="pods"})')
    # Five of the counted are Prometheus' own about the reading.
    assert found.series == counted.last - 5
    assert cost(source, "somewhere", "nobody", 30) is None
    pod_of_100_routes = Cost(4_200, 30)
    assert (pod_of_100_routes.memory, round(pod_of_100_routes.disk_a_day)) == (
        9_030_000,
        29_030_400,
    )
    assert pod_of_100_routes.as_text() == (
        "a pod has up to 4,200 series: about 9 MB of Prometheus' memory, 29 MB of disk a day"
    )


def test_a_verification_shows_the_versions_side_by_side(prometheus: str, site: Site) -> None:
    bare = Verdict("dev", [Line(True, "it answers", "200")], [("service", "shop")], None)
    found = with_versions(bare, site, prometheus, 30)
    assert [name for name, _ in found.facts] == ["service", "version 1.4.2", "version 1.4.3"]
    assert all(" 0 failed, p99 " in told for name, told in found.facts if name != "service")
    for _, told in found.facts[1:]:
        assert told in found.html(), "in the report too"


def test_status_says_what_prometheus_knows(
    cluster: StandIn, prometheus: str, tmp_path: Path
) -> None:
    dev = tmp_path / "environments" / "dev.yaml"
    dev.write_text(dev.read_text() + "observability: {rules: {enabled: true}}\n")
    told = CliRunner().invoke(status, ["dev", "--json", "--prometheus", prometheus])
    data: dict[str, Any] = json.loads(re.sub(r"^[^{]*", "", told.stdout, count=1))
    assert set(data["metrics"]) == {
        "requests_per_second", "failing", "p99_seconds", "error_budget_left"
    }  # fmt: skip
    terminal.json = False
    silent = CliRunner().invoke(status, ["dev", "--prometheus", "http://127.0.0.1:9"])
    assert isinstance(silent.exception, Failure)
    assert silent.exception.problems[0].code == "prometheus-silent"
    unasked = CliRunner().invoke(status, ["dev"])
    assert "metrics: none, no Prometheus answers at monitoring/prometheus-op" in unasked.stdout
