"""Where moto 5.2.5 answers otherwise than AWS, and Terraform or an order of ours would notice."""

from __future__ import annotations

from typing import Any

from moto.ec2.exceptions import DependencyViolationError
from moto.ec2.models import EC2Backend
from moto.ec2.responses.launch_templates import LaunchTemplates


def mend() -> None:
    """Replace what is wrong; called once, before the first request."""
    _subnets()
    _gateways()
    _templates()


def _subnets() -> None:
    """On AWS a subnet that holds a network interface cannot go; in moto it can."""
    original = EC2Backend.delete_subnet

    def delete_subnet(self: Any, subnet_id: str) -> Any:
        for interface in self.get_all_network_interfaces():
            if interface.subnet.id == subnet_id:
                raise DependencyViolationError(
                    f"The subnet '{subnet_id}' has dependencies and cannot be deleted."
                )
        return original(self, subnet_id)

    EC2Backend.delete_subnet = delete_subnet


def _gateways() -> None:
    """On AWS a NAT gateway takes its interface with it; in moto it stays."""
    original = EC2Backend.delete_nat_gateway

    def delete_nat_gateway(self: Any, nat_gateway_id: str) -> Any:
        gateway = original(self, nat_gateway_id)
        self.enis.pop(gateway._eni.id, None)
        return gateway

    EC2Backend.delete_nat_gateway = delete_nat_gateway


def _templates() -> None:
    """Moto writes a template's own tags into its content: a change for ever in Terraform."""
    original = LaunchTemplates.create_launch_template

    def create_launch_template(self: Any) -> Any:
        answer = original(self)
        for template in self.ec2_backend.launch_templates.values():
            for version in template.versions:
                kept = [
                    one
                    for one in version.data.get("TagSpecifications", [])
                    if one.get("ResourceType") != "launch-template"
                ]
                version.data["TagSpecifications"] = kept
        return answer

    LaunchTemplates.create_launch_template = create_launch_template
