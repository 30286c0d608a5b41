"""The cluster, reached by another Helm than the one in use: the oldest promised, or Helm 4."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields

from tests.e2e.cluster import Cluster
from tools.build import program

HELMS = ("helm-3.18", "helm", "helm-4")


@dataclass(frozen=True)
class ByHelm(Cluster):
    """A cluster whose commands find this Helm first."""

    tool: str = "helm"

    def environment(self) -> dict[str, str]:
        """Return the environment in which the chosen Helm stands first."""
        found = super().environment()
        folder = program(self.tool, "helm").parent
        return found | {"PATH": f"{folder}{os.pathsep}{found['PATH']}"}


def by_helm(cluster: Cluster, tool: str) -> Cluster:
    """Return the cluster as this Helm of tools/ reaches it."""
    return ByHelm(**{one.name: getattr(cluster, one.name) for one in fields(cluster)}, tool=tool)
