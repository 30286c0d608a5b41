"""The kit's rooms: imports go one way, and no import inside a function hides a circle."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.unit.kit.served import ROOT

KIT = ROOT / "src" / "morrow" / "kit"
ROOMS = ("settings", "request", "health", "serving")
"""Lowest first: a room uses those before it."""


def imports(file: Path, names: set[str]) -> set[str]:
    """Return the kit's modules that a file imports, wherever in it the line stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file}: a relative import"
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found & names


def graph(kit: Path) -> dict[str, set[str]]:
    """Return for each module what it imports of the same kit, packages left out."""
    files = {
        f"morrow.kit.{'.'.join(file.relative_to(kit).with_suffix('').parts)}": file
        for file in kit.rglob("*.py")
        if file.name != "__init__.py"
    }
    return {name: imports(file, set(files)) for name, file in files.items()}


def upward(modules: dict[str, set[str]]) -> list[str]:
    """Return each import that goes to a higher room."""
    floor = {room: number for number, room in enumerate(ROOMS)}

    def room(name: str) -> int:
        return floor[name.split(".")[2]]

    return [
        f"{name} imports {used}"
        for name, uses in modules.items()
        for used in uses
        if room(used) > room(name)
    ]


def test_every_module_stands_in_a_room_and_uses_none_above() -> None:
    modules = graph(KIT)
    assert {name.split(".")[2] for name in modules} == set(ROOMS)
    assert upward(modules) == []


def test_no_circle_is_hidden_by_an_import_inside_a_function() -> None:
    TopologicalSorter(graph(KIT)).prepare()


def test_the_checks_see_a_circle_and_a_way_up(tmp_path: Path) -> None:
    (tmp_path / "settings").mkdir()
    (tmp_path / "serving").mkdir()
    low, high = tmp_path / "settings" / "low.py", tmp_path / "serving" / "high.py"
    low.write_text("def f():\n    from morrow.kit.serving import high\n")
    high.write_text("from morrow.kit.settings.low import f\n")
    modules = graph(tmp_path)
    assert upward(modules) == ["morrow.kit.settings.low imports morrow.kit.serving.high"]
    with pytest.raises(CycleError):
        TopologicalSorter(modules).prepare()
