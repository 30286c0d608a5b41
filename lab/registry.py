"""The lab's OCI registry: plain HTTP on the host's address, its images kept between runs."""

from __future__ import annotations

import http.client
from pathlib import Path

from lab.layout import CACHE, CGROUP, LAB_REGISTRY, RUN
from lab.program import Program, start, wait_until
from tools.build import program

CERTS = RUN / "certs.d"  # containerd reads from here how to talk to which registry


def start_registry() -> Program:
    """Start the registry; return when it answers."""
    store = CACHE / "registry"
    store.mkdir(parents=True, exist_ok=True)
    config = RUN / "registry.yaml"
    config.write_text(
        f"""version: 0.1
log: {{level: warn, accesslog: {{disabled: true}}}}
storage:
  filesystem: {{rootdirectory: {store}}}
  delete: {{enabled: true}}
http: {{addr: "{LAB_REGISTRY}", secret: only-for-the-lab}}
"""
    )
    _trust_by_nodes(CERTS / LAB_REGISTRY)
    running = start(
        "registry",
        [program("registry"), "serve", config],
        cgroup=f"{CGROUP}/control-plane",
        environment={"OTEL_TRACES_EXPORTER": "none"},
    )
    wait_until("the registry's answer", answers, programs=[running], within=20, every=0.05)
    return running


def _trust_by_nodes(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hosts.toml").write_text(
        f'server = "http://{LAB_REGISTRY}"\n'
        f'[host."http://{LAB_REGISTRY}"]\n  capabilities = ["pull", "resolve", "push"]\n'
    )


def answers(address: str = LAB_REGISTRY) -> bool:
    """Say whether a registry answers."""
    connection = http.client.HTTPConnection(address, timeout=2)
    try:
        connection.request("GET", "/v2/")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
