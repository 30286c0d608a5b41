"""The Debian packages that the lab needs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from lab.errors import LabError

LIST = Path(__file__).with_name("packages.txt")


def wanted() -> dict[str, str]:
    """Return each package with the file or program that shows it is there."""
    lines = [line.partition("#")[0].strip() for line in LIST.read_text().splitlines()]
    pairs = [line.partition(":") for line in lines if line]
    return {package.strip(): sign.strip() for package, _, sign in pairs}


def missing() -> list[str]:
    """Return the packages that are not there."""
    return [
        package
        for package, sign in wanted().items()
        if not (Path(sign).exists() if sign.startswith("/") else shutil.which(sign))
    ]


def check() -> None:
    """Raise when the lab cannot run here."""
    if os.geteuid() != 0:
        raise LabError("the lab makes network namespaces and cgroups; run it as root")
    lacking = missing()
    if lacking:
        raise LabError(
            f"these Debian packages are missing; `apt-get install {' '.join(lacking)}` mends it"
        )
