"""What is to be said about the key of a DKIM selector."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import attrs

from mailkit.dns.dkim.key import Found, Record, is_harmless
from mailkit.dns.lookup import Answer, Failure
from mailkit.dns.records import TextRecord
from mailkit.dns.saying import Saying
from mailkit.dns.tags import cut
from mailkit.findings import Finding, Severity

__all__ = ["lint"]

_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
_WEAK_BITS: Final = 1024
"""Verifiers must take keys from here (RFC 8301, 3.2)."""
_LARGE_BITS: Final = 4096
"""Verifiers need not take keys above (RFC 8301, 3.2)."""
_ED25519_HEAD: Final = bytes.fromhex("302a300506032b6570032100")
"""What stands before the 32 bytes of a key as OpenSSL writes it (RFC 8410, 4)."""
_LONGEST_PRIVATE: Final = 5000
"""Private keys of 4096 bits have half of it; larger ones take seconds to read."""
_SHORT_BITS: Final = 2048
"""Signers should use keys from here (RFC 8301, 3.2)."""
_say: Final = Saying[Found]("dkim", lambda found: f"DKIM key {found.selector}")


def lint(found: Found) -> tuple[Finding, ...]:
    """What is to be said about the key of one selector.

    >>> from mailkit.dns.lookup import NoSuchDomain
    >>> where = {"selector": "news", "name": "news._domainkey.example.com"}
    >>> [finding.code for finding in lint(Found(**where, outcome=NoSuchDomain()))]
    ['dns.dkim-absent']
    """
    return tuple(_of_record(found, found.record) if found.record else _no_record(found))


def _no_record(found: Found) -> Iterator[Finding]:
    publish = f"publish the public half of its key at {found.name}"
    if len(found.texts) > 1:
        message = f"there are {len(found.texts)} keys at {found.name}; which one verifiers take is not defined"
        yield _say("several", _ERROR, message, found, " | ".join(found.texts), "keep one", "RFC 6376, 3.6.2.2")
    elif isinstance(found.outcome, Failure):
        message = f"whether selector {found.selector!r} has a key is not known: {found.outcome}"
        mend = "ask again; if it lasts, mend the name server"
        yield _say("unanswered", _WARNING, message, found, mend=mend, source="RFC 6376, 6.1.2")
    elif isinstance(found.outcome, Answer):
        message = f"what is at {found.name} is not a DKIM key, so no signature of {found.selector!r} can be verified"
        yield _say("not-a-key", _ERROR, message, found, " | ".join(found.outcome.values), publish, "RFC 6376, 3.6.1")
    else:
        message = f"selector {found.selector!r} has no key, so that none of its signatures can be verified"
        yield _say("absent", _ERROR, message, found, str(found.outcome), publish, "RFC 6376, 3.6.2")


def _of_record(found: Found, record: Record) -> Iterator[Finding]:
    text = found.texts[0]
    for broken in record.broken:
        is_fatal = not is_harmless(broken)
        severity = _ERROR if is_fatal else _WARNING
        message = f"{cut(broken.text, longest=40)!r} {broken.reason}"
        message += "; verifiers ignore the whole record" if is_fatal else ""
        yield _say("syntax", severity, message, found, broken.text, broken.mend, "RFC 6376, 3.6.1", span=broken.span)
    if record.is_revoked:
        message = f"the key of selector {found.selector!r} is revoked: its p= is empty"
        yield _say("revoked", _ERROR, message, found, text, "sign with another selector", "RFC 6376, 3.6.1")
    elif record.key is not None:
        yield from _strength(found, record)
        yield from _use(found, record)


def _use(found: Found, record: Record) -> Iterator[Finding]:
    """What the key is said to be for."""
    if record.hashes and "sha256" not in record.hashes:
        mend = str(TextRecord(name=found.name, text=str(attrs.evolve(record, hashes=()))))
        message = "the key allows no sha256, the only hash that verifiers still take"
        yield _say("hash", _ERROR, message, found, f"h={':'.join(record.hashes)}", mend, "RFC 8301, 3.1")
    if not record.signs_mail:
        mend = str(TextRecord(name=found.name, text=str(attrs.evolve(record, services=("*",)))))
        message = "the key is not meant for mail"
        yield _say("service", _ERROR, message, found, f"s={':'.join(record.services)}", mend, "RFC 6376, 3.6.1")
    if record.is_testing:
        flags = tuple(flag for flag in record.flags if flag != "y")
        mend = str(TextRecord(name=found.name, text=str(attrs.evolve(record, flags=flags))))
        message = "the key says that it is being tested, so that its signatures may count for nothing"
        yield _say("testing", _WARNING, message, found, f"t={':'.join(record.flags)}", mend, "RFC 6376, 3.6.1")


def _strength(found: Found, record: Record) -> Iterator[Finding]:
    bits = record.bits
    if record.algorithm not in ("rsa", "ed25519"):
        message = f"verifiers know no keys of the kind {record.algorithm!r}"
        mend = "publish an RSA key of 2048 bits"
        yield _say("algorithm", _ERROR, message, found, f"k={record.algorithm}", mend, "RFC 8463, 4")
    elif bits is None:
        yield _unreadable(found, record)
    elif record.algorithm == "ed25519":
        message = "many verifiers do not know Ed25519 yet; sign with an RSA key beside it"
        yield _say("ed25519", _INFO, message, found, source="RFC 8463, 3")
    elif bits < _WEAK_BITS:
        message = f"the key has {bits} bits; verifiers do not take less than {_WEAK_BITS}"
        yield _say("weak", _ERROR, message, found, mend="make a key of 2048 bits", source="RFC 8301, 3.2")
    elif bits < _SHORT_BITS:
        message = f"the key has {bits} bits; signers should use {_SHORT_BITS}"
        yield _say("short", _WARNING, message, found, mend="make a key of 2048 bits", source="RFC 8301, 3.2")
    elif bits > _LARGE_BITS:
        message = f"the key has {bits} bits; verifiers need not take more than {_LARGE_BITS}"
        yield _say("large", _WARNING, message, found, mend="make a key of 2048 bits", source="RFC 8301, 3.2")


def _unreadable(found: Found, record: Record) -> Finding:
    """What p= holds instead of a key."""
    key, text = record.key or b"", found.texts[0]
    if len(key) <= _LONGEST_PRIVATE and _is_private(key):
        message = "p= holds the private key, so that anybody can sign as this domain"
        mend = "take the record down at once, and make a new key with another selector"
        return _say("private", _ERROR, message, found, "p=…", mend, "RFC 6376, 3.6.1")
    if key.startswith(_ED25519_HEAD) and len(key) == len(_ED25519_HEAD) + 32:
        raw = Record(key=key[len(_ED25519_HEAD) :], algorithm="ed25519", services=record.services, flags=record.flags)
        message = "p= holds an Ed25519 key with its algorithm before it; verifiers want the 32 bytes and k=ed25519"
        mend = str(TextRecord(name=found.name, text=str(raw)))
        return _say("syntax", _ERROR, message, found, text, mend, "RFC 8463, 4.2")
    message = f"what p= holds is no {record.algorithm} key"
    return _say("syntax", _ERROR, message, found, text, "publish it again, whole", "RFC 6376, 3.6.1")


def _is_private(key: bytes) -> bool:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    try:
        load_der_private_key(key, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # the second for one under a password
        return False
    return True
