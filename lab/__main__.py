"""`python -m lab up | down | status | add | node stop|start NAME | api stop|start | addons`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from lab import addons, cluster, lock, status
from lab.errors import LabError
from lab.layout import FOREIGN
from lab.timings import Clock
from tools.build import UnavailableError


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    top = argparse.ArgumentParser(prog="python -m lab", description="A cluster on one machine.")
    verbs = top.add_subparsers(dest="verb", required=True)
    verbs.add_parser("up", help="bring the cluster up; does nothing when it is up")
    verbs.add_parser("down", help="take it away; images are kept")
    told = verbs.add_parser("status", help="say how it is and where")
    told.add_argument("--json", action="store_true", help="one JSON object on stdout")
    node = verbs.add_parser("node", help="stop a node as by a power cut, or start it again")
    node.add_argument("action", choices=["stop", "start"])
    node.add_argument("name", help="n1, n2 or n3")
    api = verbs.add_parser("api", help="stop or start the API server")
    api.add_argument("action", choices=["stop", "start"])
    more = verbs.add_parser("add", help="bring it what only some tests ask for")
    more.add_argument("what", choices=["argocd", "contour", "flux", "monitoring", "tracing"])
    verbs.add_parser("addons", help="prepare the cluster of MORROW_E2E_KUBECONFIG for the tests")
    return top


def changes(given: argparse.Namespace) -> Callable[[], None]:
    """Return what a command that changes the lab does."""
    if given.verb == "node":
        return {
            "stop": lambda: cluster.stop_node(given.name),
            "start": lambda: cluster.start_node(given.name),
        }[given.action]
    if given.verb == "add":
        return lambda: cluster.add(given.what)
    if given.verb == "api":
        return {"stop": cluster.stop_api, "start": cluster.start_api}[given.action]
    return {"up": cluster.up, "down": cluster.down}[given.verb]


def main(arguments: list[str]) -> int:
    """Run one command."""
    given = parser().parse_args(arguments)
    try:
        if given.verb == "addons":
            if not FOREIGN:
                raise LabError("MORROW_E2E_KUBECONFIG names no cluster; the lab's has its add-ons")
            addons.install(Clock())
            return 0
        if FOREIGN:
            raise LabError("MORROW_E2E_KUBECONFIG names another cluster; unset it for the lab's")
        if given.verb == "status":
            return status.show(as_json=given.json)
        with lock.held():
            changes(given)()
        if given.verb == "up":
            status.show(as_json=False)
    except (LabError, UnavailableError) as problem:
        print(f"lab: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
