"""WSGI applications that other servers are pointed at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sample

from morrow import Service


def _django() -> Any:
    import django
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler
    from django.http import HttpResponse
    from django.urls import path

    def item(request: Any, number: int) -> Any:
        return HttpResponse(f"item {number}")

    settings.configure(
        ROOT_URLCONF=type("Urls", (), {"urlpatterns": [path("items/<int:number>", item)]}),
        ALLOWED_HOSTS=["*"],
        LOGGING_CONFIG=None,
    )
    django.setup(set_prefix=False)
    return WSGIHandler()


def __getattr__(name: str) -> Any:
    services: dict[str, Callable[[], Service]] = {
        "flask_app": lambda: sample.service,
        "bare_app": lambda: Service(sample.bare, sample.SampleSettings),
        "django_app": lambda: Service(_django, factory=True),
        "raising_app": lambda: sample.raising,
    }
    if name not in services:
        raise AttributeError(name)
    service: Service = services[name]()
    return service.wsgi()
