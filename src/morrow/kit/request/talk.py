"""One websocket of an ASGI application: what is received, sent, and left open."""

import asyncio
import re

from morrow.kit.request.bodies import BodyRefused, plain
from morrow.kit.request.exchange import Exchange, Message
from morrow.kit.request.request import WEBSOCKET
from morrow.kit.settings.problem import logger

_is_token = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch

# The code of a websocket that is closed because the service restarts.
RESTARTING = 1012


class Talk(Exchange):
    """One websocket. It holds no place: it lasts as long as its client likes."""

    _connected = _gone = False

    def enter(self) -> bool:
        """Take no place."""
        self.stage = WEBSOCKET
        self.status = "101"
        self._ending = asyncio.Event()
        if self._around.observer.ending:
            self._ending.set()
        return True

    async def receive(self) -> Message:
        """Give the next message, or the end that the service's own end makes."""
        if not self._connected:
            self._connected = True
            return await self._receive()
        if self._ending is None or self.ended:
            return {"type": "websocket.disconnect", "code": RESTARTING}
        came = asyncio.ensure_future(plain(self._receive()))
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
            self.started = True
            if message.get("headers"):
                logger.warning("the server sends no headers with websocket.accept")
            if not _is_token(message.get("subprotocol") or "x"):
                raise ValueError(f"{message['subprotocol']!r} is no subprotocol")
        elif kind == "websocket.close":
            if self.ended:
                return
            self.ended = True
            if not self.started:
                self.status = "403"
        elif kind == "websocket.http.response.start":
            if not 100 <= int(message["status"]) <= 999:
                raise ValueError(f"{message['status']} is no status")
            self.status = str(int(message["status"]))
            self.started = self.ended = True
            # Two of one name end Granian's process.
            once = {bytes(name).lower(): value for name, value in message.get("headers") or ()}
            message = {**message, "headers": list(once.items())}
        if not (self.ended and kind == "websocket.send"):
            await self._send(message)

    async def _close(self) -> None:
        await self.send({"type": "websocket.close", "code": RESTARTING, "reason": "restarting"})

    async def complete(self) -> None:
        """Say why it ends, if we end it; else the server closes what was left open."""
        if self.stopped:
            await self._close()
        elif not self.started and not self.ended:
            await self.fail(RuntimeError("it returned without an answer to the websocket"))

    async def refuse(self, refused: BodyRefused) -> None:
        """A websocket has no body: this cannot be."""

    async def fail(self, error: BaseException) -> None:
        """Close with the code of an error inside. Frameworks raise the end of a talk as well."""
        if self._gone:
            return
        logger.error("the application raised", exc_info=error)
        self.status = "500"
        if self.ended:
            return
        if self.started:
            await self.send({"type": "websocket.close", "code": 1011})
        else:
            start = {"type": "websocket.http.response.start", "status": 500, "headers": []}
            await self.send(start)
            await self.send({"type": "websocket.http.response.body", "body": b""})
