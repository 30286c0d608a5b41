"""The examples of a docstring as blocks of code, as Markdown wants them."""

from __future__ import annotations

import re

EXAMPLE = re.compile(r"^>>> .*?(?=\n\s*\n|\s*\Z)", re.MULTILINE | re.DOTALL)
DIRECTIVE = re.compile(r"\s*# doctest: \+\w+")


def fenced(text: str) -> str:
    """Return a docstring with each example, up to the next empty line, in a block of code."""
    return EXAMPLE.sub(lambda m: f"```pycon\n{DIRECTIVE.sub('', m[0])}\n```", text)
