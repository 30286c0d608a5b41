"""Helm: typed arguments in, parsed results or a named error out.

How others use it: `helm = Helm(context, namespace)`, then its methods. A release that does
not exist is None or an empty list, not an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from morrow.tool import programs
from morrow.tool.errors import Failure, Problem, problem
from morrow.tool.programs import Result


@dataclass(frozen=True)
class Revision:
    """One line of a release's history."""

    number: int
    status: str  # deployed, superseded, failed, pending-install, pending-upgrade, …
    chart: str
    description: str
    updated: str


@dataclass(frozen=True)
class Helm:
    """Helm against one context and namespace."""

    context: str
    namespace: str

    @property
    def _where(self) -> tuple[str, ...]:
        context = ("--kube-context", self.context) if self.context else ()
        return (*context, "--namespace", self.namespace)

    def run(
        self,
        *arguments: str,
        timeout: float | None = 60,
    ) -> Result:
        """Run any helm command here; the caller judges the exit code."""
        return programs.run("helm", *arguments, *self._where, timeout=timeout)

    def history(self, release: str) -> list[Revision]:
        """Return the release's revisions, oldest first; none when there is no release."""
        done = self.run("history", release, "--output", "json", "--max", "256")
        if done.code:
            if "not found" in done.err:
                return []
            raise done.failure()
        return [
            Revision(
                line["revision"],
                line["status"],
                line["chart"],
                line.get("description", ""),
                line["updated"],
            )
            for line in json.loads(done.out)
        ]

    def upgrade(
        self,
        release: str,
        chart: Path,
        values: Sequence[Path],
        *,
        arguments: Sequence[str] = (),
        timeout: float | None = None,
    ) -> Result:
        """Install or upgrade; the caller judges the result and adds --wait, --atomic, …."""
        require_supported()
        return self.run(
            "upgrade",
            release,
            str(chart),
            "--install",
            *value_arguments(values),
            *arguments,
            timeout=timeout,
        )


def value_arguments(values: Sequence[Path]) -> list[str]:
    """Return the arguments that name the values files."""
    return [word for file in values for word in ("-f", str(file))]


def require_supported() -> None:
    """Refuse a Helm that merges in another way than the plan is computed."""
    found = unsupported(_version(programs.find("helm")))
    if found is not None:
        raise Failure(found, refused=True)


def unsupported(version: str) -> Problem | None:
    """Judge what `helm version --short` printed; what cannot be read is let through."""
    major = re.match(r"v(\d+)\.", version)
    if major is None or int(major[1]) <= 3:
        return None
    cause = f"it is {version.partition('+')[0]}, and `plan` and `up` know how Helm 3 merges"
    return problem("helm-unsupported", "helm", cause)


@cache
def _version(path: str) -> str:
    """Return the version of the program at `path`; asked once."""
    return programs.run("helm", "version", "--short", timeout=20).out.strip()
