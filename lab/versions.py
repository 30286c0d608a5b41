"""Every version that the lab runs and no `go.mod` names already.

The programs' versions stand in `tools/*/go.mod`; `tools.build.version` reads them.
"""

from __future__ import annotations

from tools.build import version

DEBIAN = "trixie"
PYTHON = "3.13"
PAUSE = "1"

ARGOCD = version("argocd", "github.com/argoproj/argo-cd/v3")
COREDNS = version("coredns", "github.com/coredns/coredns")
METRICS_SERVER = version("metrics-server", "sigs.k8s.io/metrics-server")
TRAEFIK = version("traefik", "github.com/traefik/traefik/v3")
PROMETHEUS_OPERATOR = version("monitoring", "github.com/prometheus-operator/prometheus-operator")
ALERTMANAGER = version("monitoring", "github.com/prometheus/alertmanager")
# Its module is v0.305.0 where its release is v3.5.0.
_, _MINOR, _PATCH = version("prometheus", "github.com/prometheus/prometheus").split(".")
PROMETHEUS = f"v{_MINOR[0]}.{int(_MINOR[1:])}.{_PATCH}"
