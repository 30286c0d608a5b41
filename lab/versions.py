"""Every version that the lab runs and no `go.mod` names already.

The programs' versions stand in `tools/*/go.mod`; `tools.build.version` reads them.
"""

from __future__ import annotations

from tools.build import version

DEBIAN = "trixie"
PYTHON = "3.13"
PAUSE = "1"

COREDNS = version("coredns", "github.com/coredns/coredns")
METRICS_SERVER = version("metrics-server", "sigs.k8s.io/metrics-server")
TRAEFIK = version("traefik", "github.com/traefik/traefik/v3")
