"""Enforces NetworkPolicies on the lab's nodes: a stand-in for a network plug-in that does.

`python -m lab.policy_agent` watches the API and loads nft rules into each node's namespace. A
new pod is open until its rules are loaded, some tenths of a second: real plug-ins differ there.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from lab import api
from lab.layout import NODES
from lab.network import NAMESPACES
from lab.policy_rules import rules

KINDS = {
    "namespaces": "/api/v1/namespaces",
    "pods": "/api/v1/pods",
    "policies": "/apis/networking.k8s.io/v1/networkpolicies",
}
# Objects change in bursts; one load answers a burst.
PAUSE = 0.05


class Watch(threading.Thread):
    """Keeps all objects of one kind, as the API has them."""

    def __init__(self, path: str, changed: threading.Event) -> None:
        super().__init__(daemon=True)
        self.path = path
        self.changed = changed
        self.ready = threading.Event()
        self.objects: dict[str, Any] = {}

    def run(self) -> None:
        """List, then follow; begin again when the API server was away."""
        while True:
            try:
                self._list_and_follow()
            except (OSError, http.client.HTTPException, ValueError) as problem:
                print(f"{self.path}: {problem}; again in a second", flush=True)
                time.sleep(1)

    def _list_and_follow(self) -> None:
        listed = json.loads(b"".join(self._read(self.path, 30)))
        self.objects = {item["metadata"]["uid"]: item for item in listed["items"]}
        self.ready.set()
        self.changed.set()
        version = listed["metadata"]["resourceVersion"]
        address = f"{self.path}?watch=1&allowWatchBookmarks=true&resourceVersion={version}"
        for line in self._read(address, 330):
            event = json.loads(line)
            if event["type"] == "ERROR":
                raise ValueError(f"the watch ended: {event['object'].get('message')}")
            if event["type"] == "BOOKMARK":
                continue
            found = event["object"]
            kept = {
                uid: each for uid, each in self.objects.items() if uid != found["metadata"]["uid"]
            }
            if event["type"] != "DELETED":
                kept[found["metadata"]["uid"]] = found
            self.objects = kept
            self.changed.set()

    def _read(self, path: str, timeout: float) -> Iterator[bytes]:
        connection = api.connection(timeout)
        try:
            connection.request("GET", path, headers={"Accept": "application/json"})
            answer = connection.getresponse()
            if answer.status != 200:
                raise ValueError(f"the API server answered {answer.status}")
            yield from answer
        finally:
            connection.close()


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
    watches = {kind: Watch(path, changed) for kind, path in KINDS.items()}
    for watch in watches.values():
        watch.start()
    for watch in watches.values():
        watch.ready.wait()
    loader = Loader()
    print("enforcing NetworkPolicies: a stand-in, for tests", flush=True)
    while True:
        # Also without a change now and then: a node may have been started again.
        changed.wait(timeout=1)
        time.sleep(PAUSE)
        changed.clear()
        found = {kind: list(watch.objects.values()) for kind, watch in watches.items()}
        loader.load(rules(found["namespaces"], found["pods"], found["policies"]))


if __name__ == "__main__":
    sys.exit(main())
