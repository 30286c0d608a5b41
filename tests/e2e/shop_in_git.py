"""A project whose environment is delivered from Git, whoever reads it there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.e2e.tool_project import Told, ToolProject, laid_over
from tests.unit.tool.git_server import GitServer


@dataclass
class ShopInGit:
    """The project and its Git server."""

    project: ToolProject
    server: GitServer

    def values(self, **more: object) -> dict[str, Any]:
        return laid_over(self.project.simple(target={"delivery": "gitops"}), more)

    def up(self, *words: str, **more: object) -> Told:
        self.project.write(self.values(**more))
        return self.project.morrow("up", "test", "--json", *words)

    def state(self) -> str:
        told = self.project.morrow("status", "test", "--json")
        return str(told.answer["git"]["state"])

    def of(self, path: str) -> str:
        return self.project.kubectl("get", "deployment", "web", "-o", f"jsonpath={{.spec.{path}}}")
