"""What applications send and take: redirects, files, ranges, streams, bodies."""

from __future__ import annotations

import socket
import time

from tests.conformance.case import At, case
from tests.conformance.exchange import Wrong, chunked, request, right


@case("Answers", "a page that does not exist is the application's own 404", "missing")
def missing(at: At) -> None:
    right(at.ask(at["missing"]).status == 404, "no 404")


@case("Answers", "a redirect keeps its Location", "redirect")
def redirect(at: At) -> None:
    answer = at.ask(at["redirect"])
    right(300 < answer.status < 400, f"status {answer.status}")
    right(answer.one("location"), "no Location")


@case("Answers", "two Set-Cookie stay two", "cookies")
def cookies(at: At) -> None:
    right(len(at.ask(at["cookies"]).all("set-cookie")) == 2, "not two")


@case("Answers", "a file can be asked for by range: 206, the bytes, Content-Range", "file")
def file_range(at: At) -> None:
    full, part = at.ask(at["file"]), at.ask(at["file"], "Range: bytes=2-5")
    right(part.status == 206, f"status {part.status}")
    right(part.body == full.body[2:6], "other bytes")
    right(part.one("content-range").startswith("bytes 2-5/"), "no Content-Range")


@case("Answers", "the end of a file can be asked for", "file")
def file_tail(at: At) -> None:
    right(at.ask(at["file"], "Range: bytes=-3").body == at.ask(at["file"]).body[-3:], "other bytes")


@case("Answers", "a range beyond the file is 416, or the whole file", "file")
def file_beyond(at: At) -> None:
    right(at.ask(at["file"], "Range: bytes=9999999-").status in (200, 416), "another status")


@case("Answers", "HEAD of a file tells its length", "file")
def file_head(at: At) -> None:
    told = at.ask(at["file"], method="HEAD").one("content-length")
    right(told == str(len(at.ask(at["file"]).body)), f"told {told!r}")


@case("Answers", "a file that has not changed is 304 without a body, and the connection goes on",
      "file")  # fmt: skip
def file_304(at: At) -> None:
    full = at.ask(at["file"])
    etag, modified = full.one("etag"), full.one("last-modified")
    since = f"If-None-Match: {etag}" if etag else f"If-Modified-Since: {modified}"
    with at.line() as line:
        answer = line.send(request(at["file"], since)).answer()
        right(answer.status == 304, f"status {answer.status}")
        right(line.send(request(at["file"])).answer().body == full.body, "a body came with it")


@case("Answers", "204 has no body and no length above 0, and the connection goes on", "204")
def no_content(at: At) -> None:
    with at.line() as line:
        answer = line.send(request(at["204"])).answer()
        right(answer.status == 204, f"status {answer.status}")
        right(answer.one("content-length") in ("", "0"), "a length")
        right(not answer.all("transfer-encoding"), "a Transfer-Encoding")
        right(line.send(request(at.page)).answer().status == 200, "a body came with it")


@case("Answers", "a body that an application gives to a 304 is not sent", "304")
def no_body_304(at: At) -> None:
    with at.line() as line:
        right(line.send(request(at["304"])).answer().status == 304, "another status")
        right(line.send(request(at.page)).answer().status == 200, "a body came with it")


@case("Answers", "HEAD of a stream sends no body", "stream")
def head_stream(at: At) -> None:
    with at.line() as line:
        right(line.send(request(at["stream"], method="HEAD")).answer("HEAD").status < 500, "error")
        if not line.closed(0.2):
            right(line.send(request(at.page)).answer().status == 200, "a body came with it")
        right(not line.kept, "a body came")


@case("Answers", "a stream arrives piece by piece, and whole", "pieces")
def pieces(at: At) -> None:
    with at.line() as line:
        line.send(request(at["pieces"], "Connection: close"))
        first = time.monotonic()
        while b"0 " not in line.kept:
            right(line.more(), "closed")
        first = time.monotonic() - first
        answer = line.answer()
        right(answer.whole and b"2 " in answer.body, "not whole")
        right(first < 0.7, "the first piece waited for the others")


@case("Answers", "16 MB arrive whole at a slow reader", "big")
def big_slow(at: At) -> None:
    with at.line(receive_buffer=16384) as line:
        line.send(request(at["big"], "Connection: close"))
        time.sleep(0.5)
        answer = line.answer()
        right(answer.whole, f"cut at {len(answer.body)} bytes")
        right(answer.body == b"0123456789abcdef" * (16 * 65536), "other bytes")


@case("Bodies", "a body of known length arrives", "echo")
def body(at: At) -> None:
    right(at.ask(at["echo"], method="POST", body=b"a=1&b=2").body == b"a=1&b=2", "another")


@case("Bodies", "1 MB arrives byte for byte", "echo")
def megabyte(at: At) -> None:
    sent = bytes(range(256)) * 4096
    right(at.ask(at["echo"], method="POST", body=sent).body == sent, "other bytes")


@case("Bodies", "chunks are put together", "echo")
def chunks(at: At) -> None:
    body = chunked(b"one ", b"two ", b"three")
    answer = at.ask(at["echo"], "Transfer-Encoding: chunked", method="POST", body=body)
    right(answer.body == b"one two three", f"{answer.status} {answer.body[:40]!r}")


@case("Bodies", "1 MB in chunks arrives byte for byte", "echo")
def many_chunks(at: At) -> None:
    sent = [bytes([number % 256]) * 4096 for number in range(256)]
    answer = at.ask(at["echo"], "Transfer-Encoding: chunked", method="POST", body=chunked(*sent))
    right(answer.body == b"".join(sent), f"{answer.status}, {len(answer.body)} bytes")


@case("Bodies", "chunk extensions and trailers are no part of the body", "echo")
def trailers(at: At) -> None:
    body = b"3;name=value\r\nabc\r\n0\r\nX-Trailer: yes\r\n\r\n"
    answer = at.ask(at["echo"], "Transfer-Encoding: chunked", method="POST", body=body)
    right(answer.body == b"abc", f"{answer.status} {answer.body[:40]!r}")


@case("Bodies", "a body that comes byte by byte arrives", "echo")
def body_by_bytes(at: At) -> None:
    with at.line() as line:
        line.send(request(at["echo"], "Content-Length: 5", method="POST"))
        for byte in b"bytes":
            line.send(bytes([byte]))
            time.sleep(0.01)
        right(line.answer().body == b"bytes", "another body")


@case("Bodies", "an empty body is empty, not endless", "echo")
def empty(at: At) -> None:
    answer = at.ask(at["echo"], method="POST", body=b"")
    right(answer.status == 200 and not answer.body, f"status {answer.status}")


@case("Bodies", "a POST without any framing has an empty body", "echo")
def unframed(at: At) -> None:
    answer = at.ask(at["echo"], method="POST")
    right(answer.status == 200 and not answer.body, f"status {answer.status}")


@case("Bodies", "what follows a body is the next request", "echo")
def follows(at: At) -> None:
    with at.line() as line:
        first = request(at["echo"], method="POST", body=b"first")
        line.send(first + request(at["echo"], method="POST", body=b"second"))
        right(line.answer().body == b"first" and line.answer().body == b"second", "mixed up")


@case("Bodies", "what follows a body in chunks is the next request", "echo")
def follows_chunks(at: At) -> None:
    with at.line() as line:
        kind = "Transfer-Encoding: chunked"
        line.send(request(at["echo"], kind, method="POST", body=chunked(b"first")))
        line.send(request(at["echo"], method="POST", body=b"second"))
        right(line.answer().body == b"first" and line.answer().body == b"second", "mixed up")


@case("Bodies", "Expect: 100-continue is told to go on before the body", "echo")
def expect(at: At) -> None:
    with at.line() as line:
        line.send(request(at["echo"], "Expect: 100-continue", "Content-Length: 3", method="POST"))
        while b"\r\n\r\n" not in line.kept:
            right(line.more(), "closed")
        right(line.kept.startswith(b"HTTP/1.1 100"), f"{line.kept[:30]!r}")
        answer = line.send(b"abc").answer()
        right(answer.body == b"abc" and answer.interim == [100], f"{answer}")


@case("Bodies", "a body that ends early is no whole one to the application", "echo")
def early_end(at: At) -> None:
    with at.line() as line:
        line.send(request(at["echo"], "Content-Length: 100", method="POST") + b"half")
        line.socket.shutdown(socket.SHUT_WR)
        try:
            answer = line.answer()
        except Wrong:
            return
        right(answer.status >= 400, f"taken, with status {answer.status}")


@case("Bodies", "more than the limit is 413, by its length and in chunks", "limit")
def limit(at: At) -> None:
    with at.line() as line:
        line.send(request(at["echo"], "Content-Length: 20000000", method="POST"))
        line.send(b"a" * 65536)
        status = line.answer().status
        right(status == 413, f"status {status} by its length")
    sent = chunked(*[b"a" * 65536] * 320)
    answer = at.ask(at["echo"], "Transfer-Encoding: chunked", method="POST", body=sent)
    right(answer.status == 413, f"status {answer.status} in chunks")
