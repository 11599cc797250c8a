"""Checks of what a transport is given: what could never work is told when it is built."""

from __future__ import annotations

import ipaddress
import re
from datetime import timedelta
from typing import Any, Final, get_args

from mailkit.errors import InvalidValue, did_you_mean
from mailkit.send.smtp.account import TLSMode

__all__ = ["host_name", "own_name", "patience", "port_number", "secret", "tls_mode", "whole"]

_WITH_PORT: Final = re.compile(r"(?P<host>[^:]+|\[[^\]]*\]):(?P<port>[0-9]+)\Z")
_OWN: Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\Z|\[[0-9A-Za-z.:]+\]\Z")


def host_name(instance: object, attribute: Any, value: str) -> None:
    """Refuse what is neither an address nor a name that could be looked up."""
    what = f"{type(instance).__name__}.host"
    found = _WITH_PORT.match(value) if isinstance(value, str) else None
    if found and not _is_address(value):
        mend = f"write host={found['host'].strip('[]')!r}, port={found['port']}"
        raise InvalidValue(what, value, "has the port in it", mend)
    if not isinstance(value, str) or not (_is_address(value) or _is_name(value)):
        raise InvalidValue(what, value, "is not a server's name or address", "write e.g. 'mail.example.com'")


def port_number(instance: object, attribute: Any, value: int) -> None:
    """Refuse what is not a port."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 65_535:
        reason = "is not a whole number from 1 to 65535"
        raise InvalidValue(f"{type(instance).__name__}.port", value, reason, "write 25, 587 or 465")


def secret(instance: object, attribute: Any, value: str) -> None:
    """Refuse a password that is not text, and do not say what was given."""
    if not isinstance(value, str):
        raise InvalidValue("SMTPTransport.password", type(value), "is not text")


def whole(instance: object, attribute: Any, value: int) -> None:
    """Refuse what is no count from 0 up."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InvalidValue(
            f"SMTPTransport.{attribute.name}", value, "is not a whole number from 0 up", "write 0, 1, 2 …"
        )


def tls_mode(instance: object, attribute: Any, value: str) -> None:
    """Refuse what is not a way to use TLS."""
    modes = get_args(TLSMode)
    if value not in modes:
        reason = f"is not a way to use TLS{did_you_mean(str(value), modes)}"
        raise InvalidValue(
            f"{type(instance).__name__}.tls", value, reason, f"write one of {', '.join(map(repr, modes))}"
        )


def patience(instance: object, attribute: Any, value: timedelta) -> None:
    """Refuse what is not a time that one can wait."""
    if not isinstance(value, timedelta) or value <= timedelta(0):
        what = f"{type(instance).__name__}.{attribute.name}"
        raise InvalidValue(what, value, "is not a positive length of time", "write timedelta(seconds=30)")


def own_name(instance: object, attribute: Any, value: str) -> None:
    """Refuse what no server takes in EHLO (RFC 5321, 4.1.1.1: a domain, or an address literal)."""
    if not isinstance(value, str) or (value and not _OWN.match(value)):
        mend = "write e.g. 'mail.example.com' or '[192.0.2.1]'"
        if isinstance(value, str) and not value.isascii() and _is_name(value):
            mend = f"write {value.encode('idna').decode()!r}"
        reason = "is not a domain in ASCII, or an address in brackets"
        raise InvalidValue(f"{type(instance).__name__}.local_hostname", value, reason, mend)


def _is_address(value: str) -> bool:
    try:
        return bool(ipaddress.ip_address(value))
    except ValueError:
        return False


def _is_name(value: str) -> bool:
    """Whether the resolver would ask for it: labels of 1 to 63 octets, without blanks."""
    if not value or re.search(r"[\s\x00-\x20:/@\[\]]", value):
        return False
    try:
        return len(value.encode("idna")) <= 255
    except UnicodeError:
        return False
