"""Spans name the workload that they are of, where the environment says where they are sent."""

from __future__ import annotations

import pytest

from tests.chart.rendering import SMALLEST, over, render, service_container, variables


@pytest.mark.parametrize(
    ("more", "name"),
    [({}, "shop"), ({"OTEL_SERVICE_NAME": "till"}, "till"),
     ({"OTEL_RESOURCE_ATTRIBUTES": "a=b,service.name=till"}, None)],
)  # fmt: skip
def test_spans_say_whose_they_are(more: dict[str, str], name: str | None) -> None:
    for place in ("env", "config"):
        sent = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", **more}
        told = variables(service_container(render(over(SMALLEST, {place: sent}))))
        assert told.get("OTEL_SERVICE_NAME") == name
    worker = {"worker": {"kind": "worker", "command": ["x"]}}
    both = render(over(SMALLEST, {"env": sent, "processes": worker}))
    names = [variables(service_container([one])).get("OTEL_SERVICE_NAME") for one in both
             if one["kind"] == "Deployment"]  # fmt: skip
    assert names == ([name, "shop-worker"] if name == "shop" else [name, name])
    assert "OTEL_SERVICE_NAME" not in variables(service_container(render(SMALLEST))), "the control"


def test_a_name_among_the_secrets_is_given_once() -> None:
    sent = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}
    secrets = {"as": "env", "keys": ["OTEL_SERVICE_NAME"]}
    container = service_container(render(over(SMALLEST, {"env": sent, "secrets": secrets})))
    names = [one["name"] for one in container["env"]]
    assert names.count("OTEL_SERVICE_NAME") == 1
