"""Lines of the log: ids, formats, warnings, what nobody caught."""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from morrow.kit.health.checks import told
from morrow.kit.request.logs import JsonFormatter, PeopleFormatter, configure
from morrow.kit.settings.problem import raised
from tests.unit.kit.called import Client, Environ


def test_ids_do_not_leak_from_one_request_to_the_next() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    log = logging.getLogger("leak")
    log.addHandler(handler)
    log.propagate = False

    def app(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        log.error("inside", extra={"fields": {"given": environ["HTTP_X_REQUEST_ID"]}})
        start_response("200 OK", [])
        return []

    client = Client(app)

    def work(first: int) -> None:
        for number in range(first, first + 2500):
            client.call(HTTP_X_REQUEST_ID=f"id-{number}")
        log.error("outside")

    threads = [threading.Thread(target=work, args=(start * 2500,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    inside = [line for line in lines if line["message"] == "inside"]
    assert len(inside) == 10_000
    assert all(line["request_id"] == line["given"] for line in inside)
    outside = [line for line in lines if line["message"] == "outside"]
    assert len(outside) == 4
    assert not any("request_id" in line for line in outside)
    log.handlers.clear()


def test_formats_of_a_record() -> None:
    record = logging.LogRecord("shop", logging.ERROR, "", 0, "sold %d %d", (1,), None)
    record.fields = {"count": 2}
    try:
        raise ValueError("why")
    except ValueError as error:
        record.exc_info = (ValueError, error, error.__traceback__)
    record.stack_info = "the stack"
    line = json.loads(JsonFormatter().format(record))
    assert line["message"] == "sold %d %d (1,)"
    assert (line["level"], line["count"], line["error"]) == ("error", 2, "ValueError")
    assert line["time"].endswith("Z")
    people = PeopleFormatter().format(record)
    assert "error   shop: sold" in people
    assert "count=2" in people
    assert "ValueError: why" in people


def test_what_cannot_say_itself_loses_no_line() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError("nothing to say")

        __repr__ = __str__

    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    said: list[tuple[Any, tuple[object, ...], object]]
    said = [(Mute(), (), 1), ("sold %s", (Mute(),), Mute()), ("sold", (), deep)]
    for message, arguments, more in said:
        record = logging.LogRecord("shop", logging.INFO, "", 0, message, arguments, None)
        record.more = more
        assert json.loads(JsonFormatter().format(record))["logger"] == "shop"
        assert " shop: " in PeopleFormatter().format(record)
    assert told(Mute()) == "raised Mute: <Mute>"
    assert "Mute: <Mute>" in str(raised("x", "it raised", Mute()))


def test_configure_takes_warnings_and_uncaught_exceptions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import sys
    import warnings

    root = logging.getLogger()
    before = (root.handlers[:], root.level, sys.excepthook, threading.excepthook)
    raise_before = logging.raiseExceptions
    stream = io.StringIO()
    try:
        configure(stream)
        warnings.warn("careful", UserWarning, stacklevel=1)
        try:
            raise RuntimeError("nobody caught it")
        except RuntimeError as error:
            sys.excepthook(RuntimeError, error, error.__traceback__)

        def fail() -> None:
            raise RuntimeError("in a thread")

        thread = threading.Thread(target=fail, name="the-thread")
        thread.start()
        thread.join()
    finally:
        logging.captureWarnings(False)
        root.handlers, root.level = before[0], before[1]
        sys.excepthook, threading.excepthook = before[2], before[3]
        logging.raiseExceptions = raise_before
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["logger"] for line in lines] == ["py.warnings", "morrow", "morrow"]
    assert "careful" in lines[0]["message"]
    assert "nobody caught it" in lines[1]["stack"]
    assert lines[2]["message"] == "uncaught exception in thread the-thread"
