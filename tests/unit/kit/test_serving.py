"""`python -m morrow` as a process: start, answers, drain, deaths, exit codes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.unit.kit.served import HELLO, ask, environment, quickest, run, served, wait_for


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


def test_dead_worker_is_replaced_on_the_same_socket() -> None:
    with served("sample:service") as one:
        # A control: the socket would refuse if the worker alone held it.
        first = one.worker_pid()
        os.kill(first, signal.SIGKILL)
        assert one.get("/").status == 200
        wait_for(lambda: one.admin("/readyz").status == 200, "the new worker")
        assert one.worker_pid() != first
        assert one.metric("morrow_worker_restarts_total") == 1
        died = one.told("the worker died")
        assert [line["message"] for line in died] == ["the worker died: signal SIGKILL"]
        assert one.stop() == 0


def test_three_deaths_in_a_minute_end_it() -> None:
    with served("sample:service") as one:
        for _ in range(3):
            wait_for(lambda: one.get("/").status == 200, "a worker")
            with pytest.raises(OSError):  # noqa: PT011 - reset or closed
                one.get("/die")
        assert one.wait() == 1
        assert one.messages("the worker died 3 times in a minute")


def test_the_worker_ends_when_the_main_process_is_killed() -> None:
    with served("sample:service") as one:
        worker = one.worker_pid()
        one.terminate(signal.SIGKILL)
        one.wait()

        def gone() -> bool:
            try:
                os.kill(worker, 0)
            except ProcessLookupError:
                return True
            status = Path(f"/proc/{worker}/stat")
            return status.exists() and status.read_text().split()[2] == "Z"

        wait_for(gone, "the worker's end")


def test_hangup_replaces_the_worker_without_a_lost_request() -> None:
    with served("sample:service", MORROW_DRAIN="200ms") as one:
        first = one.worker_pid()
        one.terminate(signal.SIGHUP)
        wait_for(lambda: len(one.messages("serving")) == 2, "the new worker")
        for _ in range(20):
            assert one.get("/").status == 200
        one.told("stopped")
        wait_for(lambda: first not in one.worker_pids(), "the end of the old one")
        assert one.get("/").status == 200
        assert one.stop() == 0


def test_what_a_replaced_worker_lost_is_told_and_ends_non_zero() -> None:
    with served("sample:service", MORROW_GRACE="300ms") as one, ThreadPoolExecutor(1) as pool:
        cut = pool.submit(one.get, "/sleep/30.0")
        wait_for(lambda: one.metric("http_server_active_requests") == 1, "the request")
        one.terminate(signal.SIGHUP)
        one.told("the old worker lost requests")
        assert one.get("/").status == 200
        assert one.stop() == 1
        with pytest.raises(OSError):  # noqa: PT011 - reset or closed, as the kernel likes
            cut.result()


def refuses(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0


FAILURES = {
    "sample:raising": "the factory raised: RuntimeError: no database (",
    "sample:wrong": "the factory raised: TypeError: the factory gave int, not an application",
    "nowhere:service": "cannot import nowhere: ModuleNotFoundError: No module named 'nowhere' "
    "(is its folder on PYTHONPATH?)",
    "sample:nothing": "sample:nothing: sample has no nothing",
    "sample:NOT_CALLABLE": "sample:NOT_CALLABLE is int, which cannot be called",
    ":x": "':x' is no MODULE:ATTRIBUTE",
}


@pytest.mark.parametrize("target", FAILURES)
def test_failed_start_is_one_line_and_non_zero_within_two_seconds(target: str) -> None:
    def seconds() -> float:
        began = time.monotonic()
        ended = run(target)
        (line,) = ended.stdout.splitlines()
        assert ended.returncode == (78 if target == "sample:NOT_CALLABLE" else 1)
        assert FAILURES[target] in line
        assert ended.stderr == ""
        return time.monotonic() - began

    assert quickest(seconds, 2, 5) < 2


def test_taken_port_names_the_port_and_the_mend() -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = str(holder.getsockname()[1])
        ended = run("sample:service", MORROW_PORT=port)
        assert ended.returncode == 1
        assert f"cannot listen on 127.0.0.1 port {port}: Address already in use" in ended.stdout
        assert "stop what holds it, or set MORROW_PORT to another" in ended.stdout
        ended = run("sample:service", MORROW_ADMIN_PORT=port)
        assert "set MORROW_ADMIN_PORT to another" in ended.stdout
    ended = run("sample:service", MORROW_HOST="192.0.2.1")
    assert ended.returncode == 1
    assert "port-refused" in ended.stdout


def test_bad_settings_are_told_at_once_without_values() -> None:
    ended = run(
        "hello.app:service",
        SECRET_KEY="canary-value",
        SECRET_KEY_FILE=__file__,
        API_BASE_URL="canary-value",
        MAX_CONNECTIONS="canary-value",
        MORROW_DRIAN="5",
    )
    assert ended.returncode == 78
    (line,) = ended.stdout.splitlines()
    for name in ("SECRET_KEY", "DB_PASSWORD", "API_BASE_URL", "MAX_CONNECTIONS", "MORROW_DRIAN"):
        assert name in line
    assert "did you mean MORROW_DRAIN?" in line
    told = json.loads(line)
    assert told["code"] == "bad-settings"
    assert {one["variable"]: one["code"] for one in told["problems"]} == {
        "SECRET_KEY": "setting-twice",
        "DB_PASSWORD": "setting-missing",
        "API_BASE_URL": "setting-malformed",
        "MAX_CONNECTIONS": "setting-malformed",
        "MORROW_DRIAN": "setting-unknown",
    }
    for one in told["problems"]:
        assert f"{one['variable']} {one['message']}" in told["message"]
    assert "canary-value" not in ended.stdout
    assert ended.stderr == ""


def test_own_and_the_services_problems_come_together() -> None:
    ended = run("hello.app:service", MORROW_PORT="http", MORROW_XY="1")
    assert ended.returncode == 78
    (line,) = ended.stdout.splitlines()
    for name in ("MORROW_PORT", "MORROW_XY", "SECRET_KEY", "DB_PASSWORD", "API_BASE_URL"):
        assert name in line


def test_mounted_secrets_are_read(tmp_path: Path) -> None:
    (tmp_path / "SECRET_KEY").write_text("k\n")
    (tmp_path / "DB_PASSWORD").write_text("from the folder\n")
    with served(
        "hello.app:service",
        MORROW_SECRETS_DIR=str(tmp_path),
        API_BASE_URL="https://api.example.com",
        REVEAL_SECRETS="true",
    ) as hello:
        assert hello.get("/config").json()["DB_PASSWORD"] == "from the folder"


def test_secrets_leave_the_environment_before_it_is_copied() -> None:
    with served("sample:service", TOKEN="taken-out", KEPT="left-in") as one:
        shown = one.get("/environ").text
        assert "taken-out" not in shown
        assert "left-in" in shown


def test_trusted_proxies_are_believed_and_others_not() -> None:
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"}
    with served("sample:service", MORROW_TRUSTED_PROXIES="127.0.0.0/8") as one:
        seen = one.get("/where", headers=headers).json()
        assert (seen["scheme"], seen["client"]) == ("https", "198.51.100.7")
    with served("sample:service", MORROW_TRUSTED_PROXIES="10.0.0.0/8") as one:
        seen = one.get("/where", headers=headers).json()
        assert (seen["scheme"], seen["client"]) == ("http", "127.0.0.1")
    ended = run("sample:service", MORROW_TRUSTED_PROXIES="the-gateway")
    assert ended.returncode == 78
    assert "MORROW_TRUSTED_PROXIES is no list of networks" in ended.stdout


APP = """
def app(environ, start_response):
    start_response("200 OK", [])
    return [b"{}"]
"""


def test_reload_serves_the_changed_source_and_survives_a_broken_one(tmp_path: Path) -> None:
    source = tmp_path / "edited.py"
    source.write_text(APP.format("one"))
    paths = os.pathsep.join([str(tmp_path), environment()["PYTHONPATH"]])
    with served("edited:app", "--reload", PWD=str(tmp_path), PYTHONPATH=paths) as one:
        assert one.get("/").text == "one"
        source.write_text(APP.format("the second"))
        wait_for(lambda: one.get("/").text == "the second", "the change")
        source.write_text("this is no Python")
        one.told("cannot import edited")
        assert one.get("/").text == "the second"
        source.write_text(APP.format("the third one"))
        wait_for(lambda: one.get("/").text == "the third one", "the mend")
        assert one.stop() == 0


def test_a_successor_takes_the_ports_over_without_a_lost_request(tmp_path: Path) -> None:
    path = str(tmp_path / "handover")
    env = {"MORROW_HANDOVER": path, "MORROW_DRAIN": "500ms"}
    failed: list[Exception] = []
    answered = 0
    done = threading.Event()
    with served("sample:service", **env) as old:
        port = old.port

        def load() -> None:
            nonlocal answered
            while not done.is_set():
                try:
                    assert ask(port, "/").status == 200
                    answered += 1
                except (OSError, AssertionError) as error:
                    failed.append(error)

        client = threading.Thread(target=load)
        client.start()
        with served("sample:service", **env) as new:
            assert new.port == port
            assert old.wait() == 0
            assert ask(port, "/healthz").status == 200
            assert new.admin("/readyz").json()["pid"] == new.process.pid
            done.set()
            client.join()
            assert old.messages("a successor has taken the ports over")
            assert old.messages("stopped")[0]["lost"] == 0
            assert os.path.exists(path)  # noqa: PTH110 - a socket
            # A third one: the successor offers them in its turn.
            with served("sample:service", **env) as third:
                assert third.port == port
                assert new.wait() == 0
                assert third.stop() == 0
    assert failed == []
    assert answered > 10
    assert not os.path.exists(path)  # noqa: PTH110 - a socket


def test_a_successor_that_fails_leaves_the_old_one_serving(tmp_path: Path) -> None:
    path = str(tmp_path / "handover")
    with served("sample:service", MORROW_HANDOVER=path) as old:
        ended = run("sample:service", MORROW_HANDOVER=path, NUMBER="10")
        assert ended.returncode == 78
        assert "NUMBER is above 9" in ended.stdout
        assert old.get("/").status == 200
        assert old.admin("/readyz").json()["pid"] == old.process.pid
        assert old.stop() == 0


def test_what_a_crash_left_at_the_path_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "handover"
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(path))
    stale.close()
    with served("sample:service", MORROW_HANDOVER=str(path)) as one:
        assert one.get("/").status == 200


def test_output_is_for_people_on_a_terminal() -> None:
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "morrow", "sample:raising"],
        stdout=theirs,
        env=environment(),
    )
    assert process.wait(20) == 1
    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    assert "critical morrow: sample:raising: the factory raised" in shown
    assert "{" not in shown


def test_threads_are_printed_with_their_reason() -> None:
    with served("sample:service", MORROW_THREADS="7") as one:
        line = one.messages("serving")[0]
        assert (line["threads"], line["because"]) == (7, "MORROW_THREADS")
