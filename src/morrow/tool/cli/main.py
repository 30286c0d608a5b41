"""The command `morrow`: its table of commands, its first line, and the error edge.

Nothing heavy is imported before the first line is said, not even click. How others use it: a
command is a module `morrow.tool.cli.commands.NAME` and a line in `COMMANDS`; it uses
`morrow.tool.cli.options` and raises `Failure`. Nothing else prints errors or calls exit.
"""

from __future__ import annotations

import os
import sys

from morrow.tool.base.kept import keep
from morrow.tool.cli.catalogue import HELP, opening, overview


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 failed, 2 wrong use or refused, 3 applied, but."""
    keep()
    words = sys.argv[1:] if arguments is None else arguments
    try:
        code = _run(words)
    except KeyboardInterrupt:
        from morrow.tool.cli.edge import interrupted

        code = interrupted(words)
    sys.exit(code)


def _run(words: list[str]) -> int:
    from morrow.tool.base.terminal import speak_plainly, terminal

    speak_plainly()
    if "_MORROW_COMPLETE" not in os.environ:
        if not words or (len(words) == 1 and words[0] in HELP):
            print(overview(), file=sys.stdout if words else sys.stderr)
            return 0 if words else 2
        own = words[: words.index("--")] if "--" in words else words  # the rest is another's
        terminal.json = "--json" in own
        if line := opening(words):
            terminal.status(line)
    from morrow.tool.cli.edge import run

    return run(words)
