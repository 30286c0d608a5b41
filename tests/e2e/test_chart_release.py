"""The chart's releases on a real cluster: upgrade, test, rollback, scaling, foreign images."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

from lab import images, oci
from tests.e2e.cluster import Cluster, Image, eventually
from tests.e2e.helms import HELMS, by_helm
from tests.e2e.pods import names
from tests.e2e.pods import ready as is_ready

SERVICE = "app.kubernetes.io/name=hello,app.kubernetes.io/component=service"


def make_secret(cluster: Cluster, namespace: str, name: str = "hello-1") -> None:
    """Make the Secret that hello asks for."""
    values = ["--from-literal=SECRET_KEY=not-a-secret", "--from-literal=DB_PASSWORD=nor-this"]
    cluster.kubectl("create", "secret", "generic", name, "-n", namespace, *values)


def upgrade(cluster: Cluster, namespace: str, image: Image, *sets: str, wait: bool = True) -> str:
    """Install or upgrade hello by plain Helm; return what Helm says."""
    words = ["upgrade", "--install", "hello", "chart", "-n", namespace]
    words += ["-f", "environments/base.yaml", "-f", "environments/dev.yaml", *image.values()]
    words += ["--set", "drain=1", "--set", "rollout.minReadySeconds=0"]
    for one in sets:
        words += ["--set-string" if one.startswith("config.") else "--set", one]
    return cluster.helm(*words, *(["--wait", "--timeout=120s"] if wait else []))


def pods(cluster: Cluster, namespace: str) -> list[dict[str, Any]]:
    """Return the service's pods that are not on their way out."""
    found = cluster.get("pods", "-n", namespace, "-l", SERVICE)["items"]
    return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]


def config_of(pod: dict[str, Any]) -> dict[str, str]:
    """Return the plain settings that a pod was made with."""
    env = pod["spec"]["containers"][0]["env"]
    plain = {one["name"]: one["value"] for one in env if "value" in one}
    return {name: value for name, value in plain.items() if not name.startswith("MORROW_")}


@pytest.mark.parametrize("tool", HELMS)
def test_install_upgrade_test_rollback_uninstall(
    cluster: Cluster, namespace: str, hello_image: Image, tool: str
) -> None:
    cluster = by_helm(cluster, tool)
    words = ["upgrade", "--install", "hello", "chart", "-n", namespace, *hello_image.values()]
    words += ["--kube-context", cluster.context, "-f", "environments/base.yaml"]
    told = cluster.command("helm", *words).stderr
    assert f"Secret hello-1 is not in the namespace {namespace}" in told
    make_secret(cluster, namespace)
    notes = upgrade(cluster, namespace, hello_image)
    assert f"kubectl --namespace {namespace} port-forward service/hello" in notes
    assert f"helm --namespace {namespace} test hello" in notes
    assert "(autoscaling.mode: hpa)" in notes
    assert "a second pod" not in notes
    first = config_of(pods(cluster, namespace)[0])
    assert first["LOG_LEVEL"] == "INFO"
    assert "Phase:          Succeeded" in cluster.helm("test", "hello", "-n", namespace)

    before = {pod["metadata"]["uid"] for pod in pods(cluster, namespace)}
    upgrade(cluster, namespace, hello_image, "pdb.enabled=false", "service.port=8000")
    assert {pod["metadata"]["uid"] for pod in pods(cluster, namespace)} == before

    upgrade(cluster, namespace, hello_image, "config.LOG_LEVEL=ERROR")
    second = {**first, "LOG_LEVEL": "ERROR"}
    assert all(config_of(pod) == second for pod in pods(cluster, namespace))

    cluster.helm("rollback", "hello", "1", "-n", namespace, "--wait", "--timeout=120s")
    eventually(
        "every pod reads the first settings again",
        lambda: all(config_of(pod) == first for pod in pods(cluster, namespace)),
    )

    cluster.helm("uninstall", "hello", "-n", namespace, "--wait", "--timeout=120s")
    left = ["deployments,services,ingresses,networkpolicies,poddisruptionbudgets", "-n", namespace]
    assert cluster.get(*left)["items"] == []
    left = [o["metadata"]["name"] for o in cluster.get("configmaps", "-n", namespace)["items"]]
    assert left == ["kube-root-ca.crt"], "nothing of the settings is left to sweep"


def test_an_old_pod_comes_back_with_its_own_settings(
    cluster: Cluster, namespace: str, hello_image: Image
) -> None:
    make_secret(cluster, namespace)
    upgrade(cluster, namespace, hello_image)
    old = {pod["metadata"]["name"]: config_of(pod) for pod in pods(cluster, namespace)}
    assert len(old) == 2

    upgrade(cluster, namespace, hello_image, "config.MAX_CONNECTIONS=many", wait=False)
    eventually(
        "a new pod refuses the bad settings",
        lambda: any(
            status.get("restartCount", 0) >= 1
            for pod in pods(cluster, namespace)
            if pod["metadata"]["name"] not in old
            for status in pod["status"].get("containerStatuses", [])
        ),
    )
    victim = sorted(old)[0]
    # The image has no shell: its Python tells the first process twice, which ends it at once.
    program = "import os, time; os.kill(1, 15); time.sleep(0.5); os.kill(1, 15)"
    words = ["kubectl", "--context", cluster.context, "exec", "-n", namespace, victim]
    cluster.command(*words, "--", "python3", "-c", program)

    def came_back() -> bool:
        [pod] = [p for p in pods(cluster, namespace) if p["metadata"]["name"] == victim]
        status = pod["status"]["containerStatuses"][0]
        return bool(status["restartCount"] >= 1 and status["ready"])

    eventually("the old pod's container was killed and is ready again", came_back)
    survivors = {p["metadata"]["name"]: config_of(p) for p in pods(cluster, namespace)}
    assert {name: survivors[name] for name in old} == old

    # A bad rollout is undone by Helm alone, with settings that an earlier release had made.
    cluster.helm("rollback", "hello", "-n", namespace, "--wait", "--timeout=120s")
    assert names(filter(is_ready, pods(cluster, namespace))) >= set(old)


FOREIGN = """\
name: website
image: {{repository: {image.repository}, digest: "{image.digest}"}}
ports: {{http: {port}, admin: null}}
probes: {{readiness: {{path: /index.html}}}}
network: {{ingress: {{from: {{everyone: {{pods: {{}}}}}}}}}}
"""


# Answers one page, as a web server of any language would. Its port is its argument.
FOREIGN_SERVER = r"""
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void leave(int number) { (void)number; _exit(0); }
static const char *answer(const char *asked) {
    return strncmp(asked, "GET /index.html ", 16) == 0
        ? "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 21\r\n\r\nfrom another language"
        : "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
}
int main(int count, char **words) {
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(atoi(words[count - 1]))};
    signal(SIGTERM, leave);
    signal(SIGPIPE, SIG_IGN);
    if (bind(listener, (struct sockaddr *)&here, sizeof here) || listen(listener, 64)) return 1;
    for (;;) {
        char asked[4096] = "";
        int caller = accept(listener, 0, 0);
        const char *text = read(caller, asked, sizeof asked - 1) > 0 ? answer(asked) : "";
        (void)!write(caller, text, strlen(text));  /* whoever asked may have gone */
        close(caller);
    }
}
"""


@pytest.fixture(scope="session")
def foreign_image(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Image:
    """A web server written in C, in an image of one file, with no user of its own."""
    binary = tmp_path_factory.mktemp("foreign") / "website"
    images.compile_c(FOREIGN_SERVER, binary)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.add(binary, arcname="website")
    name = f"{cluster.registry}/chart-foreign:1"
    oci.push(name, buffer.getvalue(), {"Entrypoint": ["/website"], "Cmd": ["8080"]})
    return Image(name.rpartition(":")[0], oci.digest_of(name))


@pytest.mark.parametrize(
    ("port", "more"), [(80, 'args: ["80"]\n'), pytest.param(8080, "", marks=pytest.mark.full)]
)
def test_a_foreign_image_with_five_lines(
    cluster: Cluster, namespace: str, foreign_image: Image, tmp_path: Path, port: int, more: str
) -> None:
    """A port below 1024 too, which a user that is not root may not open everywhere."""
    values = tmp_path / "values.yaml"
    text = FOREIGN.format(image=foreign_image, port=port)
    assert len(text.splitlines()) == 5
    values.write_text(text + more)
    words = ["upgrade", "--install", "website", "chart", "-n", namespace, "-f", str(values)]
    cluster.helm(*words, "--wait", "--timeout=120s")
    # A pod is ready when the probe of the page was answered: any other path is not found.
    assert cluster.get("deployment", "website", "-n", namespace)["status"]["readyReplicas"] == 2
