"""What no server may take in: requests that two readers could read differently.

Right is a refusal (4xx), the end of the connection, or both. Wrong is to answer as if nothing
were the matter, to answer what was smuggled, or to stop serving others.
"""

from __future__ import annotations

from tests.conformance.case import At, case
from tests.conformance.exchange import Wrong, request, right

GET = "GET {page} HTTP/1.1\r\nHost: localhost\r\n"
POST = "POST {page} HTTP/1.1\r\nHost: localhost\r\n"

REFUSED = {
    "no Host": "GET {page} HTTP/1.1\r\n\r\n",
    "two Hosts": GET + "Host: other.example.com\r\n\r\n",
    "two different Content-Lengths": POST + "Content-Length: 3\r\nContent-Length: 5\r\n\r\nabcde",
    "a list of Content-Lengths": POST + "Content-Length: 3, 5\r\n\r\nabcde",
    "a signed Content-Length": POST + "Content-Length: +3\r\n\r\nabc",
    "a negative Content-Length": POST + "Content-Length: -3\r\n\r\nabc",
    "a Content-Length in hex": POST + "Content-Length: 0x3\r\n\r\nabc",
    "an unknown transfer coding": POST + "Transfer-Encoding: sesame\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "chunked that is not last": POST
    + "Transfer-Encoding: chunked, gzip\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "a space before a colon": GET + "X-Space : 1\r\n\r\n",
    "a header without a colon": GET + "no colon here\r\n\r\n",
    "a header without a name": GET + ": nameless\r\n\r\n",
    "a NUL in a header": GET + "X-Nul: a\0b\r\n\r\n",
    "a lone CR in a header": GET + "X-Cr: a\rX-Smuggled: b\r\n\r\n",
    "a space inside a header's name": GET + "X Name: 1\r\n\r\n",
    "a method with a control byte": "GE\x01T {page} HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a version that does not exist": "GET {page} HTTP/9.9\r\nHost: localhost\r\n\r\n",
    "no HTTP at all": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "a chunk's size that is no number": POST + "Transfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n",
    "a chunk's size with a sign": POST + "Transfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n",
    "a chunk longer than its size": POST
    + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n",
    "a chunk's size that overflows": POST
    + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff0\r\nabc\r\n0\r\n\r\n",
    "a head of 2 MB": GET + "X-Big: " + "a" * 2_000_000 + "\r\n\r\n",
}
"""By what is wrong with it: the request."""

# A body that nobody reads is never looked at, so that its faults cannot be: then the connection
# has to end, and what follows is not answered.
FOLLOWED = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"


def refused(at: At, text: str) -> None:
    data = text.replace("{page}", at.page).encode("latin-1")
    framing = "Transfer-Encoding" in text or "Content-Length" in text
    with at.line() as line:
        line.send(data + FOLLOWED.encode() if framing else data)
        try:
            answer = line.answer()
        except Wrong:
            right(line.closed(), "neither answered nor closed")
        else:
            right(answer.status < 500 or answer.status in (501, 505), f"status {answer.status}")
            taken = answer.status < 400
            if not (framing and taken):
                right(not taken, f"taken, with status {answer.status}")
            try:
                second = line.answer() if framing else None
            except Wrong:
                second = None
            right(second is None or second.status == 400, "what follows it was answered")
    # The others are served as before.
    right(at.ask(at.page).whole, "the server does not serve others any more")


def _add(what: str, text: str) -> None:
    case("Malformed", f"{what} is refused", "page")(lambda at: refused(at, text))


for _what, _text in REFUSED.items():
    _add(_what, _text)


@case("Malformed", "both framings, Content-Length and chunked, do not smuggle a request")
def both_framings(at: At) -> None:
    body = b"0\r\n\r\n" + request("/smuggled")
    head = f"POST {at.page} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
    with at.line() as line:
        line.send(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + body)
        right(line.answer().status < 500, "an error")
        try:
            second = line.answer()
        except Wrong:
            return
        right(second.status == 400, "what follows it was answered")
