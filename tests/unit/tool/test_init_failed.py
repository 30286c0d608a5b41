"""Why an import or a start-up failed, where one exception hides another."""

from __future__ import annotations

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
