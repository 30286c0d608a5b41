"""Wait for what an earlier command left at work, and put right what it left half-way."""

from __future__ import annotations

import time

from morrow.tool.base.terminal import terminal
from morrow.tool.deliver.failed import PATIENCE
from morrow.tool.environment.model import Environment
from morrow.tool.programs import runner
from morrow.tool.programs.helm import Helm
from morrow.tool.recovery.recovery import find


def settle(environment: Environment) -> None:
    """Wait for a helm that a killed command left at work; fix what one left half-way.

    The lock is ours, so no other `morrow` is at it; a helm of this machine that still runs
    ends by itself.
    """
    state = pending(environment)
    if not state:
        return
    terminal.say(f"  an earlier command left the release {state}")
    deadline = time.monotonic() + PATIENCE
    while state and _helm_runs(environment) and time.monotonic() < deadline:
        terminal.status("  its helm still works; waiting for it")
        time.sleep(2)
        state = pending(environment)
    if not state:
        return
    for finding in find(environment):
        if finding.problem.code == "release-stuck" and finding.fix is not None:
            terminal.say(f"  fixed: {finding.fix()}")


def _helm_runs(environment: Environment) -> bool:
    """Whether a helm process of this machine works on the release."""
    listing = runner.run("ps", "-axww", "-o", "args=").out
    words = (f" {environment.name} ", f"--namespace {environment.namespace}")
    return any("helm" in line and all(w in line for w in words) for line in listing.splitlines())


def pending(environment: Environment) -> str:
    """Return "pending-upgrade", … when an earlier command left the release half-way."""
    history = Helm.of(environment).history(environment.name)
    return history[-1].status if history and history[-1].status.startswith("pending") else ""
