"""hello on a real cluster: installed by the chart, reached through the gateway."""

from __future__ import annotations

import json

from lab import versions
from tests.e2e.cluster import Cluster, Image, eventually

GREETING = "Hello, this is a message from your Python app!"


def install(cluster: Cluster, namespace: str, image: Image, host: str, *more: str) -> None:
    """Install hello by plain Helm, as the README does."""
    cluster.kubectl(
        "create",
        "secret",
        "generic",
        "hello-1",
        "-n",
        namespace,
        "--from-literal=SECRET_KEY=not-a-secret",
        "--from-literal=DB_PASSWORD=not-one-either",
    )
    gateway_namespace, gateway = cluster.gateway.split("/")
    cluster.helm(
        "upgrade",
        "--install",
        "hello",
        "chart",
        "-n",
        namespace,
        "--wait",
        "--timeout=120s",
        "-f",
        "environments/base.yaml",
        "-f",
        "environments/dev.yaml",
        *image.values(),
        "--set",
        "route.mode=gateway",
        "--set",
        f"route.hosts={{{host}}}",
        "--set",
        f"route.gateway.name={gateway}",
        "--set",
        f"route.gateway.namespace={gateway_namespace}",
        *more,
    )


def admin(cluster: Cluster, namespace: str, path: str) -> list[str]:
    """What each pod answers on its admin port, asked inside it: nothing outside leads there."""
    script = "import sys, urllib.request as u; print(u.urlopen(sys.argv[1]).read().decode())"
    inside = [
        "--",
        f"/usr/bin/python{versions.PYTHON}",
        "-c",
        script,
        f"http://127.0.0.1:8081{path}",
    ]
    pods = cluster.get("pods", "-n", namespace, "-l", "app.kubernetes.io/name=hello")["items"]
    names = [pod["metadata"]["name"] for pod in pods]
    return [cluster.kubectl("exec", "-n", namespace, name, *inside) for name in names]


def test_hello_from_install_to_uninstall(
    cluster: Cluster, namespace: str, hello_images: dict[str, Image]
) -> None:
    """One release through its life: the contract, an upgrade, a roll back, the end."""
    host = f"{namespace}.{cluster.gateway_domain}"
    install(cluster, namespace, hello_images["hello"], host)
    cluster.wait_for_route(host)

    # The contract, over HTTPS and HTTP, on every address of the gateway.
    for address in cluster.gateway_addresses:
        assert cluster.ask(host, address=address).body == GREETING
    assert cluster.ask(host, secure=False).body == GREETING
    shown = cluster.ask(host, "/config").json()
    assert shown["message"] == "Config and secrets accessed"
    assert (shown["API_BASE_URL"], shown["MAX_CONNECTIONS"]) == ("https://api.example.com", "10")
    assert "not-a-secret" not in json.dumps(shown)
    assert cluster.ask(host, "/healthz").status == 200
    for path in ("/readyz", "/metrics", "/info"):
        assert cluster.ask(host, path).status == 404, f"{path} must not be reached from outside"
    answers = admin(cluster, namespace, "/readyz")
    assert [json.loads(answer)["status"] for answer in answers] == ["ready", "ready"]
    for answer in admin(cluster, namespace, "/info"):
        assert json.loads(answer)["environment"] == "dev"
    # A pod that no request has reached yet has no series: together they counted them all.
    metrics = admin(cluster, namespace, "/metrics")
    assert any("http_server_request_duration_seconds_bucket{" in answer for answer in metrics)

    # An upgrade, and back.
    images = {name: f"{image.repository}@{image.digest}" for name, image in hello_images.items()}
    where = ["-n", namespace, "--wait", "--timeout=120s"]
    changed = [*hello_images["hello-next"].values(), "--set-string", "config.MAX_CONNECTIONS=20"]
    cluster.helm("upgrade", "hello", "chart", "--reuse-values", *where, *changed)
    # Pods of the release before serve on for their drain: until then either may answer.
    eventually(
        "only the new release's pods serve",
        lambda: running(cluster, namespace) == {images["hello-next"]},
    )
    assert cluster.ask(host, "/config").json()["MAX_CONNECTIONS"] == "20"
    cluster.helm("rollback", "hello", "1", *where)
    eventually(
        "only the first release's pods serve",
        lambda: running(cluster, namespace) == {images["hello"]},
    )
    assert cluster.ask(host, "/config").json()["MAX_CONNECTIONS"] == "10"

    # By an Ingress instead, at a name that no route had: over HTTPS and HTTP, too.
    by_ingress = f"i-{host}"
    moved = ["--set", "route.mode=ingress", "--set", f"route.hosts={{{by_ingress}}}"]
    moved += ["--set", "route.gateway.name=,route.gateway.namespace="]
    moved += ["--set", f"network.ingress.gateway={cluster.gateway.split('/')[0]}"]
    cluster.helm("upgrade", "hello", "chart", "--reuse-values", *where, *moved)
    cluster.wait_for_route(by_ingress)
    assert cluster.ask(by_ingress).body == GREETING
    assert cluster.ask(by_ingress, secure=False).body == GREETING

    # The end: nothing of the release stays but what it says it keeps.
    cluster.helm("uninstall", "hello", "-n", namespace, "--wait", "--timeout=120s")
    kinds = "deployments,services,ingresses,httproutes,networkpolicies,pdb,serviceaccounts"
    left = [item["metadata"]["name"] for item in cluster.get(kinds, "-n", namespace)["items"]]
    assert left == ["default"]


def running(cluster: Cluster, namespace: str) -> set[str]:
    """The images of the release's pods."""
    pods = cluster.get("pods", "-n", namespace, "-l", "app.kubernetes.io/name=hello")["items"]
    return {pod["spec"]["containers"][0]["image"] for pod in pods}
