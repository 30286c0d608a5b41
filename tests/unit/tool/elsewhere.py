"""The commands that the canary of a process's secrets does not type, and why."""

from __future__ import annotations

CLUSTER = {"rollback", "render", "scale", "port-forward", "open", "build", "promote", "dash"}
ON_PURPOSE = {"run", "exec", "task"}  # they are given the secrets
NO_VALUES = {"init", "scan", "eject", "env list", "env diff"}
# test_secrets_sops.py has canaries of their own.
SEALED = {f"secrets {verb}" for verb in ("edit", "rekey", "check", "move")}
PLATFORM = {f"platform {verb}" for verb in ("plan", "up", "down", "status", "write")}
ELSEWHERE = CLUSTER | ON_PURPOSE | NO_VALUES | SEALED | PLATFORM
