"""Take a Python web service to Kubernetes and keep it up.

The names below are what a service imports. They load on first use, so that a program that
only asks for the version pays nothing.

>>> from morrow import Secret, Settings, setting
>>> class ShopSettings(Settings):
...     "What the shop reads from its environment."
...     api_token: Secret
...     page_size: int = setting(20, minimum=1, help="Items on a page.")
>>> ShopSettings.load({"API_TOKEN": "t0ken"}).page_size
20
"""

# `typing` would be most of the time that the import takes.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from morrow.kit.request.logs import bind as bind
    from morrow.kit.serving.service import Service as Service
    from morrow.kit.settings.secret import Secret as Secret
    from morrow.kit.settings.settings import Settings as Settings
    from morrow.kit.settings.settings import setting as setting
    from morrow.kit.settings.url import Url as Url
    from morrow.kit.settings.values import Duration as Duration
    from morrow.kit.settings.values import Size as Size

__version__ = "0.1.0"
__all__ = ["Duration", "Secret", "Service", "Settings", "Size", "Url", "bind", "setting"]

_HOMES = {
    "Duration": "settings.values",
    "Secret": "settings.secret",
    "Service": "serving.service",
    "Settings": "settings.settings",
    "Size": "settings.values",
    "Url": "settings.url",
    "bind": "request.logs",
    "setting": "settings.settings",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'morrow' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"morrow.kit.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
