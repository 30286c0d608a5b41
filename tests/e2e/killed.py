"""Run `morrow` and kill it by SIGKILL at a step of its own: no option of the product is needed.

`python -c MAIN` with KILLED_AT, a pattern, and KILLED_WHEN: `before` what matches is done, `during`
it, or `after` it, which is before whatever is done next. A step is what anybody outside could see:
a program that is started, a file that is replaced, a request to AWS, a question to PostgreSQL.
"""

from __future__ import annotations

import atexit
import os
import re
import signal
import sys
import threading
from pathlib import Path
from typing import Any

MAIN = "from tests.e2e.killed import main; main()"
DURING = 0.5  # seconds after its start in which a program is killed while it runs
WITH_US = '"$@" & exec'  # how the tool starts a program that runs beside it


def main() -> None:
    """Watch, then be the command."""
    pattern, when = os.environ["KILLED_AT"], os.environ["KILLED_WHEN"]
    watch = Watch(pattern, when)
    sys.addaudithook(watch.event)
    watch.databases()
    from morrow.tool.cli.main import main

    main()


class Watch:
    """What is done, one step after the other, until the one at which we end."""

    def __init__(self, pattern: str, when: str) -> None:
        self.pattern, self.when, self.met = pattern, when, False

    def event(self, name: str, given: tuple[Any, ...]) -> None:
        """Take what Python says of itself."""
        if name == "subprocess.Popen":
            words = [str(one) for one in given[1]]
            words = words[4:] if len(words) > 4 and words[2].startswith(WITH_US) else words
            if log := os.environ.get("KILLED_LOG"):  # what whoever looks into /proc would read
                with Path(f"{log}.environ").open("a") as file:
                    given_on = os.environ if given[3] is None else given[3]
                    file.writelines(f"{key}={value}\n" for key, value in given_on.items())
            self.step(" ".join([Path(words[0]).name, *words[1:]]))
        elif name == "os.rename":
            self.step(f"rename {Path(os.fsdecode(given[1])).name}")
        elif name == "http.client.send":
            sent = given[1] if isinstance(given[1], bytes) else b""
            if asked := re.search(rb"(?i)X-Amz-Target: (\S+)", sent):
                self.step(f"aws {asked[1].decode()}")

    def databases(self) -> None:
        """Take what is asked of PostgreSQL, of which Python says nothing."""
        from morrow.tool.secrets.postgres import Administrator

        for name in ("users", "sessions", "let_in", "try_login", "shut_out"):
            asked = getattr(Administrator, name)

            def told(*words: Any, _asked: Any = asked, _name: str = name) -> Any:
                self.step(f"postgres {_name}")
                return _asked(*words)

            setattr(Administrator, name, told)

    def step(self, text: str) -> None:
        """End here, or go on."""
        if log := os.environ.get("KILLED_LOG"):
            with Path(log).open("a") as file:
                file.write(f"{text}\n")
        if self.met:
            end()
        if not re.search(self.pattern, text):
            return
        if self.when == "before":
            end()
        if self.when == "during":
            threading.Timer(DURING, end).start()
        else:
            self.met = True
            atexit.register(end)


def end() -> None:
    """End as a crash does: no last word, and what was started runs on."""
    os.kill(os.getpid(), signal.SIGKILL)
