"""What a platform's root says of size, place and names, read from its `terraform.tfvars`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from morrow.tool.platform.roots import Platform
from morrow.tool.programs.terraform_words import Object, read_values


@dataclass(frozen=True)
class Wanted:
    """What a root's values say of size; "" and 0: not said."""

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
