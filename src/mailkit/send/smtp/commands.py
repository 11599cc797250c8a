"""The commands of one letter's transaction, and whether a server can take it at all.

Every extension is used where it is offered and of use. What is only a wish, such as a report of
delivery, is left out elsewhere; what the letter depends on makes it unsendable there.
"""

from __future__ import annotations

from typing import Final

from mailkit.envelope import Envelope
from mailkit.send.smtp.offers import Offers

__all__ = ["is_one", "mail", "obstacle", "rcpt"]

_RETURN: Final = {"headers": " RET=HDRS", "full": " RET=FULL"}


def obstacle(envelope: Envelope, body: bytes, offers: Offers, server: str) -> str:
    """Why this server cannot take this letter at all; empty if it can."""
    if envelope.require_tls and not (offers.has_requiretls and offers.is_proven):
        lack = (
            "does not offer REQUIRETLS" if offers.is_proven else "is not reached over TLS with a verified certificate"
        )
        return f"the letter requires TLS on all of its way, and {server} {lack} (RFC 8689)"
    if 0 < offers.most_bytes < len(body):
        return f"the message has {len(body):,} bytes, and {server} takes {offers.most_bytes:,} (RFC 1870)"
    if not offers.has_smtputf8 and _needs_smtputf8(envelope, body):
        what = "header fields" if _has_ascii_path(envelope) else "addresses"
        return f"the {what} are not all ASCII, and {server} does not offer SMTPUTF8 (RFC 6531)"
    if not offers.has_8bitmime and not body.isascii():
        return f"the message has 8-bit characters, and {server} does not offer 8BITMIME (RFC 6152)"
    return ""


def is_one(command: bytes) -> bool:
    """Whether it is one line. An envelope is built of checked parts, so it is; but a second one could be anything."""
    return command.find(b"\n") == len(command) - 1 and command.find(b"\r") == len(command) - 2


def mail(envelope: Envelope, body: bytes, offers: Offers) -> bytes:
    """The MAIL command (RFC 5321, 4.1.1.2)."""
    command = f"MAIL FROM:<{envelope.return_path or ''}>"
    if offers.has_size:
        command += f" SIZE={len(body)}"
    if not body.isascii():
        command += " BODY=8BITMIME"
    if offers.has_smtputf8 and _needs_smtputf8(envelope, body):
        command += " SMTPUTF8"
    if offers.has_dsn and envelope.return_content:
        command += _RETURN[envelope.return_content]
    if offers.has_dsn and envelope.envelope_id:
        command += f" ENVID={_xtext(envelope.envelope_id)}"
    if envelope.require_tls:
        command += " REQUIRETLS"
    return _line(command)


def rcpt(envelope: Envelope, offers: Offers) -> bytes:
    """The RCPT command (RFC 5321, 4.1.1.3), with whom the letter was for before anybody forwards it (RFC 3461, 4.2)."""
    address = str(envelope.recipient.address)
    command = f"RCPT TO:<{address}>"
    if offers.has_dsn and envelope.notify:
        command += f" NOTIFY={','.join(envelope.notify).upper()}"
        if address.isascii():  # others have a form of their own (RFC 6533, 3), and the server knows them from RCPT
            command += f" ORCPT=rfc822;{_xtext(address)}"
    return _line(command)


def _line(command: str) -> bytes:
    return command.encode() + b"\r\n"


def _xtext(value: str) -> str:
    """Text as it stands behind an equals sign (RFC 3461, 4)."""
    return value.replace("+", "+2B").replace("=", "+3D")


def _has_ascii_path(envelope: Envelope) -> bool:
    path = envelope.return_path
    return not (envelope.recipient.address.needs_smtputf8 or (path is not None and path.needs_smtputf8))


def _needs_smtputf8(envelope: Envelope, body: bytes) -> bool:
    """Whether an address of the envelope or a header field is beyond ASCII (RFC 6532)."""
    if not _has_ascii_path(envelope):
        return True
    return not body.isascii() and not body[: body.find(b"\r\n\r\n")].isascii()
