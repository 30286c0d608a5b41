"""moto's server, whose IAM refuses as AWS's Secrets Manager does: not AWS.

    python -m tests.e2e.refusing_moto HOST PORT

Who has an access key of moto's IAM may do what their policies allow; the key `testing` may do all.
The decision is moto's own, by the action alone. Its words are ours, for it says no in XML with 403.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "0"

from moto.core.authorization import ActionAuthenticatorMixin
from moto.core.exceptions import JsonRESTError
from moto.iam.access_control import IAMRequest
from moto.server import main


class Request(IAMRequest):  # type: ignore[misc]
    """A signed request for Secrets Manager."""

    def _raise_access_denied(self) -> None:
        """Refuse: HTTP 400, JSON, and who may not do what on which entry."""
        action, entry = self._action, json.loads(self._body).get("SecretId")
        text = f"User: {self._access_key.arn} is not authorized to perform: {action}"
        text += f" on resource: {entry}" if entry else ""
        text += f" because no identity-based policy allows the {action} action"
        raise JsonRESTError("AccessDeniedException", text)


def authorize(asked: Any, resource: str = "*") -> None:
    """Ask moto's IAM, unless it is the test itself that asks."""
    if "Credential=testing/" not in asked.headers.get("Authorization", ""):
        asked._authenticate_and_authorize_action(Request, resource)


if __name__ == "__main__":
    ActionAuthenticatorMixin._authenticate_and_authorize_normal_action = authorize
    main(["-H", sys.argv[1], "-p", sys.argv[2]])
