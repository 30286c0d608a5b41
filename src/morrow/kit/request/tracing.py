"""Traces are switched on by the standard OTEL_ variables alone.

When they are not set nothing of OpenTelemetry is imported, and a request pays one comparison.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from morrow.kit.settings.problem import StartError

if TYPE_CHECKING:
    from morrow.kit.request.spans import Tracing
    from morrow.kit.settings.own_settings import KitSettings

_SWITCHES = (
    "OTEL_TRACES_EXPORTER",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
)


def is_wanted(environ: Mapping[str, str]) -> bool:
    """Tell whether the environment asks for traces.

    >>> is_wanted({}), is_wanted({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"})
    (False, True)
    """
    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    if environ.get("OTEL_TRACES_EXPORTER", "").lower() == "none":
        return False
    return any(environ.get(name) for name in _SWITCHES)


def start_tracing(own: KitSettings) -> Tracing | None:
    """Return the tracing that the environment asks for, or nothing."""
    if not is_wanted(os.environ):
        return None
    exporter = os.environ.get("OTEL_TRACES_EXPORTER") or "otlp"
    if exporter != "otlp":
        raise StartError("tracing-exporter", f"OTEL_TRACES_EXPORTER={exporter}: only otlp is known")
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ModuleNotFoundError as error:
        raise StartError(
            "tracing-missing",
            f"OTEL_ variables ask for traces, but {error.name} is not installed: "
            "install morrow[tracing] or set OTEL_SDK_DISABLED=true",
        ) from None
    from morrow.kit.request.spans import Tracing

    return Tracing(OTLPSpanExporter(), environment=own.morrow_environment)
