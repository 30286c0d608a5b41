"""Enforces NetworkPolicies on the lab's nodes: a stand-in for a network plug-in that does.

`python -m lab.policy_agent` watches the API and loads nft rules into each node's namespace. A
new pod is open until its rules are loaded, some tenths of a second: real plug-ins differ there.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time

from lab.layout import NODES
from lab.network import NAMESPACES
from lab.policy_rules import rules
from lab.watch import watching

KINDS = {
    "namespaces": "/api/v1/namespaces",
    "pods": "/api/v1/pods",
    "policies": "/apis/networking.k8s.io/v1/networkpolicies",
}
# Objects change in bursts; one load answers a burst.
PAUSE = 0.05


class Loader:
    """Loads a node's rules when they differ from what it has."""

    def __init__(self) -> None:
        self.loaded: dict[str, tuple[int, str]] = {}

    def load(self, by_node: dict[str, str]) -> None:
        """Bring every running node to its rules."""
        for node in NODES:
            namespace = NAMESPACES / node.namespace
            text = by_node.get(node.name, "")
            if not text or not namespace.exists():
                continue
            # A node that was stopped and started is a new namespace without rules.
            wanted = (namespace.stat().st_ino, text)
            if self.loaded.get(node.name) == wanted:
                continue
            done = subprocess.run(
                ["nsenter", f"--net={namespace}", "nft", "-f", "-"],
                input=text,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                print(f"{node.name}: nft refused:\n{done.stderr}\n{text}", flush=True)
            else:
                self.loaded[node.name] = wanted


def main() -> int:
    """Run until killed."""
    changed = threading.Event()
    objects = watching(KINDS, changed)
    loader = Loader()
    print("enforcing NetworkPolicies: a stand-in, for tests", flush=True)
    while True:
        # Also without a change now and then: a node may have been started again.
        changed.wait(timeout=1)
        time.sleep(PAUSE)
        changed.clear()
        found = objects()
        loader.load(rules(found["namespaces"], found["pods"], found["policies"]))


if __name__ == "__main__":
    sys.exit(main())
