"""All objects of one kind, kept as the API server has them."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lab import api


def watching(
    kinds: Mapping[str, str], changed: threading.Event
) -> Callable[[], dict[str, list[Any]]]:
    """Watch kinds by their paths, and wait until each was listed; return who tells the objects."""
    watches = {kind: Watch(path, changed) for kind, path in kinds.items()}
    for watch in watches.values():
        watch.start()
    for watch in watches.values():
        watch.ready.wait()
    return lambda: {kind: list(watch.objects.values()) for kind, watch in watches.items()}


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
