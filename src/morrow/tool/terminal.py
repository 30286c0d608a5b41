"""The one terminal: talk goes to stderr, results to stdout.

How others use it: `from morrow.tool.terminal import terminal`, then

    terminal.say("deploying hello …")       # a line of talk
    terminal.status("2 of 3 pods ready")    # one line that is rewritten (plain lines in CI)
    terminal.warn("one replica only")
    terminal.result("text")                 # stdout, only without --json
    terminal.answer(data)                   # stdout, only with --json: one JSON document
    terminal.table(("name", "state"), rows) # stdout, fits the width
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TextIO

STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


class Terminal:
    """Where the tool speaks. Colour and movement only on a terminal, never in CI."""

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self._out = out
        self._err = err
        self.json = False
        self.show_commands = False
        self._status = ""

    @property
    def out(self) -> TextIO:
        """Standard output as it is now (tests replace it)."""
        return self._out or sys.stdout

    @property
    def err(self) -> TextIO:
        """Standard error as it is now."""
        return self._err or sys.stderr

    @property
    def interactive(self) -> bool:
        """Whether somebody can be asked: both ends are a terminal and this is no CI."""
        return sys.stdin.isatty() and self.moves

    @property
    def moves(self) -> bool:
        """Whether lines may be rewritten."""
        return self.err.isatty() and not os.environ.get("CI") and os.environ.get("TERM") != "dumb"

    @property
    def width(self) -> int:
        """Columns of the terminal; 80 where there is none."""
        import shutil  # it brings three compressors along: not before the first output

        return shutil.get_terminal_size((80, 24)).columns

    def paint(self, text: str, style: str, stream: TextIO | None = None) -> str:
        """Colour `text` if the stream is a terminal and NO_COLOR is unset."""
        stream = stream or self.err
        if not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
            return text
        return f"\x1b[{STYLES[style]}m{text}\x1b[0m"

    def say(self, text: str = "") -> None:
        """Write a line of talk."""
        self._clear()
        print(text, file=self.err, flush=True)

    def warn(self, text: str) -> None:
        """Write a line that deserves attention."""
        self.say(f"{self.paint('warning:', 'yellow')} {text}")

    def status(self, text: str) -> None:
        """Show what goes on: one line, rewritten on a terminal, repeated elsewhere."""
        if text == self._status:
            return
        if self.moves:
            self._clear()
            self.err.write(self.paint(text[: self.width - 1], "dim"))
            self.err.flush()
        else:
            print(text, file=self.err, flush=True)
        self._status = text

    def _clear(self) -> None:
        if self._status and self.moves:
            self.err.write("\r\x1b[2K")
        self._status = ""

    def command(self, line: str) -> None:
        """Show a command that is about to run (--show-commands)."""
        if self.show_commands:
            self.say(self.paint(f"$ {line}", "cyan"))

    def result(self, text: str) -> None:
        """Write a result for people; silent with --json."""
        self._clear()
        if not self.json:
            print(text, file=self.out, flush=True)

    def answer(self, data: object) -> None:
        """Write the result for programs; silent without --json."""
        self._clear()
        if self.json:
            import json

            print(json.dumps(data, indent=2, ensure_ascii=False), file=self.out, flush=True)

    def table(self, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Write rows under headers; the last column is folded to the width."""
        self.result(format_table(headers, rows, self.width))


def format_table(headers: Sequence[str], rows: Iterable[Sequence[str]], width: int) -> str:
    """Lay rows out in columns; the last one takes the room that is left and is folded."""
    import textwrap

    body = [list(row) for row in rows]
    lines = [list(headers), *body] if any(headers) else body
    if not lines:
        return ""
    columns = len(lines[0])
    widths = [max(len(line[i]) for line in lines) for i in range(columns)]
    room = max(20, width - sum(widths[:-1]) - 2 * (columns - 1))
    text = []
    for line in lines:
        folded = textwrap.wrap(line[-1], room, break_on_hyphens=False) or [""]
        head = "".join(f"{cell:<{size}}  " for cell, size in zip(line, widths[:-1], strict=False))
        text.append((head + folded[0]).rstrip())
        text.extend(" " * len(head) + more for more in folded[1:])
    return "\n".join(text)


terminal = Terminal()
