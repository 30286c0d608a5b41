"""boto3 by lines: a question as JSON on standard input, its answer as JSON on standard output.

Runs in the fake's own Python environment, because the repository's has no boto3:

    {"service": "eks", "operation": "create_cluster", "given": {…}}
    {…, "extra": {"field": 1}}  sends a field that the model does not know, as another client may
    {"answer": {…}} | {"code": "ResourceInUseException", "message": "…"}
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError


def main() -> None:
    """Answer until the questions end."""
    clients = {}
    config = Config(retries={"max_attempts": 0}, parameter_validation=False)
    for line in sys.stdin:
        asked = json.loads(line)
        service = asked["service"]
        if service not in clients:
            clients[service] = boto3.client(service, config=config)
        extra = asked.get("extra", {})
        clients[service].meta.events.register_first("before-call", _adding(extra), "extra")
        try:
            done = getattr(clients[service], asked["operation"])(**asked["given"])
            done.pop("ResponseMetadata", None)
            said = {"answer": done}
        except ClientError as refused:
            error = refused.response["Error"]
            said = {"code": error["Code"], "message": error["Message"]}
        except ParamValidationError as wrong:
            said = {"code": "ParamValidationError", "message": str(wrong)}
        clients[service].meta.events.unregister("before-call", unique_id="extra")
        print(json.dumps(said, default=str), flush=True)


def _adding(extra: dict[str, Any]) -> Callable[..., None]:
    """Return what adds fields to a body just before it is signed."""

    def add(params: dict[str, Any], **_: Any) -> None:
        if extra:
            params["body"] = json.dumps(json.loads(params["body"]) | extra).encode()

    return add


if __name__ == "__main__":
    main()
