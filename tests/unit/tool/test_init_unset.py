"""What an import lacks that somebody gives it first: by a call, or in an example's copy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.tool.test_init import WSGI, fill, refused

LOADS = "shelf = None\ndef load_shelf(path):\n    {}\n    shelf = {{'size': 3}}\n"


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        ("global shelf", "; shelf is None until load_shelf() of shop/held.py is called"
         ", as shop/start.py:2 does"),
        ("pass", ""),
    ],
)  # fmt: skip
def test_who_sets_a_global_that_is_none_is_named(tmp_path: Path, sets: str, said: str) -> None:
    fill(
        tmp_path,
        shop__held_py=LOADS.format(sets),
        shop__start_py="from shop.held import load_shelf\ndef main(): load_shelf('x')\n",
        shop__app_py=f"from shop.held import shelf\nsize = shelf['size']\n{WSGI}",
    )
    cause = refused(tmp_path)[1].partition(" | ")[0]
    assert "'NoneType' object is not subscriptable" in cause
    assert cause.endswith(said or "subscriptable")


@pytest.mark.parametrize("there", [False, True])
def test_an_example_that_does_not_do_as_it_is_is_named(tmp_path: Path, there: bool) -> None:
    checks = "from held import SIGNED\nif not SIGNED: raise ValueError('too short')\n"
    fill(tmp_path, app_py=checks + WSGI, held_example_py="SIGNED = ''\n")
    if there:
        fill(tmp_path, held_py="SIGNED = ''\n")
    said = "there is no held.py: its example, held_example.py, stood in its place as it is"
    cause = refused(tmp_path)[1]
    assert "ValueError at app.py:" in cause
    assert (said in cause) is not there
