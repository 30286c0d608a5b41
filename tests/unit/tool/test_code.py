"""Which files of a service's folder make another version of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from morrow.tool.targets.process.code import code_of

FILES = {
    "shop.py": "import os, helpers.text\nfrom views import pages\nAPPS = ['plugin.apps.Plugin']\n",
    "helpers/__init__.py": "",
    "helpers/text.py": "import json\n",
    "helpers/words.txt": "read by helpers",
    "helpers/seen.log": "written",
    "views/pages.py": "def late():\n    import later\n",
    "later.py": "",
    "plugin/apps.py": "",
    "worker.py": "",
    "templates/page.html": "",
    "README.md": "",
    "data.json": "written by the service",
    "tests/test_shop.py": "import shop\n",
    ".venv/lib/other.py": "",
}
REACHED = [
    "helpers/__init__.py",
    "helpers/text.py",
    "helpers/words.txt",
    "later.py",
    "plugin/apps.py",
    "shop.py",
    "templates/page.html",
    "views/pages.py",
]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def names(source: Path, *entries: str) -> list[str]:
    return [str(file.relative_to(source)) for file in code_of(source, entries)]


def test_only_what_is_imported_or_read_beside_it_counts(source: Path) -> None:
    assert names(source, "shop:service") == REACHED
    worker = names(source, "shop:service", "python", "-m", "celery", "-A", "worker.queue")
    assert sorted([*REACHED, "worker.py"]) == worker
    assert "helpers/text.py" in names(source, "helpers.text:app")


def test_where_the_application_is_not_found_everything_counts(source: Path) -> None:
    assert {"README.md", "tests/test_shop.py"} < set(names(source, "elsewhere:app"))
    assert ".venv/lib/other.py" not in names(source, "elsewhere:app")
