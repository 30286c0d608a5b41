"""The head of a WSGI application's answer: judged, completed, and passed on."""

import re
from collections.abc import Callable
from typing import Any

from morrow.kit.request.bodies import BodyRefused
from morrow.kit.request.request import Request

_breaks = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]").search
is_token = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch

_PLAIN, _LENGTH, _TYPE, _CONNECTION, _OURS = range(5)
_KNOWN = {"content-length": _LENGTH, "content-type": _TYPE, "connection": _CONNECTION}
# The request's id stands in the log as we say it; how the body is framed is the server's business.
_KNOWN |= {"x-request-id": _OURS, "transfer-encoding": _OURS, "keep-alive": _OURS}
_MOST_KEPT, _LONGEST_KEPT = 1000, 120

Pair = tuple[Any, Any]


class _Pairs(dict[Pair, tuple[int, Pair, Pair]]):
    """Headers that were judged before: what each means to us, as text and as bytes.

    An application says the same few again and again.
    """

    def __missing__(self, pair: Pair) -> tuple[int, Pair, Pair]:
        name, value = pair
        if not is_token(name):
            raise ValueError(f"{name!r} is no name of a header")
        if _breaks(value):
            raise ValueError(f"the value of the header {name!r} holds a control character")
        kind = _KNOWN.get(name.lower(), _PLAIN)
        judged = (kind, pair, (name.encode("latin-1"), value.encode("latin-1")))
        if len(value) <= _LONGEST_KEPT and name.lower() != "set-cookie":
            if len(self) >= _MOST_KEPT:
                self.clear()
            self[pair] = judged
        return judged


class _Codes(dict[str, str]):
    """Status lines that were judged before."""

    def __missing__(self, status: str) -> str:
        code = status[:3]
        if not (code.isdecimal() and "200" <= code <= "999") or _breaks(status):
            raise ValueError(f"start_response was given {status!r}: no status such as '200 OK'")
        if len(self) < _MOST_KEPT:
            self[status] = code
        return code


_PAIRS, _CODES = _Pairs(), _Codes()


class Head(Request):
    """One request of a WSGI application: what that says with `start_response`, checked."""

    refused: BodyRefused | None = None
    started = False
    as_bytes = False

    def start(
        self,
        status: str,
        headers: list[tuple[str, str]],
        exc_info: Any = None,  # noqa: ANN401 - as in PEP 3333
    ) -> Callable[[bytes], object]:
        """Pass the status and headers on, with the request's id among them."""
        code, closing, as_bytes = _CODES[status], self.closing, self.as_bytes
        length = -1
        told: list[Pair] = []
        for pair in headers:
            kind, text, encoded = _PAIRS[pair if type(pair) is tuple else (pair[0], pair[1])]
            if kind:
                value = pair[1]
                if kind == _LENGTH:
                    if not value.isdecimal():
                        raise ValueError(f"the Content-Length {value!r} is no number of bytes")
                    if code == "204":
                        continue  # it has no body whose length could be said
                    length = int(value)
                elif kind == _TYPE:
                    self.is_events = value.startswith("text/event-stream")
                elif kind == _OURS or closing:
                    continue
            told.append(encoded if as_bytes else text)
        if as_bytes:
            told.append((b"X-Request-ID", self.id.encode()))
        else:
            told.append(("X-Request-ID", self.id))
        if closing:
            told.append((b"Connection", b"close") if as_bytes else ("Connection", "close"))
        # Flask forgets its request when it is done; here it still knows the matched rule.
        asked = self.source.get("werkzeug.request")
        if asked is not None and (rule := getattr(asked, "url_rule", None)) is not None:
            self.route = rule.rule
        written = self.tell(status, told, exc_info)
        self.status, self.length, self.started = code, length, True
        return written

    def tell(self, status: str, headers: list[Pair], exc_info: Any) -> Callable[[bytes], object]:  # noqa: ANN401
        """Pass them on."""
        raise NotImplementedError

    def whole(self, parts: list[bytes]) -> Any:  # noqa: ANN401 - what the server wants
        """Answer with a body that is not streamed."""
        return parts

    def refuse(self, refused: BodyRefused) -> Any:  # noqa: ANN401 - as above
        """Answer for the application: its client's body was not taken."""
        return self._say(refused.status, refused.message, None)

    def fail(self, error: BaseException) -> Any:  # noqa: ANN401 - as above
        """Answer for the application, which raised."""
        told = (type(error), error, error.__traceback__)
        return self._say("500 Internal Server Error", "Internal Server Error", told)

    def _say(self, status: str, text: str, exc_info: Any) -> Any:  # noqa: ANN401 - as above
        body = f"{text}\n".encode()
        kind, length = ("Content-Type", "text/plain; charset=utf-8"), str(len(body))
        if exc_info is None and self.started:
            exc_info = (BodyRefused, BodyRefused(status, text), None)
        self.start(status, [kind, ("Content-Length", length)], exc_info)
        return self.whole([body])


class Passed(Head):
    """The head for another server."""

    def __init__(self, start_response: Callable[..., Any]) -> None:
        self._start_response = start_response

    def tell(self, status: str, headers: list[Pair], exc_info: Any) -> Callable[[bytes], object]:  # noqa: ANN401
        """Pass them on."""
        more = () if exc_info is None else (exc_info,)
        written: Callable[[bytes], object] = self._start_response(status, headers, *more)
        return written
