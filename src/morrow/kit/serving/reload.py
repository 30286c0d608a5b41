"""Which sources have changed, asked by looking at them. For work only."""

import contextlib
import os
from pathlib import Path

SKIPPED = frozenset({"__pycache__", "node_modules"})


class Watch:
    """The Python sources below a folder and when they were last written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     watch = Watch(Path(folder))
    ...     before = watch.changed()
    ...     _ = (Path(folder) / "new.py").write_text("")
    ...     before, watch.changed(), watch.changed()
    (False, True, False)
    """

    def __init__(self, top: Path) -> None:
        self._top = top
        self._seen = self._look()

    def _look(self) -> dict[str, int]:
        seen = {}
        for folder, folders, files in os.walk(self._top):
            folders[:] = [name for name in folders if name not in SKIPPED and name[0] != "."]
            for path in (Path(folder, name) for name in files if name.endswith(".py")):
                # An editor replaces files while we look.
                with contextlib.suppress(FileNotFoundError):
                    seen[str(path)] = path.stat().st_mtime_ns
        return seen

    def changed(self) -> bool:
        """Tell whether anything is different from the last time."""
        now = self._look()
        differs, self._seen = now != self._seen, now
        return differs
