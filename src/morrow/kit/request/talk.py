"""One websocket of an ASGI application: what is received, sent, and left open."""

from __future__ import annotations

import asyncio
import logging

from morrow.kit.request.bodies import BodyRefused
from morrow.kit.request.exchange import Exchange, Message, plain
from morrow.kit.request.request import WEBSOCKET

logger = logging.getLogger("morrow")

RESTARTING = 1012
"""The code of a websocket that is closed because the service restarts."""


class Talk(Exchange):
    """One websocket. It holds no place: it lasts as long as its client likes."""

    _connected = _gone = False

    async def enter(self) -> None:
        """Take no place."""
        self.request.stage = WEBSOCKET
        self.request.status = "101"
        self._ending = asyncio.Event()
        if self._around.observer.ending:
            self._ending.set()

    async def receive(self) -> Message:
        """Give the next message, or the end that the service's own end makes."""
        if not self._connected:
            self._connected = True
            return await self._receive()
        if self._ending is None or self._ended:
            return {"type": "websocket.disconnect", "code": RESTARTING}
        came = asyncio.ensure_future(plain(self._receive))
        ending = asyncio.ensure_future(self._ending.wait())
        done, _ = await asyncio.wait((came, ending), return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        if came in done:
            message = came.result()
            self._gone = message["type"] == "websocket.disconnect"
            return message
        came.cancel()
        self._gone = True
        await self._close()
        return {"type": "websocket.disconnect", "code": RESTARTING}

    async def send(self, message: Message) -> None:
        """Pass on what the application says."""
        kind = message["type"]
        if kind == "websocket.accept":
            self._started = True
        elif kind == "websocket.close":
            if self._ended:
                return
            self._ended = True
            if not self._started:
                self.request.status = "403"
        elif kind == "websocket.http.response.start":
            self.request.status = str(message["status"])
        if not (self._ended and kind == "websocket.send"):
            await self._send(message)

    async def _close(self) -> None:
        await self.send({"type": "websocket.close", "code": RESTARTING, "reason": "restarting"})

    async def complete(self) -> None:
        """Nothing is left to be said: the server closes what the application left open."""

    async def refuse(self, refused: BodyRefused) -> None:
        """A websocket has no body: this cannot be."""

    async def fail(self, error: Exception) -> None:
        """Close with the code of an error inside. Frameworks raise the end of a talk as well."""
        if self._gone:
            return
        logger.error("the application raised", exc_info=error)
        self.request.status = "500"
        if not self._ended:
            await self.send({"type": "websocket.close", "code": 1011})
