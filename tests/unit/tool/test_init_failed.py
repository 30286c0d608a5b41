"""Why an import or a start-up failed, where one exception hides another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from morrow.tool.init.failed import line


def test_what_a_clean_up_trips_over_does_not_hide_why_there_was_one(tmp_path: Path) -> None:
    class Application:
        pool: object

    def start(application: Application) -> None:
        try:
            raise ConnectionRefusedError("port 5432")
        finally:
            print(application.pool)

    with pytest.raises(AttributeError) as raised:
        start(Application())
    assert line(raised.value, str(tmp_path)) == "ConnectionRefusedError: port 5432"
    raised.value.__context__ = None
    assert line(raised.value, str(tmp_path)).startswith("AttributeError: ")


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (
            "/x/site-packages/structlog/_output.py",
            "as it logged OSError: port 5432",
        ),
        (
            "/x/lib/python3.12/logging/__init__.py",
            "as it logged OSError: port 5432",
        ),
        ("/x/site-packages/shelf/store.py", "no text"),
    ],
)
def test_a_logger_that_fails_does_not_hide_what_it_logged(
    tmp_path: Path, file: str, said: str
) -> None:
    code = compile("def log():\n    raise TypeError('no text')\n", file, "exec")
    held: dict[str, Callable[[], None]] = {}
    exec(code, held)  # noqa: S102 - a logger that cannot write, in a file of that name

    def start() -> None:
        try:
            raise OSError("port 5432")
        except OSError:
            held["log"]()

    with pytest.raises(TypeError) as raised:
        start()
    assert line(raised.value, str(tmp_path)).endswith(said)
