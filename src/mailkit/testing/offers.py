"""What the mail server for tests offers, and what it makes of the parameters that belong to it (RFC 5321, 4.1.1.11)."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

__all__ = ["path_and_parameters", "wrong_parameter"]

_PATH: Final = re.compile(r"(?i)(?:FROM|TO):\s*(<(?:[^<>\"]|\"(?:\\.|[^\\\"])*\")*>|[^\s<>]+)(?:\s+(.*))?")
_XTEXT: Final = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*")
_VALUES: Final = {
    "SIZE": re.compile(r"[0-9]{1,20}"),  # RFC 1870, 6
    "BODY": re.compile(r"(?i)7BIT|8BITMIME"),
    "SMTPUTF8": re.compile(r""),
    "REQUIRETLS": re.compile(r""),
    "AUTH": re.compile(r"<>|" + _XTEXT.pattern),
    "RET": re.compile(r"(?i)FULL|HDRS"),
    "ENVID": _XTEXT,
    "NOTIFY": re.compile(r"(?i)NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY))*"),
    "ORCPT": re.compile(r"[A-Za-z0-9-]+;.+"),
}
_OF_MAIL: Final = {
    "SIZE": "SIZE",
    "BODY": "8BITMIME",
    "SMTPUTF8": "SMTPUTF8",
    "REQUIRETLS": "REQUIRETLS",
    "AUTH": "AUTH",
    "RET": "DSN",
    "ENVID": "DSN",
}
_OF_RCPT: Final = {"NOTIFY": "DSN", "ORCPT": "DSN"}


def path_and_parameters(argument: str) -> tuple[str, tuple[str, ...]] | None:
    """The address between the brackets, and what stands behind it; None if it cannot be read."""
    found = _PATH.fullmatch(argument)
    if found is None:
        return None
    path = found[1].removeprefix("<").removesuffix(">")
    return path, tuple((found[2] or "").split())


def wrong_parameter(command: str, parameters: tuple[str, ...], offered: Collection[str]) -> str:
    """The reply to the first parameter that was not offered or is not well formed; empty if all are right."""
    extensions = _OF_MAIL if command == "MAIL" else _OF_RCPT
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        name = name.upper()
        if extensions.get(name) not in offered:
            return f"555 5.5.4 {name} was not offered"
        if not _VALUES[name].fullmatch(value):
            return f"501 5.5.4 {name} cannot be so"
    return ""
