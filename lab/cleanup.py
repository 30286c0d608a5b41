"""Take away all that a lab leaves, also one that was killed in the middle of its start."""

from __future__ import annotations

import shutil
from pathlib import Path

from lab import cgroups, kernel, network
from lab.errors import LabError
from lab.layout import CGROUP, RUN
from lab.shell import run

CNI_RESULTS = Path("/var/lib/cni/results")
LOG_LINKS = Path("/var/log/containers")


def mounts_below(folder: Path) -> list[Path]:
    """Return the mount points below `folder`, the deepest first."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        where = Path(line.split()[4].encode().decode("unicode_escape"))
        if where.is_relative_to(folder):
            found.append(where)
    return sorted(found, reverse=True)


def unmount_below(folder: Path) -> None:
    """Unmount everything below `folder`."""
    points = mounts_below(folder)
    for start in range(0, len(points), 100):
        run("umount", "-l", *points[start : start + 100])


def files_outside(folder: Path) -> list[Path]:
    """Return the files that a node's containers have outside the node's folder."""
    sockets = [
        Path(file.read_text().strip().removeprefix("unix://"))
        for file in folder.glob("containerd/io.containerd.runtime.v2.task/*/*/address")
    ]
    results = [
        file
        for sandbox in folder.glob("containerd/io.containerd.grpc.v1.cri/sandboxes/*")
        for file in CNI_RESULTS.glob(f"*-{sandbox.name}-*")
    ]
    # A pod's containers share one socket.
    return [file for file in set(sockets + results) if file.exists()]


def remove_files_outside(folder: Path) -> None:
    """Remove what a node's containers have outside the node's folder."""
    for file in files_outside(folder):
        file.unlink()


def _files_of_the_lab() -> list[Path]:
    """Return the files outside the lab's folders that are known to be its own by their names."""
    links = [link for link in LOG_LINKS.glob("*.log") if link.readlink().is_relative_to(RUN)]
    return [*CNI_RESULTS.glob("morrow-n?-*"), *links]


def remove_everything() -> None:
    """End and remove all of the lab but its cache; raise when something would not go."""
    left = cgroups.kill(CGROUP)
    if left:
        raise LabError(f"processes {left} of the lab do not end after SIGKILL")
    for folder in RUN.glob("n?"):
        remove_files_outside(folder)
    unmount_below(RUN)
    network.remove_all()
    # `ip netns add` mounts the folder of all namespaces' names over itself.
    if network.NAMESPACES.exists() and not any(network.NAMESPACES.iterdir()):
        unmount_below(network.NAMESPACES)
        network.NAMESPACES.rmdir()
    cgroups.remove(CGROUP)
    for file in _files_of_the_lab():
        file.unlink(missing_ok=True)
    kernel.put_back()
    if RUN.exists():
        shutil.rmtree(RUN)
    found = remains()
    if found:
        raise LabError("the lab left behind: " + ", ".join(found))


def remains() -> list[str]:
    """Return what is left of a lab on this machine, in words."""
    found = [f"process {pid}" for pid in cgroups.processes()]
    found += [f"cgroup {h / CGROUP}" for h in cgroups.hierarchies() if (h / CGROUP).exists()]
    found += [f"mount {point}" for point in mounts_below(RUN)]
    found += network.remains()
    found += [f"file {file}" for file in _files_of_the_lab()]
    if RUN.exists():
        found.append(f"folder {RUN}")
    return found
