"""What may answer, or not, where a Prometheus was said to be."""

from __future__ import annotations

import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote, unquote

import pytest

from morrow.tool.base.errors import Failure
from morrow.tool.base.project import Project
from morrow.tool.cluster.site import Site
from morrow.tool.environment.load import read
from morrow.tool.metrics import prometheus as asked
from morrow.tool.metrics.prometheus import Prometheus
from tests.serving import serving


@pytest.fixture
def site(project_folder: Path) -> Site:
    return Site(read(Project.find(), "dev", None))


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


def test_a_bracket_that_does_not_close_is_told_so(site: Site) -> None:
    with pytest.raises(Failure) as raised:
        Prometheus.of(site, "http://[::1")
    assert raised.value.problems[0].code == "prometheus-silent"


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
