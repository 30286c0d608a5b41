"""The two commands of the README as a newcomer types them: a machine with nothing but Python.

    python -m tests.unit.frame.newcomer [--whole]

Another user, an empty HOME, a PATH without Go, Terraform, HAProxy and promtool, a space in the
path. What was downloaded and built here before is lent to it, so that a run takes minutes; one
program is not, and is built with a Go that is brought. Without `--whole` the tests are a part:
one of each kind of thing that a machine may lack.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.unit.frame.fresh_clone import LEFT_OUT, Clone, fresh_clone
from tests.unit.frame.repository import ROOT
from tools.build import cache_folder, folders
from tools.wheels import home

# Not kubeconform.
LENT = (
    "cosign", "cyclonus", "helm", "helm-3.18", "helm-4", "kube-score", "otelcol", "registry",
    "sops", "tflint",
)  # fmt: skip
PART = (
    "tests/chart/test_chart_helms.py tests/chart/test_chart_conform.py"
    " tests/chart/test_chart_rules.py tests/terraform"
    " tests/unit/tool/test_completion.py tests/unit/kit/test_haproxy.py"
)
COUNTED = re.compile(r"^skipped for want of a program: \d+ \((.*)\)$", re.MULTILINE)
PASSED = re.compile(r"^=+ (?:.*, )?(\d+) passed", re.MULTILINE)


def lend(cache: Path) -> None:
    """Link what this machine has kept into a cache that anybody can read."""
    kept = [*folders(LENT), *(cache_folder() / "schemas").glob("*/"), cache_folder() / "wheels"]
    kept.append(home("go"))
    for source in filter(Path.is_dir, kept):
        target = cache / source.parent.relative_to(cache_folder())
        target.mkdir(parents=True, exist_ok=True)
        # Links cost nothing; over a border between file systems it is a copy.
        for how in ("-al", "-a"):
            if subprocess.run(["cp", how, source, target], check=False).returncode == 0:
                break
            shutil.rmtree(target / source.name, ignore_errors=True)
    for folder in [cache, *(path for path in cache.rglob("*/") if not path.is_symlink())]:
        folder.chmod(0o777)  # the newcomer adds to it; what is lent stays its owner's


def run(clone: Clone, script: str) -> str:
    """Run a script in the clone, its output seen as it comes; a failure ends all."""
    print(f"\n-- {script}", flush=True)
    began = time.monotonic()
    output = []
    with subprocess.Popen(
        [*clone.prefix, "bash", "-euo", "pipefail", "-c", script],
        cwd=clone.folder,
        env=clone.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            output.append(line)
            print(line, end="", flush=True)
    print(f"-- {time.monotonic() - began:.0f} s", flush=True)
    if running.returncode:
        sys.exit(f"newcomer: `{script}` ended with {running.returncode}")
    return "".join(output)


def judge(output: str) -> str:
    """Return what is wrong with a run of the tests; it must have skipped, and for want of these."""
    counted = COUNTED.search(output)
    passed = PASSED.search(output)
    lacking = {part.split()[0] for part in counted[1].split(", ")} if counted else set()
    if not passed or int(passed[1]) < 100:
        return "fewer than 100 tests passed"
    if "terraform" not in lacking:
        return "nothing was skipped for want of Terraform: the PATH was not bare"
    if lacking - set(LEFT_OUT) or "go" in lacking:
        return f"skipped for want of {', '.join(sorted(lacking))}"
    return ""


def main(arguments: list[str]) -> int:
    with fresh_clone(bare=True) as clone:
        cache = clone.folder.parent / "cache"
        cache.mkdir()
        lend(cache)
        clone.environment["MORROW_CACHE"] = str(cache)
        run(clone, "make up")
        run(clone, "make down")
        tests = "" if "--whole" in arguments else f" ARGS='{PART}'"
        wrong = judge(run(clone, f"make test{tests}"))
    print(f"newcomer: {wrong or 'both commands hold'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main(sys.argv[1:]))
