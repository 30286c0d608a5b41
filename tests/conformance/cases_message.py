"""Messages: framing, connections, methods. They need one page of any application."""

from __future__ import annotations

from tests.conformance.case import At, good, group, still_serves
from tests.conformance.exchange import Line, Wrong, chunked, request, right

case = group("Messages")


@case("a page arrives whole, framed once")
def page(at: At) -> None:
    answer = at.ask(at.page)
    good(answer, at)
    right(not (answer.one("content-length") and answer.one("transfer-encoding")), "framed twice")


@case("every response has one Date")
def date(at: At) -> None:
    right(at.ask(at.page).one("date"), "no Date")


@case("one Content-Type at most, one Server at most")
def single_headers(at: At) -> None:
    answer = at.ask(at.page)
    for name in ("content-type", "server", "content-length"):
        answer.one(name)


@case("HEAD gives the status of GET and no body, and the connection goes on")
def head(at: At) -> None:
    with at.line() as line:
        line.send(request(at.page, method="HEAD"))
        answer = line.answer("HEAD")
        right(answer.status < 500, f"status {answer.status}")
        if answer.one("connection").lower() == "close":
            right(line.closed() and not line.kept, "a body came")
            return
        line.send(request(at.page))
        good(line.answer(), at)


@case("HEAD tells the Content-Length of GET, or none")
def head_length(at: At) -> None:
    answer, full = at.ask(at.page, method="HEAD"), at.ask(at.page)
    told = answer.one("content-length")
    if answer.status == full.status and told and full.one("content-length"):
        right(abs(int(told) - len(full.body)) <= 64, f"told {told}, is {len(full.body)}")


@case("sixty headers are taken")
def many_headers(at: At) -> None:
    good(at.ask(at.page, *(f"X-Number-{number}: {number}" for number in range(60))), at)


@case("a header of 4,000 bytes is taken")
def long_header(at: At) -> None:
    good(at.ask(at.page, "X-Long: " + "a" * 4000), at)


@case("a header may be empty, and stand without a space")
def empty_header(at: At) -> None:
    good(at.ask(at.page, "X-Empty:", "X-Tight:value"), at)


@case("an unknown method reaches the application, or is refused; it breaks nothing")
def unknown_method(at: At) -> None:
    answer = at.ask(at.page, method="BREW")
    right(answer.status < 500 or answer.status == 501, f"status {answer.status}")
    still_serves(at)


@case("OPTIONS of the page is no error")
def options(at: At) -> None:
    right(at.ask(at.page, method="OPTIONS").status < 500, "an error")


@case("OPTIONS * is no error")
def options_star(at: At) -> None:
    right(at.ask("*", method="OPTIONS").status < 500, "an error")
    still_serves(at)


@case("a query of 4,000 bytes is taken")
def long_query(at: At) -> None:
    right(at.ask(f"{at.page}?q=" + "a" * 4000).status < 500, "an error")


@case("percent signs that encode nothing are no error of the server")
def bad_percent(at: At) -> None:
    for path in (f"{at.page}?a=%zz", f"{at.page}?a=%"):
        right(at.ask(path).status < 500, f"an error for {path}")


@case("bytes that are no UTF-8, percent-encoded in a path, break nothing")
def no_utf8(at: At) -> None:
    right(at.ask("/%ff%fe").status < 500, "an error")
    still_serves(at)


@case("an empty path segment, `//`, is no error")
def double_slash(at: At) -> None:
    right(at.ask("//nothing//here").status < 500, "an error")


@case("an unread body is not taken for the next request")
def unread_body(at: At) -> None:
    smuggled = request("/smuggled", "X-Smuggled: yes")
    with at.line() as line:
        line.send(request(at.page, method="POST", body=smuggled))
        right(line.answer().status < 500, "an error")
        try:
            good(line.send(request(at.page)).answer(), at)
        except Wrong:
            right(not line.kept, "the body was answered")


@case("an unread body in chunks is not taken for the next request")
def unread_chunks(at: At) -> None:
    with at.line() as line:
        body = chunked(request("/smuggled"))
        line.send(request(at.page, "Transfer-Encoding: chunked", method="POST", body=body))
        right(line.answer().status < 500, "an error")
        try:
            good(line.send(request(at.page)).answer(), at)
        except Wrong:
            right(not line.kept, "the body was answered")


@case("a request after an empty body is answered")
def empty_body(at: At) -> None:
    with at.line() as line:
        right(line.send(request(at.page, method="POST", body=b"")).answer().status < 500, "error")
        good(Line(at.port).send(request(at.page)).answer(), at)


@case("empty lines before a request are skipped")
def empty_lines(at: At) -> None:
    with at.line() as line:
        good(line.send(b"\r\n" + request(at.page)).answer(), at)


@case("Expect: 100-continue with the body sent at once is answered")
def expect_at_once(at: At) -> None:
    answer = at.ask(at.page, "Expect: 100-continue", method="POST", body=b"a=1")
    right(answer.status < 500, f"status {answer.status}")


@case("thirty connections at once are all answered")
def at_once(at: At) -> None:
    lines = [at.line().send(request(at.page)) for _ in range(30)]
    try:
        for line in lines:
            good(line.answer(), at)
    finally:
        for line in lines:
            line.socket.close()
