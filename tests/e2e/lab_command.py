"""The lab's own command, run to its end."""

from __future__ import annotations

import subprocess
import sys

from tests.e2e.cluster import ROOT

LAB = (sys.executable, "-m", "lab")


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """Run it; a hang fails."""
    return subprocess.run(
        [*LAB, *words], cwd=ROOT, capture_output=True, text=True, timeout=280, check=False
    )
