"""Where moto 5.2.5 answers otherwise than AWS, and Terraform or an order of ours would notice."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import DependencyViolationError
from moto.ec2.models import EC2Backend
from moto.ec2.responses.launch_templates import LaunchTemplates
from moto.iam.access_control import IAMPolicyStatement, PermissionResult
from moto.iam.responses import IamResponse


def mend() -> None:
    """Replace what is wrong; called once, before the first request."""
    _subnets()
    _gateways()
    _templates()
    _transport()
    _simulator()


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


def _transport() -> None:
    """Loopback without TLS stands for AWS with it: a policy that asks for TLS refuses nothing."""
    original = IAMPolicyStatement.is_action_permitted
    without = {"Bool": {"aws:SecureTransport": "false"}}

    def is_action_permitted(self: Any, *given: Any, **named: Any) -> Any:
        if self._statement.get("Effect") == "Deny" and self._statement.get("Condition") == without:
            return PermissionResult.NEUTRAL
        return original(self, *given, **named)

    IAMPolicyStatement.is_action_permitted = is_action_permitted


def _simulator() -> None:
    """Moto has no simulator of policies. Here who asks may do all, as everywhere in the fake."""

    def simulate_principal_policy(self: Any) -> Any:
        names = self._get_param("ActionNames", [])
        found = [{"EvalActionName": name, "EvalDecision": "allowed"} for name in names]
        return ActionResult({"EvaluationResults": found, "IsTruncated": False})

    IamResponse.simulate_principal_policy = simulate_principal_policy
