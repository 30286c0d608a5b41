"""`morrow dash` over a real Prometheus: each panel has data, in its unit; the page stands alone."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote, unquote

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
from morrow.tool.metrics import prometheus as asked
from morrow.tool.metrics.board import Board, Span
from morrow.tool.metrics.board import read as read_board
from morrow.tool.metrics.figures import now, versions
from morrow.tool.metrics.prometheus import Prometheus
from morrow.tool.report.page import Line
from morrow.tool.verify.verify import Verdict
from tests.chart.dashboards import BOUNDS
from tests.serving import serving
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
    ("name", "deploys"),
    [
        ("dashboard.json", ["1.4.2", "1.4.3"]),
        ("fleet.json", [f"{one}/shop {version}" for one, version in
                        (("elsewhere", "1.4.2"), ("somewhere", "1.4.2"), ("somewhere", "1.4.3"))]),
    ],
)  # fmt: skip
def test_every_query_of_every_panel_returns_data(
    prometheus: str, site: Site, tmp_path: Path, name: str, deploys: list[str]
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
    wrong.write_text(
        (FILES / name).read_text().replace("morrow_threads_busy", "morrow_threads_bus")
    )
    assert without_data(board(wrong, site, prometheus)) == ["Threads busy"]


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


def test_what_does_not_answer_is_named(site: Site) -> None:
    with pytest.raises(Failure) as raised:
        Prometheus.of(site, "http://127.0.0.1:9").instant("up")
    assert raised.value.problems[0].code == "prometheus-silent"


class Stranger(BaseHTTPRequestHandler):
    """Whatever else may answer where a Prometheus was said to be."""

    bodies: ClassVar[dict[str, bytes]] = {
        "list": b"[]",
        "null": b"null",
        "no data": b'{"status": "success", "data": null}',
        "no series": b'{"status": "success", "data": {"result": [5]}}',
        "scalar": b'{"status": "success", "data": {"result": [1, "2"]}}',
        "html": b"<html>Log in</html>",
        "nothing": b"",
        "no text": b"\xff\xfe",
    }

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        kind = unquote(self.path.split("/")[1])
        with suppress(OSError):  # nobody waits for it any more
            while kind == "drips":
                self.wfile.write(b" ")
                time.sleep(0.05)
        self.wfile.write(self.bodies.get(kind, b""))


def test_what_is_no_prometheus_is_told_so(site: Site) -> None:
    with serving(Stranger) as address:
        for kind in Stranger.bodies:
            with pytest.raises(Failure, match="is no Prometheus' JSON"):
                Prometheus.of(site, f"http://{address}/{quote(kind)}").instant("up")


def test_an_answer_that_never_ends_is_not_waited_for(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked, "SECONDS", 0.5)
    with serving(Stranger) as address, pytest.raises(Failure, match="no whole answer within"):
        Prometheus.of(site, f"http://{address}/drips").instant("up")


def test_a_password_in_an_address_is_refused_and_not_repeated(site: Site) -> None:
    with pytest.raises(Failure) as raised:
        Prometheus.of(site, "http://me:c4nary@localhost:9090")
    (told,) = raised.value.problems
    assert told.object == "localhost:9090"
    assert "c4nary" not in f"{told}"


def test_what_is_no_address_is_told_so(site: Site) -> None:
    for wrong in ("ftp://example.com", "a/b/c", "monitoring/../secrets"):
        with pytest.raises(Failure, match="neither a URL nor"):
            Prometheus.of(site, wrong)
    assert Prometheus.of(site, "").where == "monitoring/prometheus-operated:9090"


def test_no_cluster_is_asked_for_a_process(project_folder: Path) -> None:
    dev = project_folder / "environments" / "dev.yaml"
    dev.write_text(dev.read_text().replace("kind: kubernetes", "kind: process"))
    site = Site(read(Project.find(), "dev", None))
    with pytest.raises(Failure, match="no cluster leads to a Prometheus"):
        Prometheus.of(site, "monitoring/prometheus:9090")
    assert Prometheus.of(site, "http://127.0.0.1:9090").where == "http://127.0.0.1:9090"


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
