"""What people do to a release between two deploys: look back, restart it, scale it, reach it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.base.outcome import Json, Outcome
from morrow.tool.base.terminal import format_table, terminal, typed
from morrow.tool.cluster import lock
from morrow.tool.cluster.objects import owned, spec_of, title
from morrow.tool.cluster.protection import guard
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.delivery import delivery_of
from morrow.tool.deliver.failed import PATIENCE
from morrow.tool.deliver.look import look
from morrow.tool.deliver.outside import listens
from morrow.tool.deliver.rollout import Rollout
from morrow.tool.deliver.take_back import goal_of
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.programs.port_forward import Tunnel
from morrow.tool.targets.kubernetes.pods import chosen, deployed, named, workloads
from morrow.tool.targets.target import VerifyOptions, Which
from morrow.tool.verify.contract import Reach

SCALERS = "horizontalpodautoscalers,scaledobjects.keda.sh"


class Operations:
    """The part of the target `kubernetes` that is neither deploy nor proof."""

    def history(self, site: Site) -> Outcome:
        """List what is stored, each with what it runs."""
        label, rows, releases = site.environment.label, [], []
        for one in site.history:
            goal = goal_of(one.number, site.records[one.number], site.environment.name)
            when = one.updated[:19].replace("T", " ")
            releases.append({
                "revision": one.number, "state": one.status, "updated": one.updated,
                "image": goal.image, "config": goal.config, "secrets": goal.secret,
                "description": one.description,
            })  # fmt: skip
            holds = ", ".join(filter(None, (goal.secret, goal.config)))
            if commit := site.records[one.number].get("commit"):
                releases[-1]["commit"] = commit
            number = f"{one.number} {commit[:10]}" if commit else str(one.number)
            rows.append((number, when, one.status, holds or "-", goal.image))
        data = {"environment": label, "releases": releases}
        if not rows:
            text = f"{site.environment.name} was never deployed here: {typed()} up {label}"
            return Outcome(text, data, ok=False)
        heads = ("release", "deployed", "state", "secrets, config", "image")
        return Outcome(format_table(heads, rows, terminal.width), data)

    def restart(self, site: Site, process: str, confirm: str | None) -> Outcome:
        """Let Kubernetes replace the pods one by one; wait until the new ones serve."""
        label = site.environment.label
        guard(site, confirm, f"restart {label}")
        running = workloads(site, process, all_=not process)
        rolls = [one for one in running if one["kind"] != "ReplicaSet"]
        if not rolls:
            raise Failure(self._by_hand(site, running[0]))
        names = [f"{one['kind'].lower()}/{one['metadata']['name']}" for one in rolls]
        with lock.held(site.environment, f"morrow restart {label}"):
            # By this name the plan tells our restart from a change by hand.
            self._roll(site, "rollout", "restart", *names, "--field-manager=morrow")
        text = f"restarted {', '.join(names)}"
        return Outcome(text, {"environment": label, "restarted": names})

    def _by_hand(self, site: Site, replicaset: Json) -> Problem:
        """Return that nothing replaces its pods but who deletes them."""
        pods = owned(look(site.kubectl, site.place).pods, replicaset)
        names = " ".join(pod["metadata"]["name"] for pod in pods)
        cause = "no Deployment keeps it, and a ReplicaSet replaces no pod by itself"
        return site.place.problem("restart-by-hand", title(replicaset), cause, what=names)

    def scale(self, site: Site, count: int, process: str, confirm: str | None) -> Outcome:
        """Set the number of pods; refuse where an autoscaler would set it back."""
        environment, label = site.environment, site.environment.label
        guard(site, confirm, f"scale {label} {count}")
        workload = workloads(site, process)[0]
        kind, name = workload["kind"], workload["metadata"]["name"]
        self._refuse_scaled(site, kind, name, process)
        before = spec_of(workload).get("replicas", 1)
        own = named(process)
        way = ("processes", own, "replicas") if own else ("replicas",)
        if lost := delivery_of(environment).set_back(site, f"{'.'.join(way)}: {count}"):
            raise Failure(lost)
        with lock.held(environment, f"morrow scale {label}"):
            self._roll(site, "scale", f"{kind.lower()}/{name}", f"--replicas={count}")
        says = environment.value(*way)
        says = 1 if says is None else says
        data = {"environment": label, "workload": name, "from": before, "to": count, "file": says}
        text = f"{name}: {before} → {count} pods"
        if says != count:
            where = environment.place(*way)
            text += f"\n{where} still says {says}: the next `{typed()} up {label}` goes back to it"
        return Outcome(text, data)

    def _refuse_scaled(self, site: Site, kind: str, name: str, process: str) -> None:
        own = ("processes", process, "autoscaling") if named(process) else ("autoscaling",)
        where = site.environment.place(*own)
        done = site.kubectl.run("get", SCALERS, "-o", "json", "--ignore-not-found")
        if done.code and "the server doesn't have a resource type" in done.err:  # no KEDA here
            done = site.kubectl.run("get", SCALERS.partition(",")[0], "-o", "json")
        if done.code:
            raise site.kubectl.failure(done)
        for one in json.loads(done.out or "{}").get("items", []):
            aim = spec_of(one)["scaleTargetRef"]
            if (aim.get("kind", "Deployment"), aim["name"]) == (kind, name):
                who = f"{one['kind']} {one['metadata']['name']}"
                cause = f"{who} sets the number of its pods, and would set it back"
                raise Failure(
                    site.place.problem("autoscaler-rules", f"{kind} {name}", cause, where=where)
                )

    def _roll(self, site: Site, *words: str) -> None:
        """Run the change and wait for the rollout; raise what stops it."""
        with Rollout(site.kubectl, site.place, interrupt=False) as rollout:
            site.kubectl.check(*words)
            fault = rollout.settled(PATIENCE)
        if fault is not None:
            raise Failure(fault, refused=False)

    def forward(self, site: Site, which: Which, ports: Sequence[str]) -> int:
        """Let kubectl lead the ports to one pod; `http` and `admin` are the service's own."""
        pod = chosen(site, which)["metadata"]["name"]
        own = {name: str(site.environment.value("ports", name) or "") for name in ("http", "admin")}
        wanted = list(ports or filter(None, own.values()))
        wanted = [":".join(own.get(part) or part for part in one.split(":")) for one in wanted]
        terminal.say(f"{pod}: {', '.join(wanted)}; Ctrl-C ends it")
        return site.kubectl.attach("port-forward", f"pod/{pod}", *wanted)

    @contextmanager
    def address(self, site: Site, *, tunnel: bool) -> Iterator[tuple[str, bool]]:
        """Return the route's address, or that of a tunnel while it is open."""
        deployed(site)
        if not tunnel and not site.environment.value("route", "hosts"):
            yield "", True
            return
        way = Way(site, VerifyOptions())
        try:
            route = way.reach()
            yield route.url, route.steady
        finally:
            way.close()


class Way:
    """The way of requests to the service, found once: as given, by its route, or by a tunnel."""

    def __init__(self, site: Site, options: VerifyOptions) -> None:
        self.environment, self.kubectl, self.options = site.environment, site.kubectl, options
        self._reach: Reach | None = None
        self._tunnel: Tunnel | None = None

    def reach(self) -> Reach:
        """Take what the command line gave, else the route, else a tunnel."""
        if self._reach is None:
            if url := self.options.url:
                how = "as given by --url"
                self._reach = Reach(url, how, self.options.connect, self.options.ca_file)
            else:
                self._reach = self._route() or self._open_tunnel()
        return self._reach

    def _route(self) -> Reach | None:
        route = self.environment.values.get("route") or {}
        mode, hosts = route.get("mode"), route.get("hosts") or []
        if mode not in ("ingress", "gateway") or not hosts:
            return None
        tls, addresses = self._ingress() if mode == "ingress" else self._gateway()
        scheme, port = ("https", 443) if tls else ("http", 80)
        path = str(route.get("path") or "/")
        dial = self.options.connect or tuple(f"{a}:{port}" for a in addresses if listens(a, port))
        where = f"through the {mode} at {', '.join(dial) or 'the address of its name'}"
        return Reach(f"{scheme}://{hosts[0]}{path}", where, dial, self.options.ca_file)

    def _ingress(self) -> tuple[bool, list[str]]:
        ingress = self.kubectl.get("ingress", self.environment.name) or {}
        balancer = ((ingress.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []
        addresses = [str(entry.get("ip") or entry.get("hostname")) for entry in balancer]
        return bool((ingress.get("spec") or {}).get("tls")), addresses

    def _gateway(self) -> tuple[bool, list[str]]:
        named = (self.environment.values["route"].get("gateway")) or {}
        where = Kubectl(self.environment.context, named.get("namespace") or self.kubectl.namespace)
        gateway = where.get("gateway", str(named.get("name"))) or {}
        section = named.get("section")
        listeners = [
            entry
            for entry in (gateway.get("spec") or {}).get("listeners") or []
            if not section or entry["name"] == section
        ]
        addresses = [str(a["value"]) for a in (gateway.get("status") or {}).get("addresses") or []]
        return any(entry["protocol"] == "HTTPS" for entry in listeners), addresses

    def _open_tunnel(self) -> Reach:
        port = int(self.environment.value("service", "port") or 80)
        self._tunnel = Tunnel(self.kubectl, f"service/{self.environment.name}", port)
        if not self._tunnel.port:
            command = self._tunnel.command
            raise Failure(problem("program-failed", "kubectl", self._tunnel.said, command=command))
        how = "through kubectl port-forward to one pod"
        return Reach(f"http://127.0.0.1:{self._tunnel.port}/", how, steady=False)

    def close(self) -> None:
        """End the tunnel."""
        if self._tunnel is not None:
            self._tunnel.close()
