"""Ask a pod over HTTP through `kubectl port-forward`: no route, policy or proxy in between."""

from __future__ import annotations

import re
import shlex
import threading
from collections import deque

from morrow.tool.base.web import Answer, get
from morrow.tool.programs import runner
from morrow.tool.programs.kubectl import Kubectl

REFUSED = "connection refused in the pod"


class Tunnel:
    """A `kubectl port-forward` to one port; it ends with `close`, or with this process."""

    def __init__(self, kubectl: Kubectl, target: str, port: int, patience: float = 15) -> None:
        """Open it to "pod/name" or "service/name"; `port` stays 0 where it does not open."""
        words = [*kubectl.where, "port-forward", target, f":{port}", "--address", "127.0.0.1"]
        self.command = f"kubectl {shlex.join(words)}"
        self._process = runner.start("kubectl", *words)
        assert self._process.stdin is not None  # noqa: S101 - asked for above
        assert self._process.stdout is not None  # noqa: S101 - asked for above
        self._line, out = self._process.stdin, self._process.stdout
        self.port, self.said = 0, ""
        # kubectl says a line for each connection: unread ones would fill the pipe and stop it.
        self.last: deque[str] = deque(maxlen=5)  # what it says of connections that fail
        self._rest = threading.Thread(target=lambda: self.last.extend(out), daemon=True)
        # A tunnel that never opens must not hold the caller: its end ends the reads below.
        guard = threading.Timer(patience, self._line.close)
        guard.start()
        try:
            first = out.readline()
            if opened := re.search(r"127\.0\.0\.1:(\d+)", first):
                self.port = int(opened[1])
            else:
                self.said = (first + out.read()).strip() or "it did not open"
            self._rest.start()
        except BaseException:
            self.close()
            raise
        finally:
            guard.cancel()

    def close(self) -> None:
        """End it and wait for that."""
        self._line.close()
        self._process.wait()
        if self._rest.is_alive():
            self._rest.join()
        if self._process.stdout:
            self._process.stdout.close()


def ask(kubectl: Kubectl, target: str, port: int, path: str, host: str = "") -> Answer:
    """GET `path` from `target` ("pod/name", "service/name") on one of its own ports."""
    tunnel = Tunnel(kubectl, target, port)
    try:
        if not tunnel.port:
            return Answer(0, reason=tunnel.said)
        answer = get("127.0.0.1", tunnel.port, path, host=host)
    finally:
        tunnel.close()
    refused = not answer.status and any("connection refused" in line for line in tunnel.last)
    return Answer(0, reason=REFUSED) if refused else answer
