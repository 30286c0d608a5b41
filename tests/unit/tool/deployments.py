"""Deployments as a plan compares them."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]


def deployment(pod: Object, **spec: Any) -> Object:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {**spec, "template": {"spec": pod}},
    }


def app(**fields: Any) -> Object:
    return {"containers": [{"name": "app", **fields}]}
