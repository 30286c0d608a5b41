"""What Granian does otherwise than we need it: its listener's end, and its threads' number."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any

import pytest

from morrow.kit.request.forwarded import Proxies
from morrow.kit.request.observer import Observer
from morrow.kit.request.threads import OF_REQUESTS
from morrow.kit.request.wsgi import Middleware
from morrow.kit.serving.serve import _listen
from morrow.kit.serving.wsgi_server import WsgiServer

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def page(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [b"page"]


def whole_answer(client: socket.socket) -> bytes:
    answer = b""
    while piece := client.recv(4096):
        answer += piece
    return answer


@pytest.mark.skipif(sys.platform != "linux", reason="the option's name is Linux's")
def test_a_client_that_vanished_is_noticed() -> None:
    listener = _listen("127.0.0.1", 0, None, "MORROW_PORT")
    with listener, socket.create_connection(listener.getsockname()):
        ours, _ = listener.accept()
        with ours:
            assert ours.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 60


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are exchanged on Linux only")
@pytest.mark.parametrize("leaves", [True, False])
def test_a_connection_without_a_request_outlives_the_listener(leaves: bool) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
        # On its way to another process, which accepts from then on: this one has no number for it.
        socket.send_fds(ours, [b"x"], [listener.fileno()])
        observer = Observer()
        app = Middleware(page, observer)
        wsgi = WsgiServer(app, observer, threads=4, body_limit=1000, proxies=Proxies([]))
        server = wsgi.listen(listener.dup())
        early = socket.create_connection(address, 20)
        # Connections are accepted in their order: when this one is answered, `early` is there.
        with socket.create_connection(address, 20) as second:
            second.sendall(REQUEST)
            assert whole_answer(second).endswith(b"page")
        if leaves:
            server.leave_connections_to_others()
            _, (number,), _, _ = socket.recv_fds(theirs, 1, 1)
            with (
                socket.socket(fileno=number) as others,
                socket.create_connection(address, 20) as third,
            ):
                others.settimeout(20)
                accepted, peer = others.accept()
                accepted.close()
                assert peer == third.getsockname()
            early.sendall(REQUEST)
            assert whole_answer(early).endswith(b"page")
            server.stop_accepting()
            assert server.finished.wait(20)
        else:
            # The control: this is what Granian does with it.
            server.stop_accepting()
            assert server.finished.wait(20)
            assert early.recv(4096) == b""
        early.close()


def test_until_all_threads_are_there_none_works_on_what_it_brings() -> None:
    """Else a request could stay with a thread that is at work while others are free."""

    def names(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [threading.current_thread().name.encode()]

    with socket.create_server(("127.0.0.1", 0)) as listener:
        address, observer = listener.getsockname(), Observer()
        app = Middleware(names, observer)
        wsgi = WsgiServer(app, observer, threads=2, body_limit=1000, proxies=Proxies([]))
        server = wsgi.listen(listener.dup())

        def at_once(number: int) -> set[bool]:
            """Ask so often at once; tell whether each was answered by a thread of ours."""
            with ExitStack() as stack:
                clients = [
                    stack.enter_context(socket.create_connection(address, 20))
                    for _ in range(number)
                ]
                for client in clients:
                    client.sendall(REQUEST)
                told = [whole_answer(one).rpartition(b"\r\n\r\n")[2] for one in clients]
            return {one.startswith(OF_REQUESTS.encode()) for one in told}

        ours: set[bool] = set()
        for _ in range(500):  # who comes while all are at work makes one more
            ours |= at_once(1 if len(wsgi._brought) == 0 else 3)
            if len(wsgi._brought) == 3:
                break
        assert True in ours
        assert at_once(1) == {False}, "now they work themselves"
        server.stop_accepting()
        assert server.finished.wait(20)
