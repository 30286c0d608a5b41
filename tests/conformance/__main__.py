"""`python -m tests.conformance [APPLICATION...]`: run, tell, and write docs/conformance.md.

With names of applications only those run, and nothing is written.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.conformance.material import ROOT, prepare, programs
from tests.conformance.results import measure, mendable
from tests.conformance.table import page


def main(names: list[str]) -> int:
    results = []
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        prepare(Path(folder), programs())
        for one in measure(programs() / "python", Path(folder), *names):
            results.append(one)
            if one.wrong:
                print(f"{one.server:8} {one.app}: {one.case}: {one.wrong}", flush=True)
    worse = mendable(results)
    print(f"{len(results)} results; Morrow alone wrong: {len(worse)}")
    if not names:
        (ROOT / "docs" / "conformance.md").write_text(page(results))
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
