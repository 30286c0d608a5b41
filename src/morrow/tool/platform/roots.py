"""An environment's AWS as its Terraform roots `platform/NAME` and `cluster/NAME` say it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.base.project import Project
from morrow.tool.base.terminal import terminal
from morrow.tool.base.words import did_you_mean
from morrow.tool.environment.new import proper_name
from morrow.tool.programs.terraform import Terraform
from morrow.tool.programs.terraform_errors import FixContext
from morrow.tool.programs.terraform_json import Progress
from morrow.tool.programs.terraform_words import Object, Unknown, read_values, unknown_keys


@dataclass(frozen=True)
class Platform:
    """The roots of one name."""

    project: Project
    name: str

    @classmethod
    def find(cls, project: Project, name: str) -> Platform:
        """Return the platform of that name, which has a root."""
        found, known = cls(project, name), names(project)
        if name not in known:
            there = project.shown(places(project)[0])
            cause = f"{there} has {', '.join(known) or 'none'}{did_you_mean(name.lower(), known)}"
            proper = proper_name(name) if name else "NAME"
            raise Failure(problem("platform-missing", name or "(no name)", cause, name=proper))
        return found

    @property
    def folder(self) -> Path:
        """The root of what AWS holds."""
        return places(self.project)[0] / self.name

    @property
    def cluster_folder(self) -> Path:
        """The root of what the cluster runs beside the services."""
        return places(self.project)[1] / self.name

    @property
    def root(self) -> str:
        """The first root, as people type it."""
        return self.project.shown(self.folder)

    @property
    def terraform(self) -> Terraform:
        """Terraform in the first root."""
        return self._terraform(self.folder, {})

    def cluster_terraform(self, context: str) -> Terraform | None:
        """Terraform in the second root; None where there is none."""
        if not (self.cluster_folder / "main.tf").is_file():
            return None
        variables = {"context": context}
        if files := os.environ.get("KUBECONFIG"):
            # `aws eks update-kubeconfig` writes into the first, and the provider reads one alone.
            variables["kubeconfig"] = files.split(os.pathsep)[0]
        return self._terraform(self.cluster_folder, variables)

    def output(self, name: str) -> Any:  # noqa: ANN401 - what Terraform holds
        """Return one output of the first root; None before the first `up`."""
        return self.terraform.output().get(name)

    def handover(self) -> dict[str, Any]:
        """Return the output `platform`; refuse where nothing was made."""
        found = self.output("platform")
        if not isinstance(found, dict):
            cause = "Terraform's state has no output `platform`"
            raise Failure(problem("platform-down", self.name, cause, name=self.name))
        return found

    def require_known_keys(self) -> None:
        """Refuse values that Terraform would leave out without a word."""
        folders = (self.folder, self.cluster_folder)
        found = [self._problem(one) for folder in folders for one in unknown_keys(folder)]
        if found:
            raise Failure(*found)

    def _problem(self, unknown: Unknown) -> Problem:
        file = self.project.shown(unknown.file)
        key = f"{unknown.where}.{unknown.key}" if unknown.where else unknown.key
        there = unknown.where or "the root"
        cause = f"{there} knows no {unknown.key!r}{did_you_mean(unknown.key, unknown.known)}"
        known = f"known: {', '.join(unknown.known)}"
        place = f"{file}:{unknown.line}"
        return problem("terraform-key-unknown", place, cause, details=(known,), key=key, file=file)

    def _terraform(self, folder: Path, variables: dict[str, str]) -> Terraform:
        shown = self.project.shown(folder)
        situation = FixContext(self.name, f"{shown}/terraform.tfvars", shown)
        return Terraform(folder, variables, situation)


@dataclass(frozen=True)
class Wanted:
    """What a root says of size, place and names in its `terraform.tfvars`; "" and 0: not said."""

    account: str
    region: str
    kubernetes: str
    machine: str
    machines: int
    zones: tuple[str, ...]
    nat: str
    suffix: str  # of the services' names
    repository: str  # whose workflows push images and deploy
    addons: Mapping[str, str]  # pinned for its Kubernetes; none where Auto Mode brings its own

    @classmethod
    def of(cls, platform: Platform) -> Wanted:
        """Read the root's values; what is not there is not said."""
        values = read_values(platform.folder / "terraform.tfvars") or Object({})

        def said(*path: str) -> str:
            found = values.at(*path)
            return found if isinstance(found, str) else ""

        zones = values.at("network", "zones")
        types = values.at("cluster", "compute", "instance_types")
        most = said("cluster", "compute", "max")
        pins = values.at("cluster", "addons", said("cluster", "kubernetes_version"))
        if said("cluster", "compute", "mode") == "auto_mode":
            pins = None
        return cls(
            account=said("aws", "account"),
            region=said("aws", "region"),
            kubernetes=said("cluster", "kubernetes_version"),
            machine=str(types[0]) if isinstance(types, tuple) and types else "",
            machines=int(most) if most.isdecimal() else 0,
            zones=tuple(map(str, zones)) if isinstance(zones, tuple) else (),
            nat=said("network", "nat"),
            suffix=said("edge", "suffix") or said("edge", "zone", "name"),
            repository=said("access", "ci", "repository"),
            addons={key: str(pins.at(key)) for key in pins.entries}
            if isinstance(pins, Object)
            else {},
        )

    def addresses(self) -> int:
        """Count the NAT gateways' addresses."""
        return {"none": 0, "per_zone": len(self.zones)}.get(self.nat, 1)


def places(project: Project) -> tuple[Path, Path]:
    """Return the folders of both kinds of roots: beside that of the releases' roots."""
    return project.terraform.parent / "platform", project.terraform.parent / "cluster"


def names(project: Project) -> list[str]:
    """Name every platform that has a root."""
    return sorted(file.parent.name for file in places(project)[0].glob("*/main.tf"))


def say(progress: Progress) -> None:
    """Say how far Terraform is."""
    if progress.state == "done":
        terminal.say(f"{progress.action} {progress.address}")
    elif progress.state == "running":
        terminal.status(f"{progress.action} {progress.address} {progress.seconds} s …")
