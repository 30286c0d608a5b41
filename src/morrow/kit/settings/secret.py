"""A value that shows itself only when asked."""

from __future__ import annotations

import hmac
from typing import Any, NoReturn

MASK = "********"


class Secret:
    """Text that no print, log line, error or dump shows. Only `reveal()` does.

    >>> token = Secret("hunter2")
    >>> token, str(token), f"{token:>10}"
    (Secret('********'), '********', '********')
    >>> token.reveal()
    'hunter2'
    >>> token == Secret("hunter2"), token == "hunter2"
    (True, False)
    """

    # The value lives in a closure: `vars()`, `dir()`, an assert's introspection and a
    # debugger's table of locals find a function, not text.
    __slots__ = ("_give",)

    def __init__(self, value: str) -> None:
        object.__setattr__(self, "_give", lambda: value)

    def reveal(self) -> str:
        """Return the text itself.

        >>> Secret("s").reveal()
        's'
        """
        text: str = self._give()  # type: ignore[attr-defined]
        return text

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a secret cannot be changed")

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self.reveal().encode(), other.reveal().encode())

    def __hash__(self) -> int:
        return hash(("morrow.Secret", self.reveal()))

    def __bool__(self) -> bool:
        return bool(self.reveal())

    def __reduce_ex__(self, protocol: Any) -> NoReturn:  # noqa: ANN401 - as object's own
        raise TypeError("a Secret cannot be pickled or copied: pass it on, or reveal() it")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self
