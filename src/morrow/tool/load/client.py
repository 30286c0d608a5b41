"""The load client's own process: `python -m morrow.tool.load.client`, driven by `load.Load`.

First line of its input: the options. Then marks; the end of the input ends the run. Its output:
a line with the counts every half second, at last one with the result.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections import Counter
from urllib.parse import urlsplit

from morrow.tool.load.connection import Exchange, RequestError
from morrow.tool.load.pool import Pool
from morrow.tool.load.result import (
    LATE,
    MOST_REQUESTS,
    Event,
    Failed,
    Options,
    Result,
    Sample,
    percentile,
)

TICK = 0.02  # seconds between two looks at what has waited too long


class Client:
    """Sends at the rate and keeps the account."""

    def __init__(self, options: Options, loop: asyncio.AbstractEventLoop) -> None:
        self.options, self.loop = options, loop
        self.pool = Pool(options, loop)
        url = urlsplit(options.url)
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        host = url.netloc.rpartition("@")[2]
        lines = [f"GET {target} HTTP/1.1", f"Host: {host}", "User-Agent: morrow-verify"]
        self.ask_kept = "\r\n".join([*lines, "", ""]).encode("latin-1")
        self.ask_new = "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1")
        self.under_way: dict[asyncio.Task[None], float] = {}
        self.result = Result(options.url, options.rate, time.time(), 0.0, 0.0)
        self.phase = "start"
        self.lags: list[float] = []
        self.instances: Counter[str] = Counter()
        self.ending = asyncio.Event()
        self.fault: BaseException | None = None
        self.start = 0.0

    async def run(self, seconds: float | None) -> Result:
        """Send until the time is over or the caller ends it; then wait for what is under way."""
        self.start = self.loop.time() + 0.05
        watch = self.loop.create_task(self._expire())
        last = MOST_REQUESTS if seconds is None else min(MOST_REQUESTS, seconds * self.options.rate)
        number = 0
        while number < last and not self.ending.is_set():
            due = self.start + number / self.options.rate
            wait = due - self.loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
                continue
            kept = int((number + 1) * self.options.kept) > int(number * self.options.kept)
            self._send(due, kept)
            number += 1
            if number % 16 == 0:  # a late client must still read answers
                await asyncio.sleep(0)
        self.result.seconds = round(number / self.options.rate, 3)
        while self.under_way:
            await asyncio.sleep(0.01)
        watch.cancel()
        if self.fault is not None:
            raise self.fault
        self.result.samples.sort(key=lambda sample: sample.at)
        self.result.failures.sort(key=lambda failure: failure.at)
        self.result.lag = round(percentile(self.lags, 0.99), 6)
        self.result.instances = dict(self.instances)
        return self.result

    def mark(self, name: str, at: float) -> None:
        """A new phase begins."""
        self.result.events.append(Event(round(at - self.start, 4), name))
        self.phase = name

    def _send(self, due: float, kept: bool) -> None:
        self.lags.append(self.loop.time() - due)
        if len(self.under_way) >= self.options.in_flight:
            error = RequestError(
                "overrun", f"{len(self.under_way)} requests wait already: not sent"
            )
            self._account(due, kept, self.phase, error, None)
            return
        task = self.loop.create_task(self._request(due, kept, self.phase))
        # From now, not from `due`: what the client is late is not the server's.
        self.under_way[task] = self.loop.time() + self.options.timeout
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self.under_way.pop(task, None)
        fault = None if task.cancelled() else task.exception()
        if fault is not None:  # an error of our own: an incomplete account proves nothing
            self.fault = fault
            self.ending.set()

    async def _expire(self) -> None:
        before = self.loop.time()
        while True:  # deadlines stand in the order of sending
            await asyncio.sleep(TICK)
            now = self.loop.time()
            stood = now - before - TICK
            if stood > LATE:  # no answer was read meanwhile: that time is not the server's
                self.under_way = {task: until + stood for task, until in self.under_way.items()}
            before = now
            for task, deadline in list(self.under_way.items()):
                if deadline > now:
                    break
                task.cancel()

    async def _request(self, due: float, kept: bool, phase: str) -> None:
        error: RequestError | None = None
        connection: Exchange | None = None
        reused = retried = False
        try:
            if kept:
                connection = self.pool.rested()
                reused = connection is not None
            connection = connection or await self.pool.connect(kept)
            request = self.ask_kept if kept else self.ask_new
            try:
                status, body = await connection.ask(request)
            except RequestError:
                if not (reused and connection.silent and self.options.retry):
                    raise
                retried = True
                self.pool.drop(connection, kept)
                connection = await self.pool.connect(kept)
                status, body = await connection.ask(request)
            error = self._error_in(status, body, connection.instance)
        except RequestError as failure:
            error = failure
        except asyncio.CancelledError:
            where = "connect" if connection is None else "answer"
            error = RequestError("timeout", f"no {where} within {self.options.timeout:g} s")
        if connection is not None:
            self.pool.release(
                connection, kept, reuse=error is None or error.cause.startswith("status")
            )
        self._account(due, kept, phase, error, connection, reused and not retried, retried)

    def _error_in(self, status: int, body: bytes, instance: str) -> RequestError | None:
        self.instances[instance] += bool(instance)
        wrong = status >= 400 if self.options.status is None else status != self.options.status
        if wrong:
            return RequestError(f"status-{status}", f"answered {status}", instance)
        if self.options.text is not None and self.options.text.encode() not in body:
            return RequestError("text", f"the body lacks {self.options.text!r}", instance)
        return None

    def _account(
        self,
        due: float,
        kept: bool,
        phase: str,
        error: RequestError | None,
        connection: Exchange | None,
        reused: bool = False,
        retried: bool = False,
    ) -> None:
        at, latency = round(due - self.start, 4), round(self.loop.time() - due, 6)
        self.result.samples.append(Sample(at, latency, kept, error is not None, retried))
        if error is not None:
            address = connection.address if connection else ""
            who = (kept, reused, address, error.instance)
            failed = Failed(at, latency, phase, error.cause, error.detail, *who)
            self.result.failures.append(failed)


async def _main() -> None:
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    head = json.loads(await orders.readline())
    options = dict(head["options"])
    options["connect"] = tuple(options["connect"])
    client = Client(Options(**options), loop)

    async def listen() -> None:
        while line := await orders.readline():
            message = json.loads(line)
            client.mark(message["mark"], message["at"])
        client.ending.set()

    async def tell() -> None:
        while True:
            await asyncio.sleep(0.5)
            counts = {
                "requests": len(client.result.samples),
                "failed": len(client.result.failures),
                "waiting": len(client.under_way),
            }
            print(json.dumps(counts), flush=True)

    print(json.dumps({"requests": 0, "failed": 0, "waiting": 0}), flush=True)
    side = [loop.create_task(listen()), loop.create_task(tell())]
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)  # a collection is a pause in every latency
    result = await client.run(head["seconds"])
    for task in side:
        task.cancel()
    print(json.dumps({"result": result.to_json(samples=True)}), flush=True)


if __name__ == "__main__":
    asyncio.run(_main())
