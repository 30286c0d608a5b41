"""Lead to the copy what is installed from the repository's own folder: a part of `asked.py`."""

# ruff: noqa: PTH100, PTH110, PTH115, PTH118, PTH120 - strings, as the import system has them

from __future__ import annotations

import faulthandler
import os
import sys

CHECKOUT = ".checkout"  # a link beside this program


def enter(copy: str, folder: str, seconds: float) -> None:
    """Go to a folder of the copy, and have an editable install (`pip install -e .`) found there."""
    faulthandler.dump_traceback_later(seconds * 0.9, file=2)  # where it hangs, if so
    os.chdir(folder)
    checkout = os.readlink(os.path.join(os.path.dirname(os.path.abspath(__file__)), CHECKOUT))

    def moved(place: str) -> str:
        other = copy + place[len(checkout) :]
        inside = place == checkout or place.startswith(checkout + os.sep)
        return other if inside and os.path.exists(other) else place  # no environment is in it

    sys.path[:] = [folder, *(moved(one) for one in sys.path[1:])]
    for name, module in list(sys.modules.items()):
        if name.startswith("__editable__"):  # of setuptools: a finder of its own
            for known in (getattr(module, "MAPPING", {}), getattr(module, "NAMESPACES", {})):
                for key, one in list(known.items()):
                    known[key] = moved(one) if isinstance(one, str) else [moved(e) for e in one]
