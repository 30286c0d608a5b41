"""One websocket of an ASGI application: what is received, sent, and left open."""

import asyncio

from morrow.kit.request.bodies import BodyRefused
from morrow.kit.request.exchange import Exchange, Message
from morrow.kit.request.head import is_token
from morrow.kit.request.request import WEBSOCKET
from morrow.kit.settings.problem import logger

# The code of a websocket that is closed because the service restarts.
RESTARTING = 1012


class Talk(Exchange):
    """One websocket. It holds no place: it lasts as long as its client likes."""

    _connected = _gone = False
    _code = RESTARTING

    def enter(self) -> bool:
        """Take no place."""
        self.stage = WEBSOCKET
        self.status = "101"
        self._may_end()
        return True

    async def receive(self) -> Message:
        """Give the next message, or the end that the service's own end makes."""
        if not self._connected:
            self._connected = True
            return await self._receive()
        if self._ending is None or self.ended:
            return {"type": "websocket.disconnect", "code": self._code}
        came = self._listen()
        if not came.done():
            await asyncio.wait((came, self._ending), return_when=asyncio.FIRST_COMPLETED)
        if came.done() and not came.cancelled():
            if not self._gone:
                self._asked = None
            return came.result()
        if not self.ended:
            self._gone = True
            await self._close()
        return {"type": "websocket.disconnect", "code": self._code}

    def _listen(self) -> asyncio.Future[Message]:
        """Ask for the next message; one that nobody waits for any more is kept for who does."""
        if self._asked is None:
            self._asked = asyncio.ensure_future(self._next())
        return self._asked

    async def _next(self) -> Message:
        message = await self._receive()
        self._gone = message["type"] == "websocket.disconnect"
        return message

    async def send(self, message: Message) -> None:
        """Pass on what the application says."""
        kind = message["type"]
        if kind == "websocket.accept":
            self.started = True
            if message.get("headers"):
                logger.warning("the server sends no headers with websocket.accept")
            if not is_token(message.get("subprotocol") or "x"):
                raise ValueError(f"{message['subprotocol']!r} is no subprotocol")
        elif kind == "websocket.close":
            if self.ended:
                return
            self.ended, self._code = True, message.get("code", 1000)
            if not self.started:
                self.status = "403"
            if self._asked is not None and not self._asked.done():
                self._asked.cancel()  # the server closes nothing that is still listened to
                await asyncio.wait((self._asked,))
        elif kind == "websocket.http.response.start":
            if not 100 <= int(message["status"]) <= 999:
                raise ValueError(f"{message['status']} is no status")
            self.status = str(int(message["status"]))
            self.started = self.ended = True
            # Two of one name end Granian's process.
            once = {bytes(name).lower(): value for name, value in message.get("headers") or ()}
            message = {**message, "headers": list(once.items())}
        elif kind == "websocket.send":
            self._listen()  # who only sends is told in no other way that its client has left
            if self._gone:
                raise OSError("the client has left")
            if self.ended:
                return
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
