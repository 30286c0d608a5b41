"""GET some paths of an application without a server: a part of the program `asked.py`."""

# ruff: noqa: ANN401 - anybody's application

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import os
import re
import traceback
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import urlsplit
from wsgiref.util import setup_testing_defaults

MOST = 20  # paths, with those that others lead to
# An application without a lifespan says it so.
HARMLESS = ("CancelledError", "AssertionError", "NotImplementedError", "KeyError", "ValueError")


class Heard(logging.Handler):
    """What was raised while it was asked: most frameworks answer 500 themselves, and log it."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.errors: list[BaseException] = []
        self.page = b""  # what the first page said that answered 500

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the exception of a line."""
        if record.exc_info and record.exc_info[1] is not None:
            self.errors.append(record.exc_info[1])


heard = Heard()


def led(paths: list[str], path: str, headers: Any) -> None:
    """Ask where a page leads within the service, the first one's next: a login, a language."""
    place = paths.index(path) + 1 if path == "/" and path in paths else len(paths)
    for pair in headers:
        name, value = (one.decode("latin-1") if isinstance(one, bytes) else one for one in pair)
        to = None
        with contextlib.suppress(ValueError):  # the application's own affair
            to = urlsplit(value) if name.lower() == "location" else None
        if to and to.hostname in (None, "127.0.0.1") and to.path[:1] == "/" and len(paths) < MOST:
            paths[place:place] = [] if to.path in paths else [to.path]


def call(app: Any, kind: str, paths: list[str]) -> list[list[Any]]:
    """Ask each path; return [path, status] until one answers 200 and all sound ones are known."""
    found: list[list[Any]] = []
    logging.getLogger().addHandler(heard)
    if kind == "asgi":
        return asyncio.run(call_asgi(app, paths, found))
    for path in paths:
        found.append([path, call_wsgi(app, path, paths)])
        if found[-1][1] == 200:
            break
    return found


def busy() -> float:
    """Return how many times longer a page takes here now, as `ask.busy` does for a program."""
    with contextlib.suppress(OSError, AttributeError):
        return min(max(os.getloadavg()[0] / (os.cpu_count() or 1), 1.0), 3.0)
    return 1.0


def shown() -> str:
    """Return the text of the first page that answered 500; no more than that word tells nothing."""
    text = re.sub(
        r"(?s)<(script|style|head).*?</\1>|<[^>]*>", " ", heard.page.decode(errors="replace")
    )
    text = " ".join(unescape(text).split())
    more = re.sub(r"(?i)(internal|server|error|500|[\W\d])+", "", text)
    return text if more and len(text) < 2000 else ""  # whole: who cuts it hides secrets first


def misused(error: BaseException) -> bool:
    """Whether it says that a function wants other arguments; a page's own fault does not."""
    frames = list(traceback.walk_tb(error.__traceback__))
    if isinstance(error, AttributeError) and frames:
        given = frames[0][0].f_locals
        passed = [given.get(name) for name in ("environ", "start", "scope", "receive", "send")]
        return error.obj is not None and any(error.obj is one for one in passed)
    inner = [one for one in frames[1:] if "asyncio" not in one[0].f_code.co_filename]
    if not isinstance(error, TypeError) or not inner:
        return isinstance(error, TypeError)  # the call itself, or what came back
    code = inner[0][0].f_code
    first = [line for *_, line in code.co_lines() if line and line > code.co_firstlineno][:1]
    own = len(inner) == 1 and inner[0][1] <= (first or [code.co_firstlineno])[0]
    return own and bool(re.search(r"\b(dict|function)\b", str(error)))


def strange(told: dict[str, Any]) -> bool:
    """Whether it is any function that nothing can be asked of: one that wants other arguments."""
    asked = [status for _, status in told["answers"]]
    wrong = not any(asked) and heard.errors and misused(heard.errors[0])
    return bool(told["framework"] == "builtins" and wrong)


def call_wsgi(app: Any, path: str, paths: list[str]) -> int:
    """Return the status of one GET; 0 when it raises."""
    environ: dict[str, Any] = {
        "PATH_INFO": path,
        "HTTP_HOST": "127.0.0.1",
        "SERVER_NAME": "127.0.0.1",
        "REMOTE_ADDR": "127.0.0.1",  # every server says it, and some read it
        "REMOTE_PORT": "1",
        "QUERY_STRING": "",
    }
    environ["wsgi.errors"] = io.StringIO()
    setup_testing_defaults(environ)
    said: list[str] = []

    def start(status: str, headers: Any, exc_info: Any = None) -> Callable[[bytes], None]:
        said.append(status)
        led(paths, path, headers)
        return lambda _: None

    try:
        body = app(environ, start)
        for part in body:
            if said[:1] and said[0].startswith("500") and isinstance(part, bytes):
                heard.page = heard.page or part
            break
        getattr(body, "close", lambda: None)()
        return int(said[0].split()[0])
    except Exception as error:  # the application's
        heard.errors.append(error)
        return 0


async def call_asgi(app: Any, paths: list[str], found: list[list[Any]]) -> list[list[Any]]:
    """Do it inside the lifespan, as a server would."""
    started = asyncio.Event()
    words: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    words.put_nowait({"type": "lifespan.startup"})

    async def told(message: dict[str, Any]) -> None:
        if message["type"] == "lifespan.startup.failed":
            found.append(["lifespan", 0])
        started.set()

    async def live() -> None:
        try:
            await app(
                {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, words.get, told
            )
        except BaseException as error:
            if type(error).__name__ not in HARMLESS:
                found.append(["lifespan", 0])
            if ["lifespan", 0] in found:
                heard.errors.append(error)
        started.set()

    task = asyncio.ensure_future(live())
    try:
        await asyncio.wait_for(started.wait(), 8 * busy())
    except TimeoutError:
        found.append(["lifespan", 0])
    for path in paths:
        found.append([path, await one_asgi(app, path, paths)])
        if found[-1][1] == 200:
            break
    task.cancel()
    return found


async def one_asgi(app: Any, path: str, paths: list[str]) -> int:
    """Return the status of one GET; 0 when it raises."""
    status: list[int] = []
    left = [{"type": "http.request", "body": b"", "more_body": False}]

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            status.append(message["status"])
            led(paths, path, message.get("headers", ()))
        elif status[:1] == [500] and isinstance(part := message.get("body"), bytes):
            heard.page = heard.page or part

    async def receive() -> dict[str, Any]:
        if not left:  # some listen for the end of it beside their work: they must wait
            await asyncio.sleep(30)
        return left.pop() if left else {"type": "http.disconnect"}

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
        "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"",
        "root_path": "", "headers": [(b"host", b"127.0.0.1")], "state": {},
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    try:
        await asyncio.wait_for(app(scope, receive, send), 5 * busy())
    except BaseException as error:
        heard.errors.append(error)
    return status[0] if status else 0
