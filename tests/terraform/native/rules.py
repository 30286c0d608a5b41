"""What no policy may say, whatever the table in `policies.yaml` says."""

from __future__ import annotations

from typing import Any

from tests.terraform.native.documents import listed

Statement = dict[str, Any]

# Statements on every resource, with the reason. AWS knows some actions on "*" only.
ON_EVERYTHING = {
    "Find": "listing zones knows no resource",
    "Login": "a registry's login knows no resource",
    "Look": "descriptions know no resource",
    "Prices": "a list of prices knows no resource",
    "TheAccountsLogGroups": "in a key's policy * is this key",
    "TheAccountsPolicies": "in a key's policy * is this key",
}
# Conditions that may end with a *: the flow logs and log groups of this account.
PATTERNS = {"aws:SourceArn", "kms:EncryptionContext:aws:logs:arn"}
# EC2 takes the nodes' role on behalf of an instance, and sends no source.
WITHOUT_SOURCE = {"ec2.amazonaws.com"}


def wrong(statements: list[Statement]) -> list[str]:
    """Name what is wrong with a document's statements."""
    return [
        fault
        for statement in statements
        if statement["Effect"] == "Allow"
        for fault in (*_actions(statement), *_resources(statement), *_trust(statement))
    ]


def _actions(statement: Statement) -> list[str]:
    actions = listed(statement["Action"])
    return [f"allows {action}" for action in actions if "*" in action] + [
        f"allows all but {action}" for action in statement.get("NotAction", [])
    ]


def _resources(statement: Statement) -> list[str]:
    on_everything = "*" in listed(statement.get("Resource", []))
    if on_everything and statement.get("Sid") not in ON_EVERYTHING:
        return [f"{statement.get('Sid')} is on every resource"]
    return []


def _trust(statement: Statement) -> list[str]:
    """Judge who may take a role."""
    who = statement.get("Principal", {})
    if who == "*" or "*" in listed(who.get("AWS", [])):
        return ["is for everybody"]
    given = {
        key: listed(value)
        for operator, conditions in statement.get("Condition", {}).items()
        if operator in ("StringEquals", "ArnEquals", "ArnLike")
        for key, value in conditions.items()
    }
    needed: list[str] = []
    service = who.get("Service")
    if service == "pods.eks.amazonaws.com":
        needed = [
            *("aws:SourceAccount", "aws:SourceArn", "aws:RequestTag/eks-cluster-name"),
            *("aws:RequestTag/kubernetes-namespace", "aws:RequestTag/kubernetes-service-account"),
        ]
    elif service and service.startswith("logs."):
        needed = ["kms:EncryptionContext:aws:logs:arn"]
    elif service and service not in WITHOUT_SOURCE:
        needed = ["aws:SourceAccount", "aws:SourceArn"]
    elif "Federated" in who:
        host = who["Federated"].split(":oidc-provider/")[1]
        needed = [f"{host}:aud", f"{host}:sub"]
    faults = [f"{service or 'a token'} without {key}" for key in needed if not given.get(key)]
    exact = [
        key for key in needed if key not in ("aws:SourceArn", "kms:EncryptionContext:aws:logs:arn")
    ]
    return faults + [f"{key} has a *" for key in exact if "*" in "".join(given.get(key, []))]
