"""From the text `module:attribute` to the service that it names."""

import importlib
import sys

from morrow.kit.serving.interface import interface_of, says_factory
from morrow.kit.serving.service import Service
from morrow.kit.settings.problem import StartError, raised
from morrow.kit.settings.settings import Settings


def load_service(target: str) -> Service:
    """Return the service; an application that knows nothing of Morrow is wrapped in one.

    >>> load_service("wsgiref.simple_server:demo_app").settings.__name__
    'Settings'
    """
    named, brackets, _ = target.partition("()")
    found = load_attribute(named, "service")
    if isinstance(found, Service):
        return found
    if not brackets and not (callable(found) and says_factory(found)):
        interface_of(found, target)
    if not callable(found):
        raise StartError("target-not-callable", f"{target}: there is nothing to be called")
    return Service(found, factory=True if brackets else None)


def load_settings_class(target: str) -> type[Settings]:
    """Return the settings class that `module` or `module:Name` declares.

    >>> load_settings_class("morrow.kit.settings.own_settings:KitSettings").__name__
    'KitSettings'
    """
    module, _, name = target.partition(":")
    if name:
        found = load_attribute(target, name)
        if isinstance(found, Service):
            found = found.settings
        if not (isinstance(found, type) and issubclass(found, Settings)):
            raise StartError("settings-not-found", f"{target} is no Settings class")
        return found
    here = vars(_import(module, target))
    classes = [
        one
        for one in here.values()
        if isinstance(one, type) and issubclass(one, Settings) and one.__module__ == module
    ]
    if len(classes) != 1:
        names = ", ".join(one.__name__ for one in classes) or "none"
        raise StartError(
            "settings-not-found",
            f"{module} declares {names}: name one Settings class, such as {module}:ShopSettings",
        )
    return classes[0]


def load_declared(target: str) -> type[Settings]:
    """Return what is declared: nothing, by an application that knows nothing of Morrow.

    >>> load_declared("wsgiref.simple_server:demo_app").__name__
    'Settings'
    """
    if ":" in target:
        found = load_attribute(target.partition("()")[0], "service")
        if callable(found) and not isinstance(found, type | Service):
            return Settings
    return load_settings_class(target)


def load_attribute(target: str, default: str) -> object:
    """Return the object that `module:attribute` names.

    >>> load_attribute("math:pi", "service")
    3.141592653589793
    """
    module_name, _, path = target.partition(":")
    found: object = _import(module_name, target)
    for name in (path or default).split("."):
        if not hasattr(found, name):
            raise StartError(
                "target-not-found", f"{target}: {module_name} has no {path or default}"
            )
        found = getattr(found, name)
    return found


def _import(name: str, target: str) -> object:
    if not name:
        raise StartError("target-malformed", f"{target!r} is no MODULE:ATTRIBUTE")
    try:
        importlib.import_module(name)
    except (Exception, SystemExit) as error:
        missing = isinstance(error, ModuleNotFoundError) and error.name == name.partition(".")[0]
        mend = " (is its folder on PYTHONPATH?)" if missing else ""
        raise raised("target-import", f"cannot import {name}", error, mend) from error
    return sys.modules[name]
