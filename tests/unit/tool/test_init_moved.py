"""What is installed from the repository's own folder is the copy's while it is asked."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from morrow.tool.init import moved
from morrow.tool.init.hung import hung
from morrow.tool.init.init import look
from tests.unit.tool.test_init import WSGI, choose, fill, refused

PTH = "{root}/lib\n"
FINDER = "import __editable___shelf_finder"
MAPPING = """
import sys
from importlib.machinery import PathFinder
MAPPING = {{'shelf': '{root}/lib/shelf'}}
class Finder:
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name in MAPPING:
            return PathFinder.find_spec(name, [MAPPING[name].rpartition('/')[0]])
sys.meta_path.append(Finder)
"""
WRITES = "from pathlib import Path\nPath(__file__).with_name('here').touch()\n"


@pytest.mark.parametrize("how", ["path", "finder"])
def test_an_editable_install_is_the_copys(tmp_path: Path, how: str) -> None:
    """Else its code runs where its import must not write, and what raised there is not named."""
    words = [sys.executable, "-m", "venv", "--without-pip", str(tmp_path / ".venv")]
    subprocess.run(words, check=True)
    lib = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    packages = tmp_path / ".venv" / "lib" / lib / "site-packages"
    if how == "path":
        (packages / "shelf.pth").write_text(PTH.format(root=tmp_path))
    else:
        (packages / "__editable__.shelf.pth").write_text(FINDER)
        text = MAPPING.format(root=tmp_path)
        (packages / "__editable___shelf_finder.py").write_text(text)
    fill(tmp_path, app__wsgi_py=f"import shelf\n{WSGI}")
    (shelf := tmp_path / "lib" / "shelf").mkdir(parents=True)
    (shelf / "__init__.py").write_text(WRITES)
    assert look(tmp_path, "wsgi:application", "", choose).application.path == ("/", 200)
    assert not (shelf / "here").exists()
    (shelf / "__init__.py").write_text("def ask(one: Any): ...\nAny\n")
    said = refused(tmp_path)[1]
    assert "NameError at lib/shelf/__init__.py:" in said
    if sys.version_info < (3, 14):
        assert "Any stands in an annotation, and lib/shelf/__init__.py does not import it" in said
    (shelf / "__init__.py").write_text("print(Any)\n")
    assert "annotation" not in refused(tmp_path)[1], "the control"


def test_where_an_import_hangs_is_told(tmp_path: Path) -> None:
    copy = tmp_path / "shop"
    fill(copy, app_py="import time\n\ndef wait():\n    time.sleep(5)\n\nwait()\n")
    shutil.copyfile(str(moved.__file__), tmp_path / "moved.py")
    (tmp_path / moved.CHECKOUT).symlink_to(copy)
    asks = f"import moved\nmoved.enter({str(copy)!r}, {str(copy)!r}, {{}})\nimport app"
    said = []
    for seconds in (4, 400):
        words = [sys.executable, "-c", asks.format(seconds)]
        done = subprocess.run(words, cwd=tmp_path, check=True, capture_output=True, text=True)
        said.append(hung(done.stderr, copy, seconds))
    assert said[0] == "its import did not end in 4 s: it was at app.py:4"
    assert said[1] == "its import did not end in 400 s", "the control"
