"""The chart that Flux packs for its helm-controller, as `gitops/flux/helmrelease.yaml` asks for it.

That controller cannot be had. What it asks of source-controller is asked here in its place: a
HelmChart as its HelmRelease says. Git, its server and source-controller are real.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from lab.flux import SPACE
from lab.layout import HOST
from tests.e2e.cluster import ROOT, Cluster, CommandError, eventually, needs_lab
from tests.e2e.flux import needs_flux
from tests.unit.tool.git_server import NOBODYS, GitServer

pytestmark = [pytest.mark.full, pytest.mark.timeout(600), needs_lab("has a Flux in it")]
REPOSITORY, CHART = (
    f"{kind}.source.toolkit.fluxcd.io" for kind in ("gitrepositories", "helmcharts")
)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve the bare repositories of a folder over HTTP, by Git's own program for that."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            place = urlsplit(self.path)
            size = self.headers.get("Content-Length") or "0"
            asked = {
                "GIT_PROJECT_ROOT": str(folder),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": place.path,
                "QUERY_STRING": place.query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type") or "",
                "CONTENT_LENGTH": size,
                "GIT_PROTOCOL": self.headers.get("Git-Protocol") or "",
            }
            done = subprocess.run(
                ["git", "http-backend"],
                input=self.rfile.read(int(size)),
                env={**os.environ, **NOBODYS, **asked},
                capture_output=True,
                check=True,
            )
            head, _, body = done.stdout.partition(b"\r\n\r\n")
            lines = [line.split(": ", 1) for line in head.decode().splitlines()]
            told = dict(lines)
            self.send_response(int(told.pop("Status", "200").split()[0]))
            for name, value in told.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the library's name

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer((HOST, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def rendered(cluster: Cluster, chart: Path, *words: str) -> list[Any]:
    """Return what Helm makes of a chart."""
    told = cluster.helm("template", "hello", str(chart), "--namespace=hello", *words)
    return [one for one in yaml.safe_load_all(told) if one]


def test_its_chart_holds_the_values_that_helm_and_argo_cd_read(
    cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    needs_flux(cluster)
    work, environments = tmp_path / "work", ROOT / "environments"
    shutil.copytree(ROOT / "chart", work / "chart")
    shutil.copytree(environments, work / "environments")
    (tmp_path / "served").mkdir()
    server = GitServer(work, tmp_path / "served" / "hello.git")
    commit = server.send("The chart and its values")
    source, release = yaml.safe_load_all((ROOT / "gitops/flux/helmrelease.yaml").read_text())
    told = release["spec"]["chart"]["spec"]

    def chart_of(name: str, **other: Any) -> Path:
        """Let source-controller pack a chart, and return it."""
        spec = {**told, "interval": "10s", **other}
        made = {"apiVersion": source["apiVersion"], "kind": "HelmChart", "spec": spec}
        cluster.apply(namespace, {**made, "metadata": {"name": name}})
        here = (CHART, name, "-n", namespace)

        def ready() -> bool:
            found = (cluster.get(*here).get("status") or {}).get("conditions") or []
            return any(one["type"] == "Ready" and one["status"] == "True" for one in found)

        try:
            eventually(f"{name} is packed", ready, within=90)
        except AssertionError as late:
            raise AssertionError(f"{late}: {cluster.get(*here).get('status')}") from None
        artifact = cluster.get(*here)["status"]["artifact"]
        assert commit[:12] in artifact["revision"], "each commit is another version"
        path = urlsplit(artifact["url"]).path
        raw = f"/api/v1/namespaces/{SPACE}/services/source-controller:80/proxy{path}"
        words = ["kubectl", "--context", cluster.context, "get", "--raw", raw]
        file = tmp_path / f"{name}.tgz"
        with file.open("wb") as written:
            subprocess.run(words, env=cluster.environment(), stdout=written, check=True)
        return file

    with served(tmp_path / "served") as address:
        source["metadata"]["namespace"] = namespace
        source["spec"] |= {"url": f"{address}/hello.git", "interval": "10s"}
        cluster.apply(namespace, source)
        try:
            files = [
                word for name in ("base", "prod") for word in ("-f", f"environments/{name}.yaml")
            ]
            digest = ("--set", f"image.digest=sha256:{'0' * 64}")
            wanted = rendered(cluster, ROOT / "chart", *files, *digest)
            assert rendered(cluster, chart_of("whole"), *digest) == wanted
            # The control: without the chart's own values first they are left out, and it says so.
            less = chart_of("less", valuesFiles=told["valuesFiles"][1:])
            with pytest.raises(CommandError, match="null or an empty block"):
                rendered(cluster, less, *digest)
        finally:
            for kind in (CHART, REPOSITORY):
                cluster.kubectl("-n", namespace, "delete", kind, "--all", "--timeout=60s")
