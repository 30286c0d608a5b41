"""Texts without the secrets that they may carry: what is logged, told to a probe or refused.

An exception's text is written by a library, which may put a connection string into it.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from morrow.kit.settings.secret import MASK

# A shorter secret cannot be told from the words around it; its name or place still hides it.
SHORTEST = 6

_WORDS = r"(?:passw(?:or)?d|passwd|pwd|secret(?:[_-]?key)?|token|api[_-]?key|credentials?)"
_NAMED = re.compile(_WORDS, re.IGNORECASE)
# Names that sound so and hold where something is: the shell's folder, a file's path.
_PLACE = re.compile(r"^(?:OLD)?PWD$|^MORROW_|_(?:FILE|DIR|PATH|REVISION)$", re.IGNORECASE)
# Two forms of `name=value`, which connection strings and queries have, and dictionaries' own.
_ASSIGNED = re.compile(rf"""({_WORDS}=)(?:\\?["'][^"'\\]*|[^\s&"'\\;,)]+)""", re.IGNORECASE)
_QUOTED = re.compile(rf"""({_WORDS}\\?["']\s*:\s*\\?["'])[^"'\\]+""", re.IGNORECASE)
_IN_URL = re.compile(r"""(://[^\s/:@"']*:)[^\s/"']+@""")
_known: set[str] = set()


def text_of(value: object, show: Callable[[object], str] = str) -> str:
    """Return a value as text, also of one that cannot say itself.

    >>> text_of(3), text_of((3,), repr)
    ('3', '(3,)')
    """
    try:
        return show(value)
    except Exception:
        return f"<{type(value).__name__}>"


def keep_out(values: Iterable[str]) -> None:
    """Hide these values wherever a text is cleaned from now on.

    >>> keep_out(["hunter2-hunter2"])
    >>> clean("the password hunter2-hunter2 is wrong")
    'the password ******** is wrong'
    """
    for value in values:
        if len(value) >= SHORTEST:
            # A log line has it as JSON writes it, an exception often as Python does.
            _known.update({value, json.dumps(value)[1:-1], repr(value)[1:-1]})


def learn(environ: Mapping[str, str]) -> None:
    """Hide what an environment holds by its name or its place, before anything is declared.

    >>> learn({"STRIPE_API_KEY": "sk_live_123456"})
    >>> clean("no such key: sk_live_123456")
    'no such key: ********'
    >>> learn({"PWD": "/srv/the-shop"})
    >>> clean("/srv/the-shop/views.py, line 3")
    '/srv/the-shop/views.py, line 3'
    """
    secret = (name for name in environ if _NAMED.search(name) and not _PLACE.search(name))
    keep_out(environ[name] for name in secret)
    if folder := environ.get("MORROW_SECRETS_DIR"):
        for path in Path(folder).glob("[!.]*"):
            try:
                keep_out([path.read_text().rstrip("\r\n")])
            except (OSError, UnicodeDecodeError):
                continue  # loading the settings says what is wrong with it


def clean(text: str) -> str:
    """Return the text without known secrets, passwords in URLs and `password=...`.

    >>> clean("cannot reach postgresql://shop:hunter2@db.example.com/shop")
    'cannot reach postgresql://shop:********@db.example.com/shop'
    >>> clean("host=db.example.com password=hunter2 user=shop")
    'host=db.example.com password=******** user=shop'
    """
    for value in tuple(_known):
        if value in text:
            text = text.replace(value, MASK)
    return without_passwords(text)


def without_passwords(text: str) -> str:
    """Return the text without what its own form says is a password.

    >>> without_passwords("https://api.example.com/?token=t0ken&page=2")
    'https://api.example.com/?token=********&page=2'
    """
    if "@" in text:
        text = _IN_URL.sub(rf"\g<1>{MASK}@", text)
    if _NAMED.search(text):
        text = _QUOTED.sub(rf"\g<1>{MASK}", _ASSIGNED.sub(rf"\g<1>{MASK}", text))
    return text
