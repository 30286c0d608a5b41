"""Faults of a release, its settings, and of the way to the cluster; see tool_faults.py."""

from __future__ import annotations

from tests.e2e.tool_faults import (
    Fault,
    bad_token,
    closed_port,
    ended_namespace,
    ending_namespace,
    env,
    kubeconfig,
    locked,
    made,
    no_webhook,
    removed,
    silent_webhook,
    usual_kubeconfig,
    without_rights,
)

SAFE = {"drain": 1, "network": {"policy": True}}  # what the chart asks of a protected one
PROTECTED = {**SAFE, "target": {"protected": True}}
KEYS = {"secrets": {"keys": ["SECRET_KEY", "DB_PASSWORD"]}}

FAULTS = (
    Fault(
        "listens on another port",
        "never-ready",
        r"container web",
        r"connection refused",
        {**env(LISTEN="5001"), "probes": {"startup": {"failureThreshold": 8}}},
    ),
    Fault(
        "migration fails",
        "job-failed",
        r"Job web-",
        r"BackoffLimitExceeded",
        {
            "processes": {
                "job": {
                    "kind": "job",
                    "command": ["/usr/bin/python3", "-c", "raise SystemExit('no such table')"],
                }
            }
        },
        over=True,
        ci=True,
    ),
    Fault(
        "command is not in the image",
        "command-not-found",
        r"container web",
        r"nosuchprogram",
        {"command": ["/nosuchprogram"]},
    ),
    Fault(
        "sidecar's image",
        "image-not-found",
        r"container helper",
        r"nosuchtag",
        {"sidecars": {"helper": {"image": "REGISTRY/lab/pause:nosuchtag"}}},
        over=True,
        ci=True,
    ),
    Fault(
        "init container crashes",
        "crashed",
        r"container prepare",
        r"exit code 3",
        {
            "initContainers": {
                "prepare": {
                    "image": "IMAGE",
                    "command": ["/usr/bin/python3", "-c", "raise SystemExit(3)"],
                }
            }
        },
    ),
    Fault(
        "name is taken",
        "name-taken",
        r"release web",
        r"Service \"web\".*cannot be imported",
        before=made("Service", "web", spec={"ports": [{"port": 80}]}),
        after=removed("service", "web"),
    ),
    Fault(
        "kind is not known",
        "resource-kind-missing",
        r"Strange",
        r"does not know Strange of strange.example.com/v1",
        {"extra": {"odd": {"apiVersion": "strange.example.com/v1", "kind": "Strange"}}},
        exit=2,
        ci=True,
    ),
    Fault(
        "serves errors",
        "smoke-failed",
        r"Service web",
        r"503|500",
        {**env(STATUS="500"), "probes": {"startup": {"path": "/x"}, "readiness": {"path": "/x"}}},
        exit=3,  # applied, and not taken back
    ),
    Fault(
        "settings are missing",
        "settings-refused",
        r"container web",
        r"API_BASE_URL is missing",
        {"config": {"LOG_LEVEL": "INFO"}, **KEYS},
        kit=True,
        over=True,
        ci=True,
    ),
    Fault(
        "a setting is malformed",
        "settings-refused",
        r"container web",
        r"MAX_CONNECTIONS .*LOG_LEVEL|LOG_LEVEL .*MAX_CONNECTIONS",
        {"config": {"LOG_LEVEL": "LOUD", "MAX_CONNECTIONS": "many"}, **KEYS},
        kit=True,
    ),
    Fault(
        "context is not there",
        "context-missing",
        r"nosuch",
        r"nosuch",
        {"target": {"context": "nosuch"}},
        exit=2,
        ci=True,
    ),
    Fault(
        "API server is away",
        "cluster-unreachable",
        r"context",
        r"refused",
        before=kubeconfig(closed_port),
        meanwhile=usual_kubeconfig,
        exit=2,
        ci=True,
    ),
    Fault(
        "login is refused",
        "cluster-login",
        r"context",
        r"Unauthorized|logged in|credentials",
        before=kubeconfig(bad_token),
        meanwhile=usual_kubeconfig,
        exit=2,
        ci=True,
    ),
    Fault(
        "no rights",
        "access-denied",
        r"namespace",
        r"not allowed to create",
        before=without_rights,
        meanwhile=usual_kubeconfig,
        exit=2,
        ci=True,
    ),
    Fault(
        "somebody is at it",
        "environment-locked",
        r"test",
        r"ann@elsewhere/1",
        before=locked,
        typed=True,
        exit=2,
        ci=True,
    ),
    Fault(
        "namespace is being deleted",
        "namespace-terminating",
        r"namespace ",
        r"deleted",
        before=ending_namespace,
        meanwhile=ended_namespace,
        exit=2,
    ),
    Fault(
        "webhook is silent",
        "webhook-unreachable",
        r"ReplicaSet web-",
        r"silent.example.com",
        before=silent_webhook,
        after=no_webhook,
    ),
    Fault(
        "protected without a digest",
        "digest-needed",
        r"environments/test.yaml",
        r"tag",
        {**PROTECTED, "image": {"tag": "v1", "digest": ""}},
        exit=2,
        ci=True,
    ),
    Fault(
        "protected with one pod",
        "replicas-needed",
        r"environments/test.yaml",
        r"two pods",
        PROTECTED,
        exit=2,
        ci=True,
    ),
    Fault(
        "protected and in another cluster",
        "server-unconfirmed",
        r"environments/test.yaml",
        r"https://",
        {**SAFE, "target": {"protected": True, "server": "https://p.example.com"}, "replicas": 2},
        confirm=True,
        exit=2,
    ),
    Fault(
        "protected and nobody said its name",
        "confirm-needed",
        r"test",
        r"nobody can be asked",
        {**SAFE, "target": {"protected": True, "server": "SERVER"}, "replicas": 2},
        typed=True,
        exit=2,
        ci=True,
    ),
)
