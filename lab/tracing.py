"""Jaeger behind OpenTelemetry's collector: an add-on that only the proof of traces asks for.

Jaeger's own pages are not in its module: its API answers, its UI says so.
"""

from __future__ import annotations

from string import Template

from lab import collector, images, status
from lab.kubectl import kubectl
from lab.layout import MANIFESTS, REGISTRY
from lab.timings import Clock
from tools.build import program, version


def add() -> None:
    """Bring the cluster its collector and Jaeger; return when both are ready."""
    jaeger, collecting = program("jaeger"), program("otelcol")
    clock = Clock()
    image = f"{REGISTRY}/lab/jaeger:{version('jaeger', 'github.com/jaegertracing/jaeger')}"
    images.push_program(image, jaeger)
    manifest = Template((MANIFESTS / "jaeger.yaml").read_text()).substitute(jaeger=image)
    kubectl("apply", "-f", "-", stdin=manifest)
    collector.add(collecting)
    clock.say("images in the registry, objects applied")
    kubectl("rollout", "status", "-n", collector.SPACE, "deployment/jaeger", "--timeout=120s")
    collector.wait()
    memory = status.memory((jaeger.name, collecting.name))
    clock.say(f"ready; its programs occupy {memory // 2**20} MiB")
