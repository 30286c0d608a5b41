"""Kinds and objects of a cluster on AWS, and a loop that does what its controllers and AWS do.

A route that is to go loses its load balancer, then its finalizer; a pool its machines' claims, each
of which leaves an interface for a moment. What real controllers take for it is not tried.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.api_server import ApiServer

# Group, version, kind, its plural, whether it has a namespace. All take any field.
KINDS = (
    ("karpenter.sh", "v1", "NodePool", "nodepools", False),
    ("karpenter.sh", "v1", "NodeClaim", "nodeclaims", False),
    ("karpenter.k8s.aws", "v1", "EC2NodeClass", "ec2nodeclasses", False),
    ("gateway.networking.k8s.io", "v1", "GatewayClass", "gatewayclasses", False),
    ("gateway.networking.k8s.io", "v1", "Gateway", "gateways", True),
    ("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes", True),
    ("gateway.k8s.aws", "v1beta1", "LoadBalancerConfiguration", "loadbalancerconfigurations", True),
    ("gateway.k8s.aws", "v1beta1", "TargetGroupConfiguration", "targetgroupconfigurations", True),
    ("external-secrets.io", "v1", "ClusterSecretStore", "clustersecretstores", False),
)
PATHS = {kind: f"/apis/{group}/{version}/{plural}" for group, version, kind, plural, _ in KINDS}
PATHS |= {"Ingress": "/apis/networking.k8s.io/v1/ingresses", "Service": "/api/v1/services"}
BALANCED = ("Ingress", "Gateway", "Service")
OURS = "controller.example.com/finalizer"


@dataclass
class Account:
    """What AWS holds for the cluster, in a file that the stand-in for `aws` reads."""

    file: Path
    balancers: list[str] = field(default_factory=list)
    interfaces: list[str] = field(default_factory=list)

    def keep(self) -> None:
        draft = self.file.with_suffix(".new")
        draft.write_text(json.dumps({"balancers": self.balancers, "interfaces": self.interfaces}))
        draft.rename(self.file)


@dataclass
class Controllers:
    """Does what the load balancer controller, Karpenter and EC2 do when objects are to go."""

    server: ApiServer
    account: Account
    saw: list[str] = field(default_factory=list)

    def turn(self) -> None:
        """Look at everything once."""
        asked = self.account.file.with_suffix(".asked").exists()
        if asked and self.account.interfaces and not self._there("NodeClaim"):
            self.saw.append(f"interface gone, pools' release {self._release('karpenter-pools')}")
            self.account.interfaces.clear()
            self.account.keep()
        for kind in BALANCED:
            for one in self._going(kind):
                self.account.balancers.remove(one["metadata"]["name"])
                self.account.keep()
                self._let_go(one)
        for pool in self._going("NodePool"):
            claims = self._there("NodeClaim")
            for claim in claims:
                if "deletionTimestamp" not in claim["metadata"]:
                    self.server.ask(self._path(claim), "DELETE")
            if not claims:
                self._let_go(pool)
        for claim in self._going("NodeClaim"):
            self.account.interfaces.append("eni-of-" + claim["metadata"]["name"])
            self.account.keep()
            self._let_go(claim)

    def _there(self, kind: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.server.ask(PATHS[kind])["items"]
        return [one | {"kind": kind} for one in items]

    def _going(self, kind: str) -> list[dict[str, Any]]:
        return [one for one in self._there(kind) if "deletionTimestamp" in one["metadata"]]

    def _release(self, name: str) -> str:
        held = self.server.ask("/api/v1/secrets")["items"]
        there = any(
            one["metadata"]["name"].startswith(f"sh.helm.release.v1.{name}.") for one in held
        )
        return "there" if there else "gone"

    def _let_go(self, one: dict[str, Any]) -> None:
        self.server.ask(self._path(one), "PATCH", {"metadata": {"finalizers": []}})

    def _path(self, one: dict[str, Any]) -> str:
        start, _, plural = PATHS[one["kind"]].rpartition("/")
        space = one["metadata"].get("namespace")
        within = f"/namespaces/{space}" if space else ""
        return f"{start}{within}/{plural}/{one['metadata']['name']}"


def make_kinds(server: ApiServer) -> None:
    for group, version, kind, plural, spaced in KINDS:
        schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        served = {
            "name": version,
            "served": True,
            "storage": True,
            "schema": {"openAPIV3Schema": schema},
        }
        body = {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {
                "name": f"{plural}.{group}",
                "annotations": {"api-approved.kubernetes.io": "unapproved, a test's"},
            },
            "spec": {
                "group": group,
                "scope": "Namespaced" if spaced else "Cluster",
                "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
                "versions": [served],
            },
        }
        server.ask("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", "POST", body)


def fill(server: ApiServer, account: Account) -> None:
    """Make what people and controllers have made beside the releases."""

    def make(path: str, name: str, spec: dict[str, Any], *finalizers: str) -> None:
        meta = {"name": name, "finalizers": list(finalizers)}
        server.ask(path, "POST", {"metadata": meta, "spec": spec} | kind_of(path))

    def kind_of(path: str) -> dict[str, str]:
        kind = next(kind for kind, known in PATHS.items() if known.endswith(path.split("/")[-1]))
        group = "/".join(PATHS[kind].split("/")[2:4] if "/apis/" in path else ["v1"])
        return {"apiVersion": group, "kind": kind}

    inside = "/namespaces/hello"
    backend = {"service": {"name": "hello", "port": {"number": 80}}}
    make(f"/apis/networking.k8s.io/v1{inside}/ingresses", "shop", {"defaultBackend": backend}, OURS)
    make(f"/apis/gateway.networking.k8s.io/v1{inside}/httproutes", "hello", {})
    balanced = {"type": "LoadBalancer", "ports": [{"port": 80}]}
    make(f"/api/v1{inside}/services", "tcp", balanced, OURS)
    make(f"/api/v1{inside}/services", "plain", {"ports": [{"port": 80}]})
    make("/apis/karpenter.sh/v1/nodeclaims", "general-1", {}, OURS)
    held = {"metadata": {"finalizers": [OURS]}}
    server.ask("/apis/karpenter.sh/v1/nodepools/general", "PATCH", held)
    server.ask(
        "/apis/gateway.networking.k8s.io/v1/namespaces/gateway/gateways/public", "PATCH", held
    )
    account.balancers += ["shop", "tcp", "public"]
    account.keep()
