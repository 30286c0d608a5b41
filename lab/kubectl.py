"""kubectl with the kubeconfig of the lab, or of the cluster that stands in for it."""

from __future__ import annotations

import json
from typing import Any

from lab.layout import FOREIGN, FOREIGN_CONTEXT, KUBECONFIG
from lab.shell import run, succeeds
from tools.build import program


def _command(arguments: tuple[str, ...]) -> list[str]:
    where = [f"--kubeconfig={FOREIGN or KUBECONFIG}"]
    where += [f"--context={FOREIGN_CONTEXT}"] if FOREIGN and FOREIGN_CONTEXT else []
    return [str(program("kubernetes", "kubectl")), *where, *arguments]


def kubectl(*arguments: str, stdin: str | None = None) -> str:
    """Return what kubectl prints."""
    return run(*_command(arguments), stdin=stdin)


def kubectl_json(*arguments: str) -> Any:  # noqa: ANN401 - the API's objects are of many kinds
    """Return the object that kubectl prints."""
    return json.loads(kubectl(*arguments, "-o", "json"))


def kubectl_succeeds(*arguments: str) -> bool:
    """Say whether kubectl ends with 0."""
    return succeeds(*_command(arguments))
