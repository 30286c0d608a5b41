"""The lab's cgroups on a machine with nothing but v2, such as most are.

A mount namespace of its own shows the test a machine like that, on the kernel's real hierarchy.
Controllers that v1 holds there are missing; one that v2 has shows that it is handed down.
"""

from __future__ import annotations

import json
import subprocess
import sys

from tests.e2e.cluster import ROOT

SCRIPT = """
import json, os, subprocess, sys
from lab import cgroups
name = f"morrow-test-{os.getpid()}"
found = {"hierarchies": [str(each) for each in cgroups.hierarchies()]}
root = cgroups.ROOT
handed_down = root / "cgroup.subtree_control"
before = handed_down.read_text().split()
try:
    cgroups.make(f"{name}/node/system")
    cgroups.prefer(name)
    found["offered"] = (root / "cgroup.controllers").read_text().split()
    found["inside"] = (root / name / "node" / "system" / "cgroup.controllers").read_text().split()
    [file] = cgroups.process_files(f"{name}/node/system")
    sleeps = subprocess.Popen(["sh", "-c", f"echo $$ > {file} && echo in && sleep 100"],
                              stdout=subprocess.PIPE, text=True)
    sleeps.stdout.readline()
    found["seen"] = sleeps.pid in cgroups.processes(name)
    found["left"] = cgroups.kill(name)
    sleeps.wait()
finally:
    found["folders"] = [str(each) for each in cgroups.remove(name)]
    for each in set(found.get("offered", [])) - set(before):
        handed_down.write_text(f"-{each}")
print(json.dumps(found))
"""
ONLY_V2 = 'umount --lazy /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup && exec "$@"'


def test_on_v2_alone_they_hold_count_kill_and_go() -> None:
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", ONLY_V2, "sh", sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["hierarchies"] == ["/sys/fs/cgroup"]
    assert found["offered"], "no controller at all: the test would show nothing"
    assert sorted(found["inside"]) == sorted(found["offered"])
    assert found["seen"]
    assert found["left"] == []
    assert found["folders"] == []
