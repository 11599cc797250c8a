"""Optional libraries, imported when they are first needed."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from mailkit.errors import MissingExtra

__all__ = ["load"]


def load(module: str, *, extra: str, purpose: str) -> ModuleType:
    """Import a module that an extra of mailkit-sdk brings.

    Args:
        module: The module's dotted name.
        extra: The extra to name if it is not installed.
        purpose: What needs it, in the plural, as the error's first words.

    Raises:
        MissingExtra: It is not installed. A module that is there but fails to
            import for a reason of its own raises that reason.

    >>> load("json", extra="stores", purpose="the examples").dumps([1])
    '[1]'
    >>> load("not_there", extra="stores", purpose="the SQL stores")
    Traceback (most recent call last):
    mailkit.errors.MissingExtra: the SQL stores need not_there: install mailkit-sdk with the extra "stores"
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or module.split(".")[0] != error.name.split(".")[0]:
            raise
        raise MissingExtra(purpose, module, extra) from error
