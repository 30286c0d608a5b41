"""Make beforehand what the tests would otherwise make inside their time limits.

`make test` runs this first: a first build takes minutes, and says so while it runs. What this
machine cannot have is told in one line; the tests that need it are then skipped, and fail in CI.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from functools import partial

from tests.chart import schemas
from tests.terraform import helm_provider
from tools.build import UnavailableError, folders

PROGRAMS = (
    "cosign",
    "cyclonus",
    "helm",
    "helm-3.18",
    "helm-4",
    "kube-score",
    "kubeconform",
    "otelcol",
    "registry",
    "sops",
    "tflint",
)


def parts() -> Iterator[Callable[[], object]]:
    """Yield what makes each part."""
    for name in PROGRAMS:
        yield partial(folders, [name])
    yield schemas.folder
    if shutil.which("terraform"):
        yield helm_provider.build


def main() -> int:
    missing = []
    for make in parts():
        try:
            make()
        except UnavailableError as problem:
            missing.append(str(problem))
    for reason in dict.fromkeys(missing):
        print(f"not tested here: {reason}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
