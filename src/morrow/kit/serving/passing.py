"""A child's lines, passed on so that each is one JSON object."""

import json
import logging
import sys

from morrow.kit.settings.redact import clean

logger = logging.getLogger("morrow.child")

# A longer line is passed on in pieces: what never ends a line must not fill the memory.
LONGEST = 256 * 1024


class Lines:
    r"""One stream of a child.

    >>> Lines("stdout").take(b'{"a": 1}\nthe beginning of a li')
    {"a": 1}
    """

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self._rest = b""

    def take(self, data: bytes) -> None:
        """Pass on the lines that are whole; nothing means the end, and what is left is one."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if self._rest and (not data or len(self._rest) > LONGEST):
            lines.append(self._rest)
            self._rest = b""
        for line in lines:
            text = line.decode("utf-8", "replace").rstrip("\r")
            if _is_object(text):
                sys.stdout.write(clean(text) + "\n")
            elif text.strip():
                logger.info("%s", text, extra={"fields": {"stream": self.stream}})
        sys.stdout.flush()


def _is_object(text: str) -> bool:
    if not text.startswith("{"):
        return False
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
