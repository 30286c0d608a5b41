"""One lock per environment: a Lease in the namespace, or a locked file for a process.

How others use it (the namespace must exist):

    with lock.held(environment, "morrow up dev"):
        …

A Lease is renewed while it is held; one that its holder left behind (a killed command) is
taken over: at once when the holder was a process of this machine that is gone, else when it
was not renewed for `SECONDS`.
"""

from __future__ import annotations

import fcntl
import getpass
import json
import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.terminal import terminal
from morrow.tool.environment.model import Environment
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.programs.runner import Result

SECONDS = 60
RENEW = 20
PATIENCE = RENEW + 5  # seconds in which a holder that is at work renews it


def held(environment: Environment, purpose: str) -> AbstractContextManager[None]:
    """Hold the environment's lock, or raise who holds it and how to break it."""
    holding = _lease_held if environment.in_cluster else _file_held
    return holding(environment, purpose)


def _me() -> str:
    return f"{getpass.getuser()}@{socket.gethostname()}/{os.getpid()}"


def _now() -> str:
    """Return this moment as Kubernetes writes one down."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _locked(environment: Environment, holder: str, purpose: str, age: str, command: str) -> Failure:
    cause = f"{holder} holds the lock for {age}: {purpose}"
    return Failure(
        problem("environment-locked", environment.label, cause, holder=holder, command=command),
        refused=True,
    )


def _age(since: str) -> str:
    try:
        seconds = (datetime.now(UTC) - datetime.fromisoformat(since)).total_seconds()
    except ValueError:
        return "an unknown time"
    if seconds < 120:
        return f"{max(0, seconds):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


@contextmanager
def _file_held(environment: Environment, purpose: str) -> Iterator[None]:
    folder = environment.project.make_state()
    file = folder / f"{environment.label}.lock"
    with file.open("a+") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            opened.seek(0)
            try:
                holder = json.loads(opened.read())
            except ValueError:  # its holder has not written yet
                holder = {"holder": "another command", "purpose": "unknown", "since": ""}
            name, age = holder["holder"], _age(holder["since"])
            kill = f"kill {name.rsplit('/', 1)[-1]}"
            raise _locked(environment, name, holder["purpose"], age, kill) from None
        opened.truncate(0)
        since = datetime.now(UTC).isoformat()
        opened.write(json.dumps({"holder": _me(), "purpose": purpose, "since": since}))
        opened.flush()
        try:
            yield
        finally:
            opened.truncate(0)  # the lock itself ends with the file's closing


@contextmanager
def _lease_held(environment: Environment, purpose: str) -> Iterator[None]:
    kubectl = Kubectl.of(environment)
    lease = _Lease(kubectl, f"{environment.name}-morrow", purpose)
    lease.take(environment)
    stop = threading.Event()
    renewer = threading.Thread(target=lease.renew, args=(stop,), daemon=True)
    renewer.start()
    try:
        yield
    finally:
        stop.set()
        renewer.join(RENEW)
        lease.release()


class _Lease:
    def __init__(self, kubectl: Kubectl, name: str, purpose: str) -> None:
        self.kubectl = kubectl
        self.name = name
        self.purpose = purpose
        self.holder = _me()
        self.uid = ""  # of the lease as we made it, or took it over

    def take(self, environment: Environment) -> None:
        done = self._write("create", self._object())
        if done.code == 0:
            return None
        if "AlreadyExists" not in done.err and "already exists" not in done.err:
            raise self.kubectl.failure(done)
        lease = self.kubectl.get("lease", self.name)
        if lease is None:  # it was released in between
            return self.take(environment)
        spec = lease.get("spec", {})
        holder = str(spec.get("holderIdentity", "nobody"))
        if not _left_behind(spec) or self._is_renewed(spec, lease["metadata"]["resourceVersion"]):
            purpose = lease["metadata"].get("annotations", {}).get("morrow/purpose", "unknown")
            command = f"{self.kubectl.typed} delete lease {self.name}"
            raise _locked(environment, holder, purpose, _age(spec.get("acquireTime", "")), command)
        # With its version only one of two who find an abandoned lease can take it.
        mine = self._object(lease["metadata"]["resourceVersion"])
        done = self._write("replace", mine)
        if done.code:
            if "Conflict" in done.err or "has been modified" in done.err or "NotFound" in done.err:
                return self.take(environment)
            raise self.kubectl.failure(done)
        return None

    def _is_renewed(self, spec: dict[str, Any], version: str) -> bool:
        """Whether its holder is at work all the same: his clock may be behind ours, or ours ahead.

        Of a process of this machine that is gone it is known.
        """
        holder = str(spec.get("holderIdentity", ""))
        if holder.rpartition("/")[0].endswith(f"@{socket.gethostname()}"):
            return False
        terminal.status(f"looking for {PATIENCE} s whether the lock is still renewed …")
        time.sleep(PATIENCE)
        lease = self.kubectl.get("lease", self.name)
        return lease is not None and lease["metadata"]["resourceVersion"] != version

    def _write(self, verb: str, lease: dict[str, Any]) -> Result:
        # Validation by kubectl may ask for CRDs, which a namespace's user may not read.
        words = (verb, "--validate=false", "-f", "-", "-o", "jsonpath={.metadata.uid}")
        done = self.kubectl.run(*words, input=json.dumps(lease))
        self.uid = done.out.strip()
        return done

    def _object(self, version: str = "") -> dict[str, Any]:
        now = _now()
        metadata: dict[str, Any] = {
            "name": self.name,
            "annotations": {"morrow/purpose": self.purpose},
        }
        if version:
            metadata["resourceVersion"] = version
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": metadata,
            "spec": {
                "holderIdentity": self.holder,
                "leaseDurationSeconds": SECONDS,
                "acquireTime": now,
                "renewTime": now,
            },
        }

    def renew(self, stop: threading.Event) -> None:
        while not stop.wait(RENEW):
            mine = {"op": "test", "path": "/spec/holderIdentity", "value": self.holder}
            renewed = {"op": "replace", "path": "/spec/renewTime", "value": _now()}
            patch = json.dumps([mine, renewed])
            # A renewal that fails is tried again in RENEW seconds; SECONDS allows for two.
            with suppress(Failure):
                self.kubectl.run("patch", "lease", self.name, "--type=json", "-p", patch)

    def release(self) -> None:
        """Delete it, unless somebody broke the lock and took it."""
        group = "/apis/coordination.k8s.io/v1"
        where = f"{group}/namespaces/{self.kubectl.namespace}/leases/{self.name}"
        only = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": self.uid}}
        try:
            done = self.kubectl.run("delete", "--raw", where, "-f", "-", input=json.dumps(only))
            if done.code and not re.search("NotFound|not found|Conflict|UID", done.err):
                raise self.kubectl.failure(done)
        except Failure as failure:  # it must not hide the command's own result
            cause = failure.problems[0].cause
            terminal.warn(f"the lock stays for {SECONDS} s, it could not be released: {cause}")


def _left_behind(spec: dict[str, Any]) -> bool:
    holder = str(spec.get("holderIdentity", ""))
    who, _, pid = holder.rpartition("/")
    if who.endswith(f"@{socket.gethostname()}") and pid.isdigit():
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            pass  # another user's process has that number: the lease's age decides
    renewed = str(spec.get("renewTime") or spec.get("acquireTime") or "")
    try:
        idle = (datetime.now(UTC) - datetime.fromisoformat(renewed)).total_seconds()
    except ValueError:
        return True
    return idle > float(spec.get("leaseDurationSeconds", SECONDS))
