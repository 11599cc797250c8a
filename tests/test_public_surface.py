"""The public surface: what a package lists is there, is explained, and has an example that runs."""

from __future__ import annotations

import doctest
import importlib
import inspect
from enum import Enum
from types import ModuleType

import pytest

PACKAGES = [
    "compose",
    "contacts",
    "dns",
    "reports",
    "segment",
    "segment.sql",
    "send",
    "send.limits",
    "send.signing",
    "send.timing",
    "send.warmup",
    "stores",
    "testing",
    "track",
]
MODULES = ["address", "clock", "envelope", "event", "findings", "message", "suppression", "errors"]


def public() -> list[tuple[str, str]]:
    names = []
    for module in [*PACKAGES, *MODULES]:
        names += [(f"mailkit.{module}", name) for name in importlib.import_module(f"mailkit.{module}").__all__]
    return names


def value(module: str, name: str) -> object:
    return getattr(importlib.import_module(module), name)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_lists_its_names_and_has_them(package: str) -> None:
    module = importlib.import_module(f"mailkit.{package}")
    assert len(set(module.__all__)) == len(module.__all__) <= 30
    for name in module.__all__:
        assert getattr(module, name) is not None
    with pytest.raises(AttributeError):
        module.no_such_name  # noqa: B018


@pytest.mark.parametrize(("module", "name"), public())
def test_a_public_name_is_explained_with_an_example(module: str, name: str) -> None:
    thing = value(module, name)
    if not (inspect.isclass(thing) or inspect.isfunction(thing) or isinstance(thing, ModuleType)):
        return  # a type alias, which carries its text in a string below it
    text = inspect.getdoc(thing) or ""
    assert text, f"{module}.{name} is not explained"
    if (isinstance(thing, type) and issubclass(thing, Enum | Exception)) or getattr(thing, "_is_protocol", False):
        return  # closed words are explained one by one; a protocol's examples are its implementations'
    assert doctest.DocTestParser().get_examples(text), f"{module}.{name} has no example"


@pytest.mark.parametrize(("module", "name"), public())
def test_a_public_method_is_explained(module: str, name: str) -> None:
    thing = value(module, name)
    if not inspect.isclass(thing):
        return
    for method, member in vars(thing).items():
        is_method = inspect.isfunction(member) or isinstance(member, property | classmethod | staticmethod)
        if is_method and not method.startswith("_"):
            assert inspect.getdoc(getattr(thing, method)), f"{module}.{name}.{method} is not explained"
