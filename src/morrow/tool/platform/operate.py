"""What is done with a platform: it is brought up, shown, and taken down again.

It goes in the order in which nothing is left behind: routes first, so that the controllers take
their load balancers away; then nodes that Karpenter made; then what the cluster runs; then what
Terraform made. A load balancer or a machine that a controller made is in no state, and would hold
the network for ever. Each step can be run again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from typing import Any

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.outcome import Outcome
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.protection import require_name
from morrow.tool.platform import handover, support
from morrow.tool.platform.account import require_room
from morrow.tool.platform.plan import Planned, as_json
from morrow.tool.platform.roots import Platform, Wanted, say
from morrow.tool.programs.aws import Aws
from morrow.tool.programs.kubectl import Kubectl

# An account has so many of these, and not in every zone.
LIMITED = {"aws_eks_cluster", "aws_eks_node_group", "aws_nat_gateway", "aws_subnet"}
# What a controller makes a load balancer for; only those that the cluster knows are asked for.
ROUTES = ("ingresses.networking.k8s.io", "httproutes.gateway.networking.k8s.io")
GATEWAYS = "gateways.gateway.networking.k8s.io"
POOLS, CLAIMS = "nodepools.karpenter.sh", "nodeclaims.karpenter.sh"
PATIENCE = 900.0
PAUSE = 5.0

Release = Callable[[], None]


def up(planned: Planned, confirm: str | None) -> Outcome:
    """Apply exactly the plan that was shown, then the cluster's own root."""
    platform = planned.platform
    if planned.problems:
        raise Failure(*planned.problems, refused=True)
    if any(one.action == "create" and one.kind in LIMITED for one in planned.plan.changes):
        require_room(platform, date.today())
    if planned.protected and not planned.empty:
        require(platform.name, confirm, f"platform up {platform.name}")
    if not planned.empty or _outputs_change(planned):
        terminal.warn(*platform.terraform.apply(planned.plan.file, on_progress=say))
    releases = _releases(platform)
    data = as_json(planned) | {
        "result": "unchanged" if planned.empty else "applied",
        "cluster_services": releases,
    }
    lines = [f"{platform.root}: {'nothing to do' if planned.empty else 'applied'}"]
    if releases:
        lines.append(f"{platform.project.shown(platform.cluster_folder)}: {releases}")
    wanted = (platform.project.environments / f"{platform.name}.yaml").is_file()
    if wanted and platform.output("platform") is not None:
        written = handover.write(platform)
        lines.append(written.text)
        data |= {"written": written.data["file"]}
    return Outcome("\n".join(lines), data)


def _outputs_change(planned: Planned) -> bool:
    changes = planned.plan.raw.get("output_changes", {}).values()
    return any(one["actions"] != ["no-op"] for one in changes)


def _releases(platform: Platform) -> str:
    """Apply the root of what runs in the cluster, where there is one."""
    if not (platform.cluster_folder / "main.tf").is_file():
        return ""
    found = platform.handover()
    Aws(found["aws"]["region"]).update_kubeconfig(found["cluster"]["name"])
    terraform = platform.cluster_terraform(found["cluster"]["context"])
    assert terraform is not None  # noqa: S101 - its main.tf was seen above
    terminal.status(f"installing what {platform.name} runs beside the services …")
    terminal.warn(*terraform.apply(on_progress=say))
    return "applied"


def require(name: str, confirm: str | None, command: str) -> None:
    """Go on only when the platform's name is given."""
    question, why = "Type the platform's name to go on", "customers may depend on it"
    require_name(name, confirm, command, question, why)


def status(platform: Platform, today: date) -> Outcome:
    """Ask the state, then the account."""
    found = platform.output("platform")
    if not isinstance(found, dict):
        text = f"{platform.name}: nothing was made by {platform.root}"
        return Outcome(text, {"platform": platform.name, "made": False}, ok=False)
    aws, name = Aws(found["aws"]["region"]), found["cluster"]["name"]
    cluster = aws.cluster(name)
    data: dict[str, Any] = {
        "platform": platform.name,
        "made": True,
        "account": found["aws"]["account"],
        "region": found["aws"]["region"],
        "cluster": name,
        "status": cluster["status"] if cluster else "GONE",
        "kubernetes": cluster["version"] if cluster else found["cluster"]["version"],
        "endpoint": found["cluster"]["server"],
        "compute": found["compute"]["mode"],
        "services": sorted(found["services"]),
    }
    version = data["kubernetes"]
    ends = aws.support_ends(version) or str(support.ends().get(version, ""))
    data["standard_support_ends"] = ends or None
    rows = [f"{key.replace('_', ' '):<22} {_text(value)}" for key, value in data.items()]
    warning = support.warning(version, today)
    if warning:
        rows.append(f"warning: {warning}")
    return Outcome("\n".join(rows), data, ok=data["status"] == "ACTIVE")


def _text(value: Any) -> str:  # noqa: ANN401 - a line's value
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return "not known" if value is None else str(value)


def down(
    platform: Platform, confirm: str | None, release: Release | None, patience: float = PATIENCE
) -> Outcome:
    """Take it away; `release` takes the environment's own release down."""
    name = platform.name
    terminal.status(f"planning the end of {name} …")
    plan = platform.terraform.plan(destroy=True)  # what refuses to go refuses before anything went
    goes = sum(change.action == "delete" for change in plan.changes)
    region, cluster = _where(platform)
    if goes:
        terminal.say(f"{name}: {goes} resources go, and all that its cluster runs")
        require(name, confirm, f"platform down {name}")
    aws = Aws(region) if region else None
    there = aws.cluster(cluster) if aws is not None else None
    if aws is not None and there is not None:
        _empty(platform, aws, there, release, patience)
    if goes:
        terminal.warn(*platform.terraform.destroy(on_progress=say))
    left = list(_left(aws, cluster)) if aws is not None else []
    data = {"platform": name, "removed": goes, "left": left}
    if left:
        terminal.warn("Terraform does not know these; they cost money until they are deleted:")
    text = "\n".join([f"{name}: {goes} resources removed", *(f"left: {one}" for one in left)])
    return Outcome(text, data, ok=not left)


def _where(platform: Platform) -> tuple[str, str]:
    """Return the region and the cluster; a `down` that was cut off has left no output of them."""
    found = platform.output("platform")
    if isinstance(found, dict):
        return found["aws"]["region"], found["cluster"]["name"]
    return Wanted.of(platform).region, platform.name


def _empty(
    platform: Platform, aws: Aws, cluster: dict[str, Any], release: Release | None, patience: float
) -> None:
    """Take away what runs in the cluster, and wait for what it made outside."""
    name, context = cluster["name"], cluster["arn"]
    aws.update_kubeconfig(name)  # who takes it away need not be who made it
    kubectl = Kubectl(context, "", platform.root)  # with one, `delete` refuses to ask for all
    kinds = set(kubectl.check("api-resources", "--verbs=delete", "-o=name").split())
    for kind in (*ROUTES, GATEWAYS):
        if kind in kinds:
            terminal.status(f"removing every {kind.partition('.')[0]} …")
            kubectl.check("delete", kind, "--all", "--all-namespaces", timeout=patience)
    _remove_balanced_services(kubectl, patience)
    if release is not None:
        release()
    _wait("load balancer", lambda: aws.balancers(name), patience, platform.name)
    if POOLS in kinds:
        terminal.status("removing every pool of nodes …")
        kubectl.check("delete", POOLS, "--all", timeout=patience)
    if CLAIMS in kinds:
        claims = ("get", CLAIMS, "-o=name")
        _wait("node", lambda: kubectl.check(*claims).split(), patience, platform.name)
    # A machine that went leaves its interfaces for a while, and they hold the network. The control
    # plane's own go with it.
    left = partial(aws.interfaces, name, but=f"Amazon EKS {name}")
    _wait("network interface", left, patience, platform.name)
    terraform = platform.cluster_terraform(context)
    if terraform is not None:
        terminal.warn(*terraform.destroy(on_progress=say))


def _remove_balanced_services(kubectl: Kubectl, patience: float) -> None:
    found = json.loads(kubectl.check("get", "services", "--all-namespaces", "-o=json"))
    for one in found["items"]:
        if one["spec"].get("type") == "LoadBalancer":
            at = one["metadata"]
            where = ("-n", at["namespace"])
            kubectl.check("delete", "service", at["name"], *where, timeout=patience)


def _wait(kind: str, ask: Callable[[], list[str]], patience: float, name: str) -> None:
    """Wait until nothing of a kind is left; name what does not go."""
    deadline = time.monotonic() + patience
    while left := ask():
        if time.monotonic() > deadline:
            cause = f"{len(left)} did not go in {patience:.0f} s"
            raise Failure(
                problem(
                    "platform-left", f"{kind} {left[0]}", cause, details=tuple(left[:10]), name=name
                )
            )
        terminal.status(f"waiting for {len(left)} {kind}s to go: {left[0]} …")
        time.sleep(PAUSE)


def _left(aws: Aws, cluster: str) -> Iterator[str]:
    """Name what carries the cluster's mark still."""
    kinds: tuple[tuple[str, Callable[[str], list[str]]], ...] = (
        ("load balancer", aws.balancers),
        ("machine", aws.instances),
        ("network interface", aws.interfaces),
        ("disk", aws.volumes),
        ("log group", aws.log_groups),
    )
    for what, ask in kinds:
        yield from (f"{what} {one}" for one in ask(cluster))
