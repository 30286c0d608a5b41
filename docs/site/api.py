"""The page of the names that a service imports, for mkdocstrings to fill in from the sources."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable

import morrow


def page() -> str:
    """Return the page: each public name with its arguments."""
    lines = [
        "# The kit's names",
        "",
        "What `from morrow import …` gives, made from the docstrings. These names, their arguments",
        "and their meaning are public: [compatibility](compatibility.md). Nothing else of the",
        "package is.",
    ]
    for name in morrow.__all__:
        it = getattr(morrow, name)
        lines += ["", f"## {name}", ""]
        if _arguments(it):
            lines += ["```python", f"{name}({_arguments(it)})", "```", ""]
        lines += [f"::: {it.__module__}.{name}"]
    return "\n".join(lines) + "\n"


def _arguments(it: Callable[..., object]) -> str:
    """Return the arguments of a call as they are written, a line each; nothing for none."""
    if not inspect.isfunction(it) and not inspect.isfunction(vars(it).get("__init__", it.__init__)):
        return ""  # a type that is given its value
    lines = []
    for one in inspect.signature(it).parameters.values():
        if one.kind is one.KEYWORD_ONLY and "    *," not in lines:
            lines.append("    *,")
        # Annotations are text here; a default that is a class prints as what it is in memory.
        text = re.sub(r": '([^']*)'", r": \1", str(one))
        text = re.sub(r"<(?:class '|\w+\.)?(?:\w+\.)*_?(\w+?)(?:_TYPE)?\b[^>]*>", r"\1", text)
        text = re.sub(r"\b(?:[a-z_]\w*\.)+(?=[A-Z])", "", text)  # where a thing lies is no matter
        lines.append(f"    {text},")
    return "\n".join(["", *lines, ""]) if lines else ""
