"""Make docs/errors.md from the table of errors: `python -m docs.errors > docs/errors.md`."""

from __future__ import annotations

from morrow.tool.base.errors import table


def page() -> str:
    """Return the page."""
    lines = [
        "# Errors",
        "",
        "Every error of the tool has a code, an object, a cause and a fix. This page is made from",
        "the table in `src/morrow/tool/base/errors.toml`; `morrow explain CODE` shows one row.",
        "A fix is shown with example values. Exit 2: nothing had been changed.",
        "Exit 3 instead of 1: the release is applied, but does not serve users as declared.",
        "",
    ]
    for code, row in sorted(table().items()):
        refused = 2 if row.refused else 1
        lines += [f"## {code}", "", row.summary, "", "```text", row.as_typed, "```", ""]
        lines += [f"Exit {refused}.", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    print(page(), end="")
