"""An ASGI application on Granian: one event loop on the main thread, and the life around it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from morrow.kit.request.asgi import AsgiMiddleware
from morrow.kit.request.forwarded import Proxies
from morrow.kit.serving.connections import cut
from morrow.kit.serving.granian_server import GranianServer, push
from morrow.kit.serving.lifespan import Lifespan
from morrow.kit.settings.problem import BROKEN, StartError, logger

if TYPE_CHECKING:
    import socket


BEAT = 0.5


def new_loop() -> asyncio.AbstractEventLoop:
    """Return an event loop, the fast one where it is installed."""
    try:
        import uvloop  # type: ignore[import-not-found, unused-ignore]
    except ModuleNotFoundError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


class AsgiServer:
    """Runs requests of an application on the loop of the main thread."""

    def __init__(self, app: AsgiMiddleware, *, proxies: Proxies) -> None:
        self.app, self.proxies = app, proxies
        self.loop = new_loop()
        self.lifespan = Lifespan(app.app)
        self._came: deque[Any] = deque()
        self._woken = False
        self._tasks: dict[Any, asyncio.Task[None]] = {}  # the loop itself holds none
        self._port = 0
        self._beat = time.monotonic()
        self._held_up = 0.0

    @property
    def busy(self) -> int:
        """How many requests the application works on now."""
        return self.app.places.busy

    def run(self, job: Callable[[], int]) -> int:
        """Do the job on a thread while the loop runs on this one; return its answer."""
        answers: list[int] = []
        ended = threading.Event()

        def work() -> None:
            try:
                answers.append(job())
            finally:
                ended.set()
                self.loop.call_soon_threadsafe(self.loop.stop)

        asyncio.set_event_loop(self.loop)
        self.loop.call_soon(self._tick)
        thread = threading.Thread(target=work, name="control", daemon=True)
        thread.start()
        while not ended.is_set():
            try:
                self.loop.run_forever()
            except (SystemExit, KeyboardInterrupt):
                # asyncio lets these two out of any task. It ends that task, and no other.
                logger.exception("a task of the application raised")
        thread.join()
        return answers[0] if answers else BROKEN

    def _tick(self) -> None:
        self._held_up = max(self._held_up, self.stands_still())
        self._beat = time.monotonic()
        self.loop.call_later(BEAT, self._tick)

    def stands_still(self) -> float:
        """Return for how many seconds the loop has not turned."""
        return max(0.0, time.monotonic() - self._beat - BEAT)

    def held_up(self) -> float:
        """Return the longest that a turn of the loop came late since this was last asked."""
        longest, self._held_up = max(self._held_up, self.stands_still()), 0.0
        return longest

    def listen(self, listener: socket.socket) -> GranianServer:
        """Start the application, then serve the socket; return the server of its connections."""
        started = asyncio.run_coroutine_threadsafe(self.lifespan.start(), self.loop)
        try:
            started.result()
        except Exception as error:
            raise StartError(
                "start-up-failed", f"the application did not start: {error}"
            ) from error
        self._port = listener.getsockname()[1]
        server = GranianServer(self.schedule, listener, self.loop, threads=1, websockets=True)
        server.start()
        return server

    def schedule(self, watcher: Any) -> None:  # noqa: ANN401 - Granian's
        """Take a request from the server. Never waits, and never raises."""
        self._came.append(watcher)
        if self._woken:
            return  # the loop takes all there are when it wakes
        self._woken = True
        try:
            self.loop.call_soon_threadsafe(self._begin)
        except RuntimeError:
            logger.warning("a request came when the loop was closed")

    def _begin(self) -> None:
        self._woken = False
        while self._came:
            watcher = self._came.popleft()
            self._tasks[watcher] = self.loop.create_task(self._answer(watcher))

    async def _answer(self, watcher: Any) -> None:  # noqa: ANN401 - Granian's
        scope, proto = watcher.scope, watcher.proto
        peer = scope["morrow.peer"] = scope["client"]
        try:
            self.proxies.apply(scope)
            for end in ("client", "server"):  # as ASGI writes them
                host, port = scope[end]
                scope[end] = (host, int(port))
            scope.setdefault("root_path", "")
            if scope["http_version"] == "1":
                scope["http_version"] = "1.0"
            scope["state"] = self.lifespan.state.copy()
            # Files by their path would pass every middleware that changes bodies, GZip's for one.
            scope["extensions"].pop("http.response.pathsend", None)
            broken = await self.app(scope, proto.receive, proto.send)
        except BaseException:
            logger.exception("a request could not be answered")
            broken = True
        if broken:
            # Its client must not take the part that it has for the whole.
            await push(proto)
            cut(self._port, peer)
        watcher.done()
        del self._tasks[watcher]

    def end_endless(self) -> None:
        """Close websockets and let streams of events end."""
        self.loop.call_soon_threadsafe(self.app.end_endless)

    def stop(self, seconds: float) -> bool:
        """Let the application clean up, for so long; tell whether it did."""
        stopped = asyncio.run_coroutine_threadsafe(self._stop(), self.loop)
        try:
            stopped.result(max(0.1, seconds))
        except TimeoutError:
            logger.error("the application's shutdown was cut: it took longer than the grace")
            return False
        except Exception:
            logger.exception("the application's shutdown failed")
            return False
        return True

    async def _stop(self) -> None:
        try:
            await self.lifespan.stop()
        finally:
            # What it has left running may clean up, too, as asyncio.run lets it.
            known = {asyncio.current_task(), *self._tasks.values()}
            left = [one for one in asyncio.all_tasks() if one not in known]
            for task in left:
                logger.info("background task cancelled: %s", task.get_name())
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
            await self.loop.shutdown_asyncgens()
