"""The good files of the chart, made to run where their images, volumes and controllers are not.

A stand-in takes the place of every image: it listens on the ports that it is told and answers 200
to whatever is asked. What the chart makes of the values is real; the programs in the pods are not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.chart.rendering import GOOD, over
from tests.e2e.cluster import Cluster, Image

SERVER = """
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
static void leave(int number) { (void)number; _exit(0); }
int main(int count, char **words) {
    struct sigaction end = {.sa_handler = leave};
    sigaction(SIGTERM, &end, 0);
    signal(SIGPIPE, SIG_IGN);
    struct pollfd ports[16];
    int open = 0;
    for (int i = 1; i < count && open < 16; i++) {
        if (strcmp(words[i], "--ok") == 0) return 0;
        int yes = 1, one = socket(AF_INET, SOCK_STREAM, 0);
        setsockopt(one, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(words[i]))};
        if (bind(one, (struct sockaddr *)&at, sizeof at) || listen(one, 64)) return 1;
        ports[open++] = (struct pollfd){.fd = one, .events = POLLIN};
    }
    const char said[] = "HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n";
    while (poll(ports, open, -1) > 0)
        for (int i = 0; i < open; i++)
            if (ports[i].revents) {
                char asked[4096];
                int caller = accept(ports[i].fd, 0, 0);
                if (read(caller, asked, sizeof asked) > 0)
                    (void)!write(caller, said, sizeof said - 1);
                close(caller);
            }
}
"""

# What the lab has not: a device, a runtime, a controller with kinds of its own, gRPC's protocol;
# and workers without a Service.
ELSEWHERE = {
    "celery",
    "external-secrets",
    "gpu-inference",
    "grpc-service",
    "keda-prometheus",
    "keda-queue",
    "sandboxed",
    "secrets-store-aws",
    "vpa-in-place",
    "vpa-recommend",
}
RUNNABLE = [file for file in GOOD if file.stem not in ELSEWHERE]
SMALL = {"requests": {"cpu": "5m", "memory": "8Mi"}, "limits": {"memory": "32Mi"}}
OK = ["/stand-in", "--ok"]


def runnable(file: Path, image: Image, cluster: Cluster) -> dict[str, Any]:
    """Return a file's values with the stand-in for every program, and no kind that is missing."""
    values: dict[str, Any] = yaml.safe_load(file.read_text())
    name = f"{image.repository}@{image.digest}"
    ports = {"http": 5000, "admin": 8081} | values.get("ports", {})
    numbers = [ports["http"], ports["admin"], *(p["port"] for p in ports.get("more", {}).values())]
    changes: dict[str, Any] = {
        "image": {"repository": image.repository, "tag": "", "digest": image.digest},
        "command": ["/stand-in"],
        "args": sorted({str(number) for number in numbers if number}),
        "resources": SMALL,
        "drain": 0,
        "rollout": {"minReadySeconds": 0},
        "observability": {"monitor": {"kind": "none"}, "rules": {"enabled": False}},
        "pod": {"priorityClass": ""},
    }
    for process in values.get("processes", {}):  # all of them end: workers are tried elsewhere
        changes.setdefault("processes", {})[process] = {"command": OK, "resources": SMALL}
    for kind, probe in values.get("probes", {}).items():
        if "exec" in probe:
            changes.setdefault("probes", {})[kind] = {"exec": OK}
    for place in ("sidecars", "initContainers"):
        for entry, container in values.get(place, {}).items():
            args = [str(port) for port in container.get("ports", {}).values()]
            stand_in = {"image": name, "command": ["/stand-in"], "args": args, "resources": SMALL}
            changes.setdefault(place, {})[entry] = (
                stand_in if args else {**stand_in, "args": OK[1:]}
            )
    if values.get("route", {}).get("mode") == "gateway":
        namespace, gateway = cluster.gateway.split("/")
        changes["route"] = {"gateway": {"name": gateway, "namespace": namespace}}
    merged = over(values, changes)
    for volume in merged.get("volumes", {}).values():
        if "claim" in volume or "persistentVolumeClaim" in volume.get("source", {}):
            volume.pop("claim", None)  # the lab provisions no volumes
            volume["source"] = {"emptyDir": {}}
    return merged


def secrets_of(values: dict[str, Any]) -> dict[str, list[str]]:
    """Return the Secrets that others make, with the keys that are asked for."""
    found: dict[str, list[str]] = {}
    secrets = values.get("secrets", {})
    if secrets.get("keys"):
        name = secrets.get("name") or f"{values['name']}-{secrets.get('revision', '1')}"
        found[name] = secrets["keys"]
    helpers = [*values.get("sidecars", {}).values(), *values.get("initContainers", {}).values()]
    for holder in [values, *helpers]:
        for name in holder.get("envFrom", {}).get("secrets", {}):
            found.setdefault(name, ["KEY"])
    return found


def config_maps_of(values: dict[str, Any]) -> list[str]:
    """Return the ConfigMaps that others make."""
    return list(values.get("envFrom", {}).get("configMaps", {}))
