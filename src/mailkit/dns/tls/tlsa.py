"""TLSA records (RFC 6698) as mail servers have them (RFC 7672), and which certificates they match."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256, sha512
from typing import Any, Final

import attrs

from mailkit.dns.records import Record
from mailkit.dns.tags import cut
from mailkit.errors import InvalidValue

__all__ = ["TlsaRecord", "tlsa_record", "valid_until"]

_TEXT: Final = re.compile(r"([0-9]{1,3})[ \t]+([0-9]{1,3})[ \t]+([0-9]{1,3})[ \t]+([0-9a-fA-F \t]+)\Z")
_DIGESTS: Final = {1: sha256, 2: sha512}


def _byte(instance: object, attribute: Any, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 255:
        raise InvalidValue(f"TlsaRecord.{attribute.name}", value, "is not a number from 0 to 255")


def _data(value: Any) -> bytes:
    if not isinstance(value, bytes) or not value:
        raise InvalidValue("TlsaRecord.data", value, "is not bytes, or empty")
    return value


@attrs.frozen(kw_only=True)
class TlsaRecord:
    """A TLSA record; `str` gives it as in a zone file.

    Attributes:
        usage: 3 for the server's own certificate, 2 for one that signs it; mail has no use for 0 and 1.
        selector: 0 for the whole certificate, 1 for its key.
        matching: 0 for all of it, 1 for its SHA-256, 2 for its SHA-512.
        data: What it must be equal to.

    >>> record = TlsaRecord.parse("3 1 1 " + "ab" * 32)
    >>> record.is_usable, TlsaRecord.parse("1 0 1 " + "ab" * 32).fault
    (True, 'its usage 1 means nothing for mail, only 3 and 2 do')
    """

    usage: int = attrs.field(validator=_byte)
    selector: int = attrs.field(validator=_byte)
    matching: int = attrs.field(validator=_byte)
    data: bytes = attrs.field(converter=_data, repr=False)

    @classmethod
    def parse(cls, text: str) -> TlsaRecord:
        """Read a record.

        Raises:
            InvalidValue: It is not three numbers and hexadecimal data.
        """
        matched = _TEXT.match(text) if isinstance(text, str) else None
        digits = "".join(matched[4].split()) if matched else ""
        if not matched or not digits or len(digits) % 2:
            raise InvalidValue("TLSA record", text, "is not usage, selector, matching type and hexadecimal data")
        usage, selector, matching = (int(matched[number]) for number in (1, 2, 3))
        return cls(usage=usage, selector=selector, matching=matching, data=bytes.fromhex(digits))

    @property
    def fault(self) -> str:
        """Why senders cannot use it; empty if they can (RFC 7672, 3.1)."""
        if self.usage not in (2, 3):
            return f"its usage {self.usage} means nothing for mail, only 3 and 2 do"
        if self.selector not in (0, 1):
            return f"its selector {self.selector} is not known"
        if self.matching not in (0, 1, 2):
            return f"its matching type {self.matching} is not known"
        digest = _DIGESTS.get(self.matching)
        if digest and len(self.data) != digest().digest_size:
            return f"its data has {len(self.data)} bytes where the digest has {digest().digest_size}"
        return ""

    @property
    def is_usable(self) -> bool:
        """Whether senders can use it."""
        return not self.fault

    def matches(self, chain: Sequence[bytes]) -> bool:
        """Whether the certificates that a server sent are the ones meant.

        Usage 3 looks at the server's own, whatever its names and dates (RFC 7672, 3.1.1); usage 2 at all
        of them. That those sign each other, and bear the host's name, is not looked at here.

        Args:
            chain: The certificates in DER, the server's own first.
        """
        looked_at = chain[:1] if self.usage == 3 else chain
        return self.is_usable and any(_selected(one, self.selector, self.matching) == self.data for one in looked_at)

    def __str__(self) -> str:
        return f"{self.usage} {self.selector} {self.matching} {self.data.hex()}"


def tlsa_record(
    host: str, certificate: bytes, *, port: int = 25, usage: int = 3, selector: int = 1, matching: int = 1
) -> Record:
    """The record to publish for a server's certificate: "3 1 1", its key's SHA-256, unless told otherwise.

    The key may stay when the certificate is renewed; then the record stays, too. The zone has to be
    signed (DNSSEC).

    Args:
        host: The mail server.
        certificate: Its certificate in DER.
        port: Its port.
        usage: As in `TlsaRecord`.
        selector: As in `TlsaRecord`.
        matching: As in `TlsaRecord`.

    Raises:
        InvalidValue: The certificate cannot be read, or a number means nothing for mail.
    """
    data = _selected(certificate, selector, matching)
    if not data:
        raise InvalidValue("certificate", cut(repr(certificate), longest=40), "is not a certificate in DER")
    record = TlsaRecord(usage=usage, selector=selector, matching=matching, data=data)
    if record.fault:
        raise InvalidValue("TLSA record", str(record), record.fault)
    why = "lets senders check the mail server's certificate (DANE); the zone has to be signed"
    return Record(name=f"_{port}._tcp.{host}", type="TLSA", text=str(record), why=why)


def valid_until(certificate: bytes) -> datetime | None:
    """Until when a certificate in DER is valid; None if it cannot be read.

    >>> valid_until(b"no certificate") is None
    True
    """
    from cryptography import x509

    try:
        return x509.load_der_x509_certificate(certificate).not_valid_after_utc
    except ValueError:
        return None


def _selected(certificate: bytes, selector: int, matching: int) -> bytes:
    """What a record with these numbers says of a certificate; empty if it cannot be read."""
    digest = _DIGESTS.get(matching)
    chosen = certificate if selector == 0 else _key(certificate)
    return digest(chosen).digest() if digest and chosen else chosen


def _key(certificate: bytes) -> bytes:
    """The public key of a certificate with its algorithm (SubjectPublicKeyInfo), in DER."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
        return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return b""
