"""`python -m morrow` as a process: start, answers, drain, deaths, exit codes."""

from __future__ import annotations

import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.unit.kit.served import HELLO, quickest, refuses, run, served, wait_for


def test_hello_keeps_its_contract() -> None:
    with served("hello.app:service", **HELLO) as hello:
        assert hello.get("/").text == "Hello, this is a message from your Python app!"
        assert hello.get("/config").json() == {
            "message": "Config and secrets accessed",
            "SECRET_KEY": "********",
            "DB_PASSWORD": "********",
            "API_BASE_URL": "https://api.example.com",
            "LOG_LEVEL": "INFO",
            "MAX_CONNECTIONS": "10",
        }
        assert hello.stop() == 0
        assert hello.errors == []


def test_hello_reveals_only_on_purpose_and_never_when_protected() -> None:
    with served("hello.app:service", **HELLO, REVEAL_SECRETS="true") as hello:
        assert hello.get("/config").json()["DB_PASSWORD"] == HELLO["DB_PASSWORD"]
    refused = run("hello.app:service", **HELLO, REVEAL_SECRETS="true", MORROW_PROTECTED="true")
    assert refused.returncode == 78
    assert "REVEAL_SECRETS is refused in a protected environment" in refused.stdout


def test_admin_port_answers_the_contract() -> None:
    with served("sample:service", MORROW_RELEASE="sample:1", MORROW_ENVIRONMENT="test") as one:
        assert one.admin("/startupz").json()["status"] == "started"
        assert one.admin("/livez").status == 200
        ready = one.admin("/readyz").json()
        assert ready["pid"] == one.process.pid
        assert set(ready["checks"]) == {"good", "switch"}
        info = one.admin("/info").json()
        assert info["pid"] == one.process.pid
        assert (info["version"], info["image"]) == ("sample:1", "sample:1")
        assert info["environment"] == "test"
        assert info["settings"]["TOKEN"] == "********"
        assert one.admin("/nothing").status == 404
        one.get("/items/7")
        one.get("/nowhere")
        text = one.admin("/metrics").text
        assert 'http_route="/items/<int:number>",http_response_status_code="200"} 1' in text
        assert 'http_route="",http_response_status_code="404"} 1' in text
        assert one.metric("morrow_threads") >= 4
        assert one.metric('morrow_check_up{check="good",critical="false"}') == 1
        # Neither port shows the other's pages.
        assert one.get("/metrics").status == 404
        assert one.get("/healthz").json() == {"status": "ready"}
        assert "/healthz" not in one.admin("/metrics").text


def test_an_application_that_knows_nothing_is_served() -> None:
    with served("sample:bare") as one:
        answer = one.get("/")
        assert answer.text == "bare"
        assert len(answer.headers["x-request-id"]) == 16
        failed = one.get("/raise")
        assert (failed.status, failed.text) == (500, "Internal Server Error\n")
        line = one.told("the application raised")[0]
        assert line["request_id"] == failed.headers["x-request-id"]
        assert "on purpose" in line["stack"]


def test_a_critical_check_takes_the_service_out_and_back(tmp_path: Path) -> None:
    switch = tmp_path / "off"
    with served("sample:service", SWITCH=str(switch), TOKEN="p4ssw0rd") as one:
        switch.touch()
        wait_for(lambda: one.admin("/readyz").status == 503, "not ready")
        body = one.admin("/readyz").json()
        assert body["causes"] == ["check switch"]
        said = body["checks"]["switch"]["message"]
        assert said == "raised RuntimeError: switched off with ********"
        assert one.get("/healthz").status == 503
        assert one.admin("/livez").status == 200
        switch.unlink()
        wait_for(lambda: one.admin("/readyz").status == 200, "ready again")
        assert one.stop() == 0
        assert not any("p4ssw0rd" in line for line in one.lines)


@pytest.mark.parametrize(("path", "bound"), [("/sleep-until", 0.05), ("/burn-until", 0.5)])
def test_probes_answer_in_time_while_every_thread_is_busy(
    path: str, bound: float, tmp_path: Path
) -> None:
    made = tmp_path / "made"
    with served("sample:service", MORROW_THREADS="4") as one, ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(one.get, f"{path}{made}") for _ in range(8)]
        wait_for(lambda: one.metric("morrow_threads_busy") == 4, "busy threads")
        for probe in ("/startupz", "/readyz", "/livez", "/metrics", "/info"):

            def seconds(probe: str = probe) -> float:
                began = time.monotonic()
                assert one.admin(probe).status == 200
                return time.monotonic() - began

            assert quickest(seconds, bound, 20) < bound, probe
        # They were answered beside the requests, not after them.
        assert not any(one.done() for one in asked)
        made.touch()
        assert all(done.result().status == 200 for done in asked)


def test_no_finished_request_while_requests_wait_is_not_ready(tmp_path: Path) -> None:
    made = tmp_path / "made"
    with served("sample:stuck", MORROW_THREADS="1") as one, ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(one.get, f"/sleep-until{made}") for _ in range(2)]
        wait_for(lambda: one.admin("/readyz").status == 503, "not ready")
        assert "no request finished" in one.admin("/readyz").json()["causes"][0]
        made.touch()
        assert all(done.result().status == 200 for done in asked)
        wait_for(lambda: one.admin("/readyz").status == 200, "ready again")


def test_readiness_says_no_within_a_tenth_of_a_second() -> None:
    def seconds() -> float:
        with served("sample:service", MORROW_DRAIN="20s") as one:
            began = time.monotonic()
            one.terminate()
            while one.admin("/readyz").status == 200:
                assert time.monotonic() - began < 20
            took = time.monotonic() - began
            one.terminate()
            return took

    assert quickest(seconds, 0.1, 5) < 0.1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_drain_serves_on_then_finishes(number: signal.Signals, tmp_path: Path) -> None:
    made = tmp_path / "made"
    with served("sample:service", MORROW_DRAIN="1s") as one, ThreadPoolExecutor(2) as pool:
        assert "connection" not in one.get("/").headers
        one.terminate(number)
        wait_for(lambda: one.admin("/readyz").status == 503, "not ready")
        assert one.admin("/readyz").json()["causes"] == ["draining"]
        assert one.admin("/livez").status == 200
        answer = one.get("/")
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        late = pool.submit(one.get, f"/sleep-until{made}")
        wait_for(lambda: refuses(one.port), "the end of the drain")
        assert not late.done()
        made.touch()
        assert late.result().text == "slept"
        assert one.wait() == 0
        told = [line["message"] for line in one.logged]
        assert told[-1] == "stopped"
        assert told.index("draining") < told.index("stopped")
        with pytest.raises(ConnectionRefusedError):
            one.get("/")


def test_what_is_cut_is_told_and_ends_non_zero() -> None:
    with served("sample:service", MORROW_GRACE="300ms") as one, ThreadPoolExecutor(2) as pool:
        cut = pool.submit(one.get, "/sleep/30.0", headers={"X-Request-ID": "the-cut-one"})
        wait_for(lambda: one.metric("http_server_active_requests") == 1, "the request")
        one.terminate()
        assert one.wait() == 1
        lines = one.told("request cut")
        assert [line["request_id"] for line in lines] == ["the-cut-one"]
        assert lines[0]["path"] == "/sleep/30.0"
        with pytest.raises(OSError):  # noqa: PT011 - reset or closed, as the kernel likes
            cut.result()


def test_what_a_client_that_left_asked_for_is_finished(tmp_path: Path) -> None:
    made = tmp_path / "made"
    with served("sample:service") as one:
        with socket.create_connection(("127.0.0.1", one.port)) as client:
            client.sendall(f"GET /sleep-until{made} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            wait_for(lambda: one.metric("morrow_threads_busy") == 1, "the request")
        one.terminate()
        wait_for(lambda: refuses(one.port), "the closed door")
        # Granian has no connection left and is done at once: the worker must not be.
        for _ in range(100):
            assert one.metric("http_server_active_requests") == 1
        made.touch()
        assert one.wait() == 0
        assert one.messages("stopped")[0]["lost"] == 0


def test_second_signal_ends_at_once() -> None:
    with served("sample:service", MORROW_DRAIN="60s") as one:
        one.terminate()
        one.told("draining")
        one.terminate()
        assert one.wait(5) == 1
        assert one.messages("second signal")
