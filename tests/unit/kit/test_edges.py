"""What an application may say that would harm its client, or its server's process."""

from __future__ import annotations

import socket

import pytest

from tests.unit.kit.served import Served, served, wait_for

UPGRADE = (
    "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def answered(one: Served, request: str) -> bytes:
    """Return all that comes until the server closes, or nothing more for a second."""
    with socket.create_connection(("127.0.0.1", one.port), 20) as client:
        client.sendall(request.encode())
        answer = client.recv(65536)
        client.settimeout(1)
        try:
            while piece := client.recv(65536):
                answer += piece
        except TimeoutError:
            answer += b" and stays open"
        except ConnectionResetError:
            pass
        return answer


def test_a_body_in_chunks_comes_with_its_length_to_wsgi() -> None:
    with served("edge_apps:wsgi") as one:
        pieces = iter([b"in ", b"chunks"])
        assert one.get("/length", method="POST", body=pieces).text == "9 none in chunks"
        assert one.get("/length", method="POST", body=b"whole").text == "5 none whole"
        assert one.stop() == 0


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_an_answer_shorter_than_its_length_is_an_error_and_the_end(interface: str) -> None:
    with served(f"edge_apps:{interface}") as one:
        answer = answered(one, "GET /short HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 500 ")
        assert not answer.endswith(b"stays open")
        head = answered(one, "HEAD /short HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"content-length: 10" in head
        assert one.get("/exact").text == "page"
        assert 'http_response_status_code="500"' in one.admin("/metrics").text
        assert one.stop() == 0


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_an_application_that_gives_up_or_says_nonsense_is_a_500_that_says_why(
    interface: str,
) -> None:
    own = {
        "wsgi": ("/nothing",),
        "asgi": ("/cancels", "/control", "/long"),
    }
    with served(f"edge_apps:{interface}") as one:
        paths = ("/leaves", "/hints", "/nonsense", *own[interface])
        for path in paths:
            answer = answered(one, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 500 "), path
            assert b"\r\n\r\nInternal Server Error\n" in answer, path
        wait_for(lambda: len(one.messages("the application raised")) == len(paths), "all are told")
        assert one.get("/exact").text == "page"
        assert "\nhttp_server_active_requests 0\n" in one.admin("/metrics").text
        assert one.stop() == 0, "no request was left for ever"


def test_a_failing_end_of_an_answer_changes_nothing_of_it() -> None:
    with served("edge_apps:wsgi") as one:
        twice = "GET {0} HTTP/1.1\r\nHost: x\r\n\r\nGET /empty HTTP/1.1\r\nHost: x\r\n\r\n"
        for path in ("/ends-badly", "/stream-ends-badly"):
            answer = answered(one, twice.format(path))
            assert answer.startswith(b"HTTP/1.1 200 "), path
            assert b"HTTP/1.1 204 " in answer, "the connection goes on"
            assert b"page" in answer.replace(b"\r\n2\r\n", b"")
            assert b"content-length: 4" not in answer.rpartition(b"HTTP/1.1 204 ")[2]
        wait_for(lambda: len(one.messages("raised after its answer")) == 2, "both are told")
        assert one.stop() == 0


def test_what_is_longer_than_its_length_is_cut_there() -> None:
    with served("edge_apps:wsgi") as one:
        twice = "GET /long HTTP/1.1\r\nHost: x\r\n\r\nGET /exact HTTP/1.1\r\nHost: x\r\n\r\n"
        answer = answered(one, twice)
        assert b"\r\n\r\npaHTTP/1.1 200 OK\r\n" in answer, "the next answer is read as one"
        assert answer.endswith(b"\r\n\r\npage and stays open")
        wait_for(lambda: one.messages("a body of 4 bytes, with Content-Length 2"), "it is told")
        assert one.stop() == 0


def test_a_stream_that_ends_early_does_not_look_whole() -> None:
    with served("edge_apps:wsgi") as one:
        for path in ("/stream-ends-early", "/writes"):
            answer = answered(one, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")
            assert not answer.endswith((b"\r\n0\r\n\r\n", b"stays open")), "nobody waits for more"
        wait_for(lambda: one.messages("a body of 8000 bytes"), "it is told")
        wait_for(lambda: one.messages("the application raised"), "it is told")
        told = one.admin("/metrics").text
        assert 'http_response_status_code="200"' not in told, "it is counted for what it was"
    with served("edge_apps:asgi") as one:
        answer = answered(one, "GET /half HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answer.endswith(b"half\r\n"), "without the piece that ends it"
        wait_for(lambda: one.messages("the application raised"), "it is told")


def test_a_refused_body_is_not_asked_for() -> None:
    with served("edge_apps:wsgi", MORROW_BODY_LIMIT="10B") as one:
        head = "POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\nExpect: 100-continue"
        answer = answered(one, head.format(11) + "\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 413 ")
        control = answered(one, head.format(10) + "\r\n\r\n")
        assert control.startswith(b"HTTP/1.1 100 ")


def test_what_is_done_after_the_answer_holds_no_place() -> None:
    with served("edge_apps:asgi", MORROW_CONCURRENCY="1") as one:
        assert one.get("/background").text == "page"
        assert one.get("/release").text == "page"
        assert one.stop() == 0, "it was waited for all the same"


def test_a_websocket_that_is_not_accepted_for_an_error_is_a_500() -> None:
    with served("edge_apps:asgi") as one:
        for path in ("/raises", "/returns"):
            assert answered(one, UPGRADE.format(path=path)).startswith(b"HTTP/1.1 500 "), path
        assert len(one.messages("the application raised")) == 2
        assert one.stop() == 0


def test_what_would_end_the_process_is_an_error_of_its_request() -> None:
    with served("edge_apps:asgi") as one:
        pid = one.worker_pid()
        assert one.get("/status").status == 500
        assert answered(one, UPGRADE.format(path="/twice")).startswith(b"HTTP/1.1 401 ")
        assert b"101 Switching" not in answered(one, UPGRADE.format(path="/subprotocol"))
        assert one.get("/view").text == "page"
        assert one.get("/framed-twice").text == "page", "as what passes another's answer on says it"
        assert one.get("/", method="BREW").status == 501
        assert one.worker_pid() == pid
        assert one.stop() == 0
