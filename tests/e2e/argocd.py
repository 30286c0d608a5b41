"""The real Argo CD of the lab, given the objects of `gitops/argocd` for a project of a test's own.

What is changed in the objects is what a person who copies them changes: names, namespaces, where
the repository is.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lab.argocd import GIT, REPOSITORIES, SPACE
from lab.program import running
from tests.e2e.cluster import ROOT, Cluster, CommandError, eventually
from tests.unit.frame.skips import cannot
from tests.unit.tool.git_server import GitServer

KIND = "applications.argoproj.io"
REFRESH = "argocd.argoproj.io/refresh"
FINALIZER = "resources-finalizer.argocd.argoproj.io"


def needs_argocd() -> None:
    """Skip what asks an Argo CD where there is none."""
    if not running("argocd-application-controller"):
        cannot("Argo CD beside the cluster", "`python -m lab add argocd` brings it", "argocd")


def given(name: str) -> dict[str, Any]:
    """Return one of the objects of `gitops/argocd`."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "gitops/argocd" / f"{name}.yaml").read_text())
    return found


@dataclass
class Argo:
    """One project of Argo CD's, one repository that it reads, and the Applications of it."""

    cluster: Cluster
    name: str  # of project and repository
    namespaces: Sequence[str]
    applications: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where Argo CD reads the repository."""
        return f"{GIT}/{self.name}.git"

    @property
    def bare(self) -> Path:
        """Where people push to."""
        return REPOSITORIES / f"{self.name}.git"

    def project(self) -> dict[str, Any]:
        """Return the project, for the test's namespaces."""
        made = given("project")
        made["metadata"]["name"] = self.name
        made["spec"]["sourceRepos"] = [self.url]
        places = [{**made["spec"]["destinations"][0], "namespace": n} for n in self.namespaces]
        made["spec"]["destinations"] = places
        return made

    def application(self, label: str, namespace: str, release: str) -> dict[str, Any]:
        """Return the Application of one environment, taken away with all that it made."""
        made = given("application")
        made["metadata"].update(name=f"{self.name}-{label}", finalizers=[FINALIZER])
        spec = made["spec"]
        spec["project"], spec["source"]["repoURL"] = self.name, self.url
        helm = spec["source"]["helm"]
        helm["releaseName"] = release
        helm["valueFiles"] = [one.replace("prod", label) for one in helm["valueFiles"]]
        spec["destination"]["namespace"] = namespace
        return made

    def add(self, made: dict[str, Any]) -> None:
        """Give Argo CD an Application."""
        self.applications.append(made["metadata"]["name"])
        self.cluster.apply(SPACE, made)

    def status(self, name: str = "") -> dict[str, Any]:
        """Return what is said of an Application; {} as long as nothing is."""
        found = self.cluster.get(KIND, name or self.applications[0], "-n", SPACE)
        return dict(found.get("status") or {})

    def at(self, commit: str, name: str = "") -> bool:
        """Whether a commit is applied and all that it made is well."""
        status = self.status(name)
        sync, health = status.get("sync") or {}, status.get("health") or {}
        said = (sync.get("revision"), sync.get("status"), health.get("status"))
        return said == (commit, "Synced", "Healthy")

    def refresh(self, name: str = "") -> None:
        """Let it look at Git anew, and wait until it has."""
        name = name or self.applications[0]
        self._kubectl("annotate", "--overwrite", KIND, name, f"{REFRESH}=hard")

        def looked() -> bool:
            notes = self.cluster.get(KIND, name, "-n", SPACE)["metadata"].get("annotations") or {}
            return REFRESH not in notes

        eventually(f"{name} is compared anew", looked, within=60)

    def sync(self, name: str = "") -> None:
        """Let it apply what Git says, whatever it thinks of the cluster, and wait until it has."""
        name = name or self.applications[0]
        self.refresh(name)
        eventually("nothing else is applied", lambda: self._ended(name), within=120)
        before = (self.status(name).get("operationState") or {}).get("startedAt")
        asked = {"operation": {"initiatedBy": {"username": "test"}, "sync": {"prune": True}}}
        time.sleep(1)  # its clock has seconds only
        self._kubectl("patch", KIND, name, "--type=merge", "-p", json.dumps(asked))

        def synced() -> bool:
            state = self.status(name).get("operationState") or {}
            return state.get("startedAt") != before and state.get("phase") == "Succeeded"

        eventually(f"{name} is applied again", synced, within=120)

    def _ended(self, name: str) -> bool:
        state = self.status(name).get("operationState") or {}
        return state.get("phase") != "Running"

    def remove(self) -> None:
        """Take Applications and project away, and wait: a namespace that goes first hangs them."""
        for name in self.applications:
            self._kubectl("delete", KIND, name, "--ignore-not-found", "--timeout=60s")
        with suppress(CommandError):  # it waits for Applications that a set of them still makes
            self._kubectl("delete", "appprojects.argoproj.io", self.name, "--timeout=30s")

    def _kubectl(self, *words: str) -> str:
        return self.cluster.kubectl("-n", SPACE, *words)


@contextmanager
def argo(cluster: Cluster, work: Path, *namespaces: str) -> Iterator[tuple[Argo, GitServer]]:
    """A project of Argo CD's over a repository whose work tree is `work`."""
    needs_argocd()
    made = Argo(cluster, f"shop-{secrets.token_hex(3)}", namespaces)
    server = GitServer(work, made.bare)
    cluster.apply(SPACE, made.project())
    try:
        yield made, server
    finally:
        made.remove()
