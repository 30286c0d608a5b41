"""Syntax trees of files whose Python is newer than the tool's: the project's own reads them.

The second half is a program of its own: `python syntax.py` takes {path: text} as JSON on standard
input and answers {path: tree}. A word that is new here is left out, or read as the one before it.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from morrow.tool.programs.python import Interpreter

# What came after Python 3.11, by what it stands for; other new words tell nothing that is asked.
BEFORE = {
    "TypeAlias": ("Assign", {"name": "targets"}),
    "TemplateStr": ("JoinedStr", {}),
    "Interpolation": ("FormattedValue", {}),
}
KEPT = (str, int, float, bool, type(None))


def newer(python: Interpreter, texts: Mapping[str, str]) -> dict[str, ast.Module]:
    """Return the trees of those that this interpreter can read and the tool's own cannot."""
    from morrow.tool.programs import runner  # the program below has it not

    if python.version <= sys.version_info[:2]:
        return {}
    done = runner.run(python.path, "-I", __file__, input=json.dumps(texts), timeout=60)
    try:
        return {path: made(tree) for path, tree in json.loads(done.out).items()}
    except (ValueError, TypeError):
        return {}


def made(told: Any) -> Any:  # noqa: ANN401 - a node, a list of them or a plain value
    """Return the tree that another Python told."""
    if isinstance(told, list):
        return [made(one) for one in told]
    if not isinstance(told, dict):
        return told
    if "_" not in told:
        return ...
    kind, renamed = BEFORE.get(told["_"], (told["_"], {}))
    made_by: Any = getattr(ast, str(kind), ast.Constant)
    given = {renamed.get(name, name): made(one) for name, one in told.items()}
    if "targets" in made_by._fields and not isinstance(given.get("targets"), list):
        given["targets"] = [given.get("targets")]
    node = made_by(**{name: given[name] for name in made_by._fields if name in given})
    node.lineno = told.get("line") or 1
    return node


def told(one: Any) -> Any:  # noqa: ANN401
    """Return a tree as JSON can hold it."""
    if isinstance(one, ast.AST):
        said = {name: told(value) for name, value in ast.iter_fields(one)}
        return {"_": type(one).__name__, "line": getattr(one, "lineno", 0), **said}
    if isinstance(one, list):
        return [told(each) for each in one]
    if one is ...:  # `Field(...)`: it has no default
        return {}
    return one if isinstance(one, KEPT) else str(one)


def main() -> None:
    """Answer with the trees of those that can be read, and nothing of the others."""
    found = {}
    for path, text in json.load(sys.stdin).items():
        try:
            found[path] = told(ast.parse(text))
        except (SyntaxError, ValueError, RecursionError):
            continue
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
