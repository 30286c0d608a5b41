"""The lifespan of an ASGI application: its start before any request, its end after the last."""

import asyncio
from typing import Any

from morrow.kit.settings.problem import logger


class Lifespan:
    """Speaks the lifespan protocol with an application.

    >>> async def app(scope, receive, send):
    ...     await receive()
    ...     scope["state"]["pool"] = "open"
    ...     await send({"type": "lifespan.startup.complete"})
    >>> lifespan = Lifespan(app)
    >>> asyncio.run(lifespan.start())
    >>> lifespan.state
    {'pool': 'open'}
    """

    def __init__(self, app: Any) -> None:  # noqa: ANN401 - any ASGI application
        self._app = app
        self.state: dict[str, Any] = {}
        self._told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Let the application start up, or raise what it says went wrong."""
        scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
        }
        self._task = asyncio.create_task(self._app(scope, self._told.get, self._heard.put))
        answer = await self._ask("lifespan.startup")
        if answer is None:
            # It knows no lifespan, and says so by raising or returning.
            error = self._task.exception() if not self._task.cancelled() else None
            if error is not None and not isinstance(error, Exception):
                raise RuntimeError(f"its lifespan raised {type(error).__name__}: {error}")
            if error is not None:
                logger.info("the application has no lifespan: %s: %s", type(error).__name__, error)
            self._task = None
        elif answer["type"] == "lifespan.startup.failed":
            raise RuntimeError(answer.get("message") or "its lifespan says so, without a reason")

    async def stop(self) -> None:
        """Let the application clean up."""
        if self._task is None:
            return
        answer = None if self._task.done() else await self._ask("lifespan.shutdown")
        if answer is not None and answer["type"] == "lifespan.shutdown.failed":
            raise RuntimeError(answer.get("message") or "its lifespan says so, without a reason")
        if answer is None:
            self._task.result()  # raises what ended it, now or long ago

    async def _ask(self, what: str) -> dict[str, Any] | None:
        if self._task is None:
            return None
        await self._told.put({"type": what})
        answer = asyncio.ensure_future(self._heard.get())
        await asyncio.wait((self._task, answer), return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            return answer.result()
        answer.cancel()
        return None
