"""How many requests an ASGI application works on at once."""

from __future__ import annotations

import asyncio


class Places:
    """How many requests the application works on at once; streams and slow bodies hold none.

    >>> places = Places(2)
    >>> places.try_take(), places.busy
    (True, 1)
    """

    def __init__(self, count: int) -> None:
        self.count, self.busy = count, 0
        self._waiting: list[asyncio.Future[None]] = []

    def try_take(self) -> bool:
        """Take a place if one is free and nobody waits.

        >>> Places(1).try_take()
        True
        """
        if self.busy < self.count and not self._waiting:
            self.busy += 1
            return True
        return False

    async def take(self) -> None:
        """Wait for a place."""
        if self.try_take():
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give()
            else:
                self._waiting.remove(turn)
            raise

    def give(self) -> None:
        """Give a place back, to who has waited longest.

        >>> places = Places(1)
        >>> places.try_take(), places.give(), places.busy
        (True, None, 0)
        """
        while self._waiting:
            turn = self._waiting.pop(0)
            if not turn.done():
                turn.set_result(None)
                return
        self.busy -= 1
