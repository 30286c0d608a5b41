"""Finds every policy document in a plan, by the address of what carries it."""

from __future__ import annotations

import json
from typing import Any

# Attributes that hold a policy in IAM's language. An ECR lifecycle policy and an event's pattern
# are JSON too, but allow nobody anything.
CARRIERS = {
    "aws_iam_role": "assume_role_policy",
    "aws_iam_role_policy": "policy",
    "aws_iam_policy": "policy",
    "aws_kms_key": "policy",
    "aws_sqs_queue_policy": "policy",
    "aws_s3_bucket_policy": "policy",
    "aws_ecr_repository_policy": "policy",
    "aws_secretsmanager_secret_policy": "policy",
}


def found(plan: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the statements of each document; one that a plan does not show is an error."""
    documents = {}
    for change in plan["resource_changes"]:
        attribute = CARRIERS.get(change["type"])
        if attribute is None:
            continue
        text = change["change"]["after"].get(attribute)
        assert text is not None, f"{change['address']}: the plan does not show its policy"
        document = json.loads(text)
        assert document["Version"] == "2012-10-17", change["address"]
        documents[change["address"]] = document["Statement"]
    return documents


def listed(value: Any) -> list[str]:
    """Return a statement's one or many as many."""
    return [value] if isinstance(value, str) else list(value)
