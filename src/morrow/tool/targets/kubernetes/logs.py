"""The log lines of a release: of all its pods as one stream, or of those that were asked for."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from heapq import merge

from morrow.tool.base.errors import Failure
from morrow.tool.base.outcome import Json, Outcome
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.objects import COMPONENT, NAME
from morrow.tool.cluster.site import Site
from morrow.tool.diagnose.containers import container_statuses
from morrow.tool.targets.kubernetes.pods import WEB, begun, container_of, deployed
from morrow.tool.targets.lines import Dress
from morrow.tool.targets.target import LogsOptions

PREFIX = re.compile(r"^\[(pod/[^/\]]+/[^\]]+)\] ")
Stamped = tuple[str, str, str]  # when it was written, by which pod, the line


class Logs:
    """The part of the target `kubernetes` that shows what is written."""

    def logs(self, site: Site, options: LogsOptions) -> Outcome | None:
        """Write the pods' lines to stdout, each with its pod's name before it."""
        selector = f"{NAME}={site.environment.name}"
        if options.process:
            process = WEB if options.process == "web" else options.process
            selector += f",{COMPONENT}={process}"
        own_pods = site.kubectl.list("pods", selector)
        pods = [one for one in own_pods if one["metadata"]["name"].startswith(options.pod)]
        if not pods:
            self._refuse(site, options, own_pods)
        dress = Dress(options)
        if options.follow:
            self._follow(site, options, selector, pods, dress)
            return None
        begun = [pod for pod in pods if _began(pod)]
        with ThreadPoolExecutor(6) as pool:
            streams = list(pool.map(lambda pod: _lines(site, options, pod), begun))
        shown = [dress(pod, line) for _, pod, line in merge(*streams)]
        lines = [line for line in shown if line is not None]
        return Outcome("\n".join(lines), {"lines": lines})

    def _refuse(self, site: Site, options: LogsOptions, pods: list[Json]) -> None:
        deployed(site)
        what = f"pod {options.pod}" if options.pod else f"process {options.process or '(all)'}"
        names = ", ".join(pod["metadata"]["name"] for pod in pods) or "no pod of it"
        label = site.environment.label
        there = f"there is {names}"
        raise Failure(site.place.problem("pod-missing", what, there, environment=label))

    def _follow(
        self, site: Site, options: LogsOptions, selector: str, pods: list[Json], dress: Dress
    ) -> None:
        which = [f"pod/{pods[0]['metadata']['name']}"] if options.pod else ["-l", selector]
        words = ["logs", "--follow", "--prefix", "--max-log-requests=50", "--ignore-errors"]

        def show(line: str) -> None:
            prefix = PREFIX.match(line)
            source = _named(options, prefix[1]) if prefix else "kubectl"
            text = dress(source, PREFIX.sub("", line))
            if text is not None:
                terminal.result(text)

        done = site.kubectl.run(*words, *_bounds(options), *which, timeout=None, on_line=show)
        if done.code:
            raise site.kubectl.failure(done)


def _bounds(options: LogsOptions) -> list[str]:
    since = [f"--since={options.since:.0f}s"] if options.since else []
    return [f"--tail={options.lines}", *since]


def _began(pod: Json) -> bool:
    own = container_of(pod)
    return any(begun(one) for one in container_statuses(pod) if one["name"] == own)


def _lines(site: Site, options: LogsOptions, pod: Json) -> list[Stamped]:
    """Return a pod's lines with the moment of each, as the kubelet wrote it down."""
    name, container = pod["metadata"]["name"], container_of(pod)
    words = ("logs", f"pod/{name}", "-c", container, "--timestamps", *_bounds(options))
    source = _named(options, f"pod/{name}/{container}")
    stamped = (line.partition(" ") for line in site.kubectl.check(*words, timeout=60).splitlines())
    return [(stamp, source, line) for stamp, _, line in stamped]


def _named(options: LogsOptions, source: str) -> str:
    """Return who writes, as kubectl names it; for people the pod's name is enough."""
    return source.split("/")[1] if options.pretty else source
