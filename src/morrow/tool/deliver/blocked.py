"""Pods that a StatefulSet waits for in vain: they are deleted, as they are to be replaced."""

from __future__ import annotations

import time

from morrow.tool.base.terminal import terminal
from morrow.tool.diagnose.deployment import blocking
from morrow.tool.diagnose.view import View
from morrow.tool.programs.kubectl import Kubectl

BLOCKED = 8.0  # seconds until a pod of another revision counts as one that does not heal
NOW = "--wait=false"


class Blocked:
    """Since when each of them is in the way."""

    def __init__(self, kubectl: Kubectl) -> None:
        self._kubectl = kubectl
        self._since: dict[str, float] = {}  # pod -> since when

    def free(self, view: View) -> None:
        """Delete those that have been in the way for a while."""
        now = time.monotonic()
        self._since = {name: self._since.get(name, now) for name in blocking(view)}
        for name, since in self._since.items():
            if now - since > BLOCKED and not self._kubectl.run("delete", "pod", name, NOW).code:
                terminal.say(f"  {name}: of another revision and broken; deleted, to be replaced")
