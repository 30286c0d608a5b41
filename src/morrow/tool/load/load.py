"""An open-loop load client: a constant rate of requests, and an honest account of each.

    with Load(Options("https://shop.example.com/", rate=300, ca_file="ca.pem",
                      connect=("10.0.0.7:443", "10.0.0.8:443"))) as load:
        load.mark("update")          # a line on the timeline; failures carry its name
        ...                          # do the thing that must lose nothing
        load.mark("after")
    result = load.result             # also: Load(options, seconds=30).run()
    assert result.requests > 5000 and not result.failures, result.summary()

The client runs in a process of its own, so that nothing the caller does delays a request; it
stops when the caller ends. `Load.progress` is the latest count while it runs.

**Open loop.** Request number n is due at start + n / rate, whatever became of the ones before.
Its latency runs from that moment, so a server (or a client) that stalls cannot hide it.
`Result.lag` says how late the client itself sent its requests; where that is more than
`LATE`, the machine was too busy for the rate, and the summary says so.

**Connections.** `kept` of the requests (half) go over a pool of kept-alive connections: used in
turn, reopened when the server closes them, and more of them while all are busy. Each of the
others opens a connection, asks with `Connection: close` and ends it. TLS is checked against
`ca_file` (or the system's) and the URL's host name. `connect` names the addresses to dial
instead of looking that name up.

**A request has failed** when any of these is so; nothing else counts, and nothing is left out:
- its connection was refused, reset, not made, or its TLS handshake failed;
- the connection ended before the whole response had come, or what came was no HTTP;
- the whole response was not there `timeout` seconds after the request was sent;
- its status is 400 or more, or differs from `status` where that is given;
- its body lacks `text`, where that is given;
- more than `in_flight` requests were waiting, so it was not sent (`overrun`).

**A retry.** A server may close an idle kept connection just as the client writes to it. All
real clients send an idempotent request again when a connection that has served before ends
before one byte of the response: this one does so once, on a new connection, and counts it in
`Result.retried` (with `retry=False` it is a failure). Nothing else is tried twice.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import subprocess
import sys
import threading
import time
from typing import IO, Any, Self

from morrow.tool.load.result import Options, Result


class LoadError(RuntimeError):
    """The client itself could not run; says nothing about the service."""


class Load:
    """A run of the client in its own process; see the module's first lines."""

    def __init__(self, options: Options, seconds: float | None = None) -> None:
        self.options = options
        self.seconds = seconds
        self.progress: dict[str, Any] = {}
        self._result: Result | None = None
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._started = threading.Event()

    @property
    def result(self) -> Result:
        """What came of it, once the run has ended."""
        if self._result is None:
            raise LoadError("the load client has not ended, or ended without a result")
        return self._result

    def start(self) -> Self:
        """Begin; returns when the first request is on its way."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "morrow.tool.load.client"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # Ctrl-C is the caller's to answer; the client ends when the caller closes the pipe.
            start_new_session=True,
        )
        self._say({"options": dataclasses.asdict(self.options), "seconds": self.seconds})
        self._reader = threading.Thread(
            target=self._read, args=(self._process.stdout,), daemon=True, name="load"
        )
        self._reader.start()
        if not self._started.wait(30) or not (self.progress or self._result):
            self.stop()
            raise LoadError("the load client did not start; its message stands above")
        return self

    def mark(self, name: str) -> None:
        """Put a line on the timeline; later failures carry its name as their phase."""
        self._say({"mark": name, "at": time.monotonic()})

    def wait(self) -> Result:
        """Let the run come to its own end."""
        if self._process is None or self._reader is None:
            raise LoadError("the load client was not started")
        self._reader.join()
        self._process.wait()
        return self.result

    def stop(self) -> None:
        """End it: nothing more is sent, what is under way is waited for."""
        process, reader = self._process, self._reader
        if process is None or process.stdin is None or reader is None:
            return
        with contextlib.suppress(OSError):
            process.stdin.close()
        reader.join(self.options.timeout + 60)
        if reader.is_alive():
            process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def run(self) -> Result:
        """Run for the given seconds and return the result."""
        if self.seconds is None:
            raise LoadError("a run without an end: give the seconds, or use it as a context")
        try:
            return self.start().wait()
        finally:
            self.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _say(self, message: dict[str, Any]) -> None:
        if self._process is None or self._process.stdin is None:
            raise LoadError("the load client was not started")
        with contextlib.suppress(OSError, ValueError):  # it has ended: the result says so
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            message = json.loads(line)
            if "result" in message:
                self._result = Result.from_json(message["result"])
            else:
                self.progress = message
            self._started.set()
        self._started.set()
