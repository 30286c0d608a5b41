"""Argo CD beside the cluster, and a Git server that it reads: an add-on for some tests.

Its three controllers are Argo CD's own; they run as a person's would who lets them see the whole
cluster. No API server of Argo CD's, no pages, no notifications.
"""

from __future__ import annotations

import os
from urllib.request import urlopen

from lab import network, status
from lab.control_plane import GROUP
from lab.kubectl import kubectl, kubectl_succeeds
from lab.layout import ARGOCD, HOST, KUBECONFIG, RUN
from lab.program import running, start, wait_until
from lab.timings import Clock
from lab.versions import ARGOCD as VERSION
from tools.build import program
from tools.sources import sources

MODULE = "github.com/argoproj/argo-cd/v3"
SPACE = "argocd"
HOME = RUN / "argocd"
REPOSITORIES = RUN / "git"  # each bare repository below it is served, to be read
GIT = f"git://{HOST}"
REDIS = "127.0.0.1:6379"
REPO_SERVER = f"{ARGOCD.address}:8081"
ROLES = {
    "redis": (REDIS,),
    "repo-server": ("--disable-tls", "--address", ARGOCD.address, "--redis", REDIS),
    "application-controller": (
        *("-n", SPACE, "--redis", REDIS, "--repo-server", REPO_SERVER, "--repo-server-plaintext"),
    ),
    "applicationset-controller": (
        *("-n", SPACE, "--argocd-repo-server", REPO_SERVER, "--repo-server-plaintext"),
        *("--probe-addr", ":8085"),
    ),
}
ANSWERS = (":8082/healthz", ":8084/healthz", ":8080/metrics")  # of the three controllers


def add() -> None:
    """Bring the cluster its Argo CD; return when its controllers have taken up their work."""
    binary, helm = str(program("argocd")), program("helm")
    clock = Clock()
    manifests = sources("argocd", MODULE) / "manifests"
    kubectl("apply", "--server-side", "-k", str(manifests / "crds"))
    if not kubectl_succeeds("get", "namespace", SPACE):
        kubectl("create", "namespace", SPACE)
    kubectl("apply", "-n", SPACE, "--server-side", "-k", str(manifests / "base" / "config"))
    clock.say("objects applied")
    if not (network.NAMESPACES / ARGOCD.namespace).exists():
        network.make_node(ARGOCD)
    for folder in (HOME, REPOSITORIES):
        folder.mkdir(exist_ok=True)
    serve = ("--reuseaddr", "--export-all", f"--listen={HOST}", f"--base-path={REPOSITORIES}")
    if not running("git-daemon"):
        start("git-daemon", ["git", "daemon", *serve, str(REPOSITORIES)], cgroup=GROUP)
    environment = {
        "HOME": str(HOME),
        "TMPDIR": str(HOME),
        "PATH": os.pathsep.join((str(helm.parent), os.environ["PATH"])),
        "KUBECONFIG": str(KUBECONFIG),
        "ARGOCD_FAKE_IN_CLUSTER": "true",
        "ARGOCD_GPG_ENABLED": "false",
    }
    programs = [
        running(f"argocd-{role}")
        or start(
            f"argocd-{role}",
            [binary, role, *words],
            cgroup=GROUP,
            namespace=ARGOCD.namespace,
            environment=environment,
        )
        for role, words in ROLES.items()
    ]
    wait_until("Argo CD", _answers, programs=programs, within=60)
    clock.say(f"Argo CD {VERSION} answers; it occupies {status.memory(('argocd',)) // 2**20} MiB")
    clock.say("stand-in: Argo CD's Redis (kept in memory by a library)")


def _answers() -> bool:
    try:
        for place in ANSWERS:
            with urlopen(f"http://{ARGOCD.address}{place}", timeout=2) as answer:
                answer.read()
    except OSError:
        return False
    return True
