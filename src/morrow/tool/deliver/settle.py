"""Wait for what an earlier command left at work, and put right what it left half-way."""

from __future__ import annotations

import time

from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.failed import PATIENCE
from morrow.tool.environment.model import Environment
from morrow.tool.programs import runner
from morrow.tool.recovery.recovery import find


def finish_earlier_command(site: Site) -> None:
    """Wait for a helm that a killed command left at work; put right what one left half-way.

    The lock is ours, so no other `morrow` is at it; a helm of this machine that still runs
    ends by itself.
    """
    if not _pending(site):
        return
    terminal.say(f"  an earlier command left the release {_pending(site)}")
    deadline = time.monotonic() + PATIENCE
    while _pending(site) and _helm_runs(site.environment) and time.monotonic() < deadline:
        terminal.status("  its helm still works; waiting for it")
        time.sleep(2)
        site.forget_release()
    if not _pending(site):
        return
    for finding in find(site):
        if finding.problem.code == "release-stuck" and finding.fix is not None:
            terminal.say(f"  fixed: {finding.fix()}")
            site.forget_release()


def _pending(site: Site) -> str:
    """Return "pending-upgrade", … when an earlier command left the release half-way."""
    status = site.history[-1].status if site.history else ""
    return status if status.startswith("pending") else ""


def _helm_runs(environment: Environment) -> bool:
    """Whether a helm process of this machine works on the release."""
    listing = runner.run("ps", "-axww", "-o", "args=").out
    words = (f" {environment.name} ", f"--namespace {environment.namespace}")
    return any("helm" in line and all(w in line for w in words) for line in listing.splitlines())
