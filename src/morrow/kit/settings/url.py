"""A URL that shows its password only when asked."""

from __future__ import annotations

from typing import Any, NoReturn
from urllib.parse import urlsplit

from morrow.kit.settings.redact import without_passwords


class Url(str):
    r"""An absolute URL with a scheme and a host; as text it has no password.

    >>> database = Url("postgresql://shop:hunter2@db.example.com/shop")
    >>> print(database, database.reveal(), sep="\n")
    postgresql://shop:********@db.example.com/shop
    postgresql://shop:hunter2@db.example.com/shop
    >>> Url("https://api.example.com/v1") == "https://api.example.com/v1"
    True
    """

    # As in Secret: a closure, so that no dump of attributes shows the text.
    __slots__ = ("_give",)

    def __new__(cls, text: str) -> Url:
        """Keep the text aside and be what may be shown of it."""
        whole = text.reveal() if isinstance(text, Url) else text
        url = super().__new__(cls, without_passwords(whole))
        object.__setattr__(url, "_give", lambda: whole)
        return url

    def reveal(self) -> str:
        """Return the whole URL, for what connects to it.

        >>> Url("redis://:hunter2@cache.example.com").reveal()
        'redis://:hunter2@cache.example.com'
        """
        whole: str = self._give()  # type: ignore[attr-defined]
        return whole

    @property
    def password(self) -> str | None:
        """The password in it, still percent-encoded.

        >>> Url("redis://:hunter2@cache.example.com").password
        'hunter2'
        """
        return urlsplit(self.reveal()).password

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a URL cannot be changed")

    def __eq__(self, other: object) -> bool:
        return self.reveal() == (other.reveal() if isinstance(other, Url) else other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.reveal())

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:  # noqa: ANN401
        if str(self) != self.reveal():
            raise TypeError("a Url with a password cannot be pickled: pass it on, or reveal() it")
        return (Url, (str(self),))

    def __copy__(self) -> Url:
        return self

    def __deepcopy__(self, memo: object) -> Url:
        return self
