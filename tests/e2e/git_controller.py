"""A stand-in for a controller: what Argo CD does for one environment, in a few lines.

Pull, render with Helm, apply by the server. It knows no hook, no health and no pruning.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.cluster import Cluster
from tests.unit.tool.git_server import NOBODYS

PERIOD = 0.5
MANAGER = "stand-in-controller"


class Controller:
    """Applies what the server's main says, again and again, until it is told to stop."""

    stands_in = "a controller: pull, helm template, kubectl apply --server-side"

    def __init__(self, cluster: Cluster, namespace: str, bare: Path, folder: Path) -> None:
        self._cluster, self._namespace, self._folder = cluster, namespace, folder
        self._end, self._paused = threading.Event(), threading.Event()
        self._one = threading.Lock()  # one work tree, and two who may apply
        self._thread = threading.Thread(target=self._run, name="stand-in-controller")
        self.syncs = 0  # applied to the end
        self._do("git", "clone", "--quiet", str(bare), str(folder), folder=folder.parent)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Apply beside the test."""
        print(f"a stand-in for {self.stands_in}")
        self._thread.start()
        try:
            yield
        finally:
            self._end.set()
            self._thread.join()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Apply nothing meanwhile; what it was at is at its end."""
        self._paused.set()
        time.sleep(PERIOD)
        self._sync()
        try:
            yield
        finally:
            self._paused.clear()

    def wait(self, syncs: int) -> None:
        """Wait until it has applied so many times more."""
        goal, deadline = self.syncs + syncs, time.monotonic() + 120
        while self.syncs < goal:
            assert time.monotonic() < deadline, "the stand-in for a controller does not apply"
            time.sleep(0.1)

    def _run(self) -> None:
        while not self._end.wait(PERIOD):
            if not self._paused.is_set():
                self._sync()

    def _sync(self) -> None:
        with self._one:
            self._sync_alone()

    def _sync_alone(self) -> None:
        if not self._pulled():
            return
        values, where = "environments/test.yaml", ("-n", self._namespace)
        words = ("template", "web", "chart", "-f", values, *where, "--skip-tests")
        made = self._do("helm", *words, folder=self._folder)
        how = ("--server-side", "--force-conflicts", f"--field-manager={MANAGER}", "-f", "-")
        self._cluster.kubectl("apply", *where, *how, stdin=made)
        self.syncs += 1

    def _pulled(self) -> bool:
        """Whether what the server has now holds the environment."""
        self._do("git", "fetch", "--quiet", "origin", "main", folder=self._folder)
        self._do("git", "reset", "--quiet", "--hard", "FETCH_HEAD", folder=self._folder)
        return (self._folder / "environments" / "test.yaml").is_file()

    def _do(self, *words: str, folder: Path) -> str:
        done = subprocess.run(
            words,
            cwd=folder,
            env={**self._cluster.environment(), **NOBODYS},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return done.stdout
