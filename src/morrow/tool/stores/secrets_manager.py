"""AWS Secrets Manager as the place behind the store `external`, asked by boto3 (`morrow[aws]`).

A version that nobody labels is removed by AWS some day, so each revision's version carries a label
of its own, `morrow-<revision>`. AWSCURRENT moves only when all pods hold the new one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.stores.place import BY_KMS, Version
from morrow.tool.stores.store import too_large

LABEL = "morrow-"
ENTRY_HOLDS = 65_536  # bytes of an entry's text, by AWS
PATIENCE: dict[str, Any] = {
    "connect_timeout": 4,
    "read_timeout": 6,
    "retries": {"total_max_attempts": 3, "mode": "standard"},
}


class SecretsManager:
    """One entry, whose properties are the keys."""

    def __init__(self, spec: Mapping[str, Any], entry: str) -> None:
        self.region = str(spec.get("region") or "")
        self.entry = entry
        with self._named("GetSecretValue"):  # a profile that is not there, a region that is none
            self._client = self._service(self.region or None)

    def newest(self) -> Version:
        """Return the current version; an empty one of an entry that has none yet."""
        try:
            with self._named("GetSecretValue"):
                stage = {"VersionStage": "AWSCURRENT"}
                return self._version(self._client.get_secret_value(SecretId=self.entry, **stage))
        except Failure as failure:
            if failure.problems[0].code != "entry-missing" or not self._is_in(self.region):
                raise
            return Version("", {})

    def version(self, id: str) -> Version:
        """Return one version."""
        with self._named("GetSecretValue"):
            return self._version(self._client.get_secret_value(SecretId=self.entry, VersionId=id))

    def put(self, values: Mapping[str, bytes], revision: str, present: Version) -> str:
        """Store a version beside the present one, with these values new; return its id."""
        new = {key: value.decode() for key, value in values.items()}
        text = json.dumps({**present.table, **new}, sort_keys=True)
        if len(text) > ENTRY_HOLDS:
            every = {**present.values, **values}
            raise Failure(too_large(every, f"entry {self.entry}", len(text), ENTRY_HOLDS))
        with self._named("PutSecretValue"):
            answer = self._client.put_secret_value(
                SecretId=self.entry, SecretString=text, VersionStages=[LABEL + revision]
            )
        return str(answer["VersionId"])

    def make_current(self, id: str, needed: Iterable[str]) -> list[str]:
        """Make a version the current one; let those go whose revision nothing needs."""
        needed_labels, gone = {LABEL + revision for revision in needed}, []
        with self._named("UpdateSecretVersionStage"):
            stages = self._client.describe_secret(SecretId=self.entry)["VersionIdsToStages"]
            holder = {stage: one for one, labels in stages.items() for stage in labels}
            current = holder.get("AWSCURRENT")
            if current != id:
                old = {"RemoveFromVersionId": current} if current else {}
                self._move("AWSCURRENT", MoveToVersionId=id, **old)
            for label, one in sorted(holder.items()):
                if label.startswith(LABEL) and label not in needed_labels and one != id:
                    self._move(label, RemoveFromVersionId=one)
                    gone.append(label.removeprefix(LABEL))
        return gone

    def _move(self, label: str, **where: str) -> None:
        self._client.update_secret_version_stage(SecretId=self.entry, VersionStage=label, **where)

    def _service(self, region: str | None) -> Any:  # noqa: ANN401 - boto3 has no types
        """Return a client that has answered, or given up, within half a minute."""
        session = self._session()
        from botocore.config import Config

        return session.client("secretsmanager", region_name=region, config=Config(**PATIENCE))

    def _session(self) -> Any:  # noqa: ANN401
        try:
            import boto3
        except ImportError:
            cause = "boto3 is not installed here"
            raise Failure(problem("extra-missing", "boto3", cause, extra="aws")) from None
        return boto3.session.Session()

    @contextmanager
    def _named(self, operation: str) -> Iterator[None]:
        from botocore.exceptions import (
            BotoCoreError,
            ClientError,
            ConnectionError,
            HTTPClientError,
            NoRegionError,
        )

        try:
            yield
        except ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
            raise Failure(self._problem(error.operation_name or operation, code, message)) from None
        except (ConnectionError, HTTPClientError) as error:
            where = f"AWS Secrets Manager, {self.region}"
            raise Failure(problem("aws-unreachable", where, str(error))) from None
        except (NoRegionError, ValueError) as error:  # no address can be made of it
            where = f"region {self.region!r} of the store"
            raise Failure(problem("aws-failed", where, str(error))) from None
        except BotoCoreError as error:
            raise Failure(problem("aws-login", f"AWS, {self.region}", str(error))) from None

    def _problem(self, operation: str, code: str, message: str) -> Problem:
        where = f"{self.entry} in {self.region}"
        if code == "ResourceNotFoundException":
            lies = self._elsewhere()
            cause = f"there is no such entry or version in {self.region}"
            if lies:
                cause += f"; it is in {lies}, where your own settings look: is that the store's?"
            return problem("entry-missing", where, cause, entry=self.entry, region=self.region)
        if re.search(BY_KMS, message) or code in ("DecryptionFailure", "EncryptionFailure"):
            return problem("kms-denied", where, message)
        if code in ("AccessDeniedException", "AccessDenied"):
            return problem("aws-denied", f"secretsmanager:{operation} on {where}", message)
        if code in (
            "UnrecognizedClientException",
            "ExpiredTokenException",
            "InvalidSignatureException",
        ):
            return problem("aws-login", f"AWS, {self.region}", message)
        return problem("aws-failed", f"secretsmanager:{operation} on {where}", f"{code}: {message}")

    def _elsewhere(self) -> str:
        """Return the region of this person's own settings, where that has the entry."""
        own = str(self._session().region_name or "")
        return own if own not in ("", self.region) and self._is_in(own) else ""

    def _is_in(self, region: str) -> bool:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self._service(region or None).describe_secret(SecretId=self.entry)
        except (BotoCoreError, ClientError):
            return False
        return True

    def _version(self, answer: Mapping[str, Any]) -> Version:
        """Read an entry; what is no table is never written over."""
        try:
            table = json.loads(answer.get("SecretString") or "")
        except ValueError:
            table = None
        if not isinstance(table, dict):
            where = f"{self.entry} in {self.region}"
            cause = f"version {answer['VersionId']} is no JSON object of KEY: value"
            raise Failure(problem("entry-shape", where, cause))
        values = {key: _delivered(value).encode() for key, value in table.items()}
        return Version(str(answer["VersionId"]), values, table)


def _delivered(value: object) -> str:
    """Return what External Secrets makes of a property.

    >>> _delivered("a"), _delivered(1), _delivered(True), _delivered(None), _delivered({"a": [1]})
    ('a', '1', 'true', '', '{"a": [1]}')
    """
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)
