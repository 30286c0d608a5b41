"""The one terminal: talk goes to stderr, results to stdout.

How others use it: `from morrow.tool.base.terminal import terminal`, then

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

TYPE_CHECKING = False  # `typing` would be most of the time until the first line is said
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TextIO

STYLES = {
    "bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34",
    "magenta": "35", "cyan": "36",
}  # fmt: skip


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
        """Columns of the terminal, also when only one of the outputs is one; else 80."""
        given = os.environ.get("COLUMNS", "")
        if given.isdigit() and int(given):
            return int(given)
        for stream in (self.out, self.err):
            try:
                return os.get_terminal_size(stream.fileno()).columns or 80
            except (OSError, ValueError):  # no terminal, or a stream without a file below it
                continue
        return 80

    def paint(self, text: str, style: str, stream: TextIO | None = None) -> str:
        """Colour `text` if the stream is a terminal and NO_COLOR is unset."""
        stream = stream or self.err
        if not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
            return text
        return f"\x1b[{STYLES[style]}m{text}\x1b[0m"

    def say(self, text: str = "") -> None:
        """Write a line of talk."""
        self.clear()
        print(text, file=self.err, flush=True)

    def warn(self, *texts: str) -> None:
        """Write lines that deserve attention."""
        for text in texts:
            self.say(f"{self.paint('warning:', 'yellow')} {text}")

    def status(self, text: str) -> None:
        """Show what goes on: one line, rewritten on a terminal, repeated elsewhere."""
        if text == self._status:
            return
        if self.moves:
            self.clear()
            self.err.write(self.paint(text[: self.width - 1], "dim"))
            self.err.flush()
        else:
            print(text, file=self.err, flush=True)
        self._status = text

    def clear(self) -> None:
        """Remove the status line: something else writes to this terminal now."""
        if self._status and self.moves:
            self.err.write("\r\x1b[2K")
        self._status = ""

    def command(self, line: str) -> None:
        """Show a command that is about to run (--show-commands)."""
        if self.show_commands:
            self.say(self.paint(f"$ {line}", "cyan"))

    def result(self, text: str) -> None:
        """Write a result for people; silent with --json."""
        self.clear()
        if not self.json:
            print(text, file=self.out, flush=True)

    def answer(self, data: object) -> None:
        """Write the result for programs; silent without --json."""
        self.clear()
        if self.json:
            import json

            plain = not _is_unicode(self.out)
            print(json.dumps(data, indent=2, ensure_ascii=plain), file=self.out, flush=True)

    def table(self, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Write rows under headers; the last column is folded to the width."""
        self.result(format_table(headers, rows, self.width))


def format_table(headers: Sequence[str], rows: Iterable[Sequence[str]], width: int) -> str:
    """Lay rows out in columns; the last one takes the room that is left and is folded.

    Where that leaves it none, the others are folded too.
    """
    import re
    import textwrap
    from itertools import zip_longest

    def seen(cell: str) -> int:
        return len(re.sub("\x1b\\[[0-9;]*m", "", cell))

    def folded(cell: str, room: int) -> list[str]:
        if seen(cell) <= room:
            return [cell]
        return textwrap.wrap(cell, room, break_on_hyphens=False, break_long_words=False)

    body = [list(row) for row in rows]
    lines = [list(headers), *body] if any(headers) else body
    if not lines:
        return ""
    columns = len(lines[0])
    widths = [max(seen(line[i]) for line in lines) for i in range(columns)]
    gaps = 2 * (columns - 1)
    excess = sum(widths[:-1]) + gaps + min(30, widths[-1]) - width
    for i in reversed(range(columns - 1)):  # the first names the row: it is folded last
        word = max((seen(word) for line in lines for word in line[i].split()), default=0)
        cut = max(0, min(excess, widths[i] - max(20, min(30, word))))  # a word is not folded
        widths[i] -= cut
        excess -= cut
    widths[-1] = max(20, width - sum(widths[:-1]) - gaps)
    text = []
    for line in lines:
        cells = [folded(cell, room) for cell, room in zip(line, widths, strict=True)]
        for row in zip_longest(*cells, fillvalue=""):
            head = "".join(
                cell + " " * max(2, size - seen(cell) + 2)
                for cell, size in zip(row[:-1], widths[:-1], strict=True)
            )
            text.append((head + row[-1]).rstrip())
    return "\n".join(text)


SIGNS = {"✓": "ok", "✗": "NO", "→": "->", "…": "..."}


def _is_unicode(stream: TextIO) -> bool:
    return (stream.encoding or "utf-8").lower().startswith("utf")


def speak_plainly() -> None:
    """Replace characters that an output's encoding lacks, instead of failing on them."""
    import codecs

    def other(error: UnicodeError) -> tuple[str, int]:
        assert isinstance(error, UnicodeEncodeError)  # noqa: S101 - only writing is asked for
        signs = error.object[error.start : error.end]
        return "".join(SIGNS.get(sign, "?") for sign in signs), error.end

    codecs.register_error("morrow", other)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure") and not _is_unicode(stream):
            stream.reconfigure(errors="morrow")


def typed() -> str:
    """Return `morrow` as this shell can type it: `make up` runs one that is not on PATH."""
    import shutil
    from pathlib import Path

    own, on_path = Path(sys.argv[0]), shutil.which("morrow")
    if own.name != "morrow" or (on_path and own.exists() and own.samefile(on_path)):
        return "morrow"
    full, here = own.absolute(), Path.cwd()
    return str(full.relative_to(here)) if full.is_relative_to(here) else str(full)


def again(wrong: str, right: str) -> str:
    """Return the command as it was typed, with one word corrected."""
    import shlex

    return shlex.join([typed(), *(right if word == wrong else word for word in sys.argv[1:])])


terminal = Terminal()
