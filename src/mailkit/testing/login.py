"""How a client logs in at the mail server for tests (RFC 4954): PLAIN, LOGIN, CRAM-MD5, XOAUTH2."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Generator
from typing import Final

__all__ = ["MECHANISMS", "Dialogue", "log_in"]

Dialogue = Generator[bytes, bytes, bool]
"""Gives challenges, takes what the client answers, and ends with whether it is who it says."""

MECHANISMS: Final = ("PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2")
_CHALLENGE: Final = b"<1896.697170952@mail.example.com>"


def log_in(mechanism: str, first: bytes | None, name: bytes, password: bytes) -> Dialogue:
    """The dialogue of a mechanism.

    Args:
        mechanism: One of `MECHANISMS`.
        first: What came with the command, if anything did.
        name: Who may.
        password: Its password; for XOAUTH2 its token.
    """
    if mechanism == "LOGIN":
        given = first if first is not None else (yield b"Username:")
        return (given, (yield b"Password:")) == (name, password)
    if mechanism == "CRAM-MD5":
        proof = hmac.new(password, _CHALLENGE, "md5").hexdigest().encode()
        return (yield _CHALLENGE) == name + b" " + proof
    said = first if first is not None else (yield b"")
    if mechanism == "XOAUTH2":
        return said == b"user=" + name + b"\x01auth=Bearer " + password + b"\x01\x01"
    return said.split(b"\0")[1:] == [name, password]


def decoded(text: bytes) -> bytes | None:
    """What a client said in Base64; None if it is none, or "*", which calls the login off."""
    if text == b"=":
        return b""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
