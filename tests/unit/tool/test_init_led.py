"""A service whose pages lead elsewhere answers where they lead."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.tool.test_init import fill, found

WSGI = """
def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path in ({page!r}, "/docs"):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"who are you?"]
    start_response("307 Temporary Redirect", [("location", {to!r})])
    return [b""]
"""
ASGI = """
class FastAPI:
    async def __call__(self, scope, receive, send):
        assert scope["type"] == "http"
        there = scope["path"] in ({page!r}, "/docs")
        headers = [] if there else [(b"Location", {to!r}.encode())]
        status = 200 if there else 307
        await send({{"type": "http.response.start", "status": status, "headers": headers}})
        await send({{"type": "http.response.body", "body": b""}})
app = FastAPI()
"""
PAGE = "/who/are-you"


@pytest.mark.parametrize("kind", [WSGI, ASGI])
@pytest.mark.parametrize(
    ("to", "answers"),
    [
        (PAGE, (PAGE, 200)),
        (f"http://127.0.0.1{PAGE}?next=/", (PAGE, 200)),
        (f"https://login.example.com{PAGE}", ("/docs", 200)),
        ("/elsewhere", ("/docs", 200)),
    ],
)
def test_where_a_page_leads_is_asked_too(
    tmp_path: Path, kind: str, to: str, answers: tuple[str, int]
) -> None:
    fill(tmp_path, main_py=kind.format(page=PAGE, to=to))
    app = found(tmp_path).application
    assert app.path == answers, "before `/docs`, which is asked later"


def test_what_leads_on_and_on_ends(tmp_path: Path) -> None:
    text = WSGI.format(page=PAGE, to="").replace("(\"location\", '')", '("Location", path + "a")')
    fill(tmp_path, main_py=text.replace("/docs", ""))
    assert found(tmp_path).application.path == ("/", 307)
