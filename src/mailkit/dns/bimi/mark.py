"""Mark certificates of BIMI: what one says of itself (RFC 3709, RFC 9399; VMC requirements).

Whether it was issued by one of the few authorities for marks is not looked at: their roots are not
among those of a machine. Who has issued it is told.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import attrs

from mailkit.dns.bimi.svg import unpacked
from mailkit.dns.tags import cut
from mailkit.errors import InvalidValue

__all__ = ["Mark"]

_PURPOSE: Final = "1.3.6.1.5.5.7.3.31"
"""id-kp-BrandIndicatorforMessageIdentification."""
_LOGOTYPE: Final = "1.3.6.1.5.5.7.1.12"
_KIND: Final = "1.3.6.1.4.1.53087.1.13"
"""The subject's mark type."""
_EMBEDDED: Final = re.compile(rb"data:image/svg\+xml(?:\+gzip)?;base64,([A-Za-z0-9+/]+={0,2})")


@attrs.frozen(kw_only=True)
class Mark:
    """A mark certificate (VMC or CMC).

    Attributes:
        subject: Whose mark it is.
        issuer: Who issued it.
        kind: The kind of mark, such as "Registered Mark"; empty if it does not say.
        valid_from: From when it is valid.
        valid_until: Until when.
        names: The domains that it is for, in small letters.
        is_for_marks: Whether it is meant for BIMI.
        has_logotype: Whether it has a logo's extension.
        logos: The logos within, unpacked.
        chain_length: How many certificates there were.
    """

    subject: str
    issuer: str
    kind: str = ""
    valid_from: datetime
    valid_until: datetime
    names: tuple[str, ...] = ()
    is_for_marks: bool = False
    has_logotype: bool = False
    logos: tuple[bytes, ...] = attrs.field(default=(), repr=False)
    chain_length: int = 1

    @classmethod
    def parse(cls, content: bytes) -> Mark:
        """Read a file of certificates (PEM); the first one is the mark's.

        Raises:
            InvalidValue: It is none, or cannot be read.
        """
        from cryptography import x509

        try:
            chain = x509.load_pem_x509_certificates(content)
            first = chain[0]
            return cls(
                subject=first.subject.rfc4514_string(),
                issuer=first.issuer.rfc4514_string(),
                kind=_kind(first),
                valid_from=first.not_valid_before_utc,
                valid_until=first.not_valid_after_utc,
                names=tuple(_names(first)),
                is_for_marks=_PURPOSE in _purposes(first),
                has_logotype=bool(_logotype(first)),
                logos=tuple(_logos(_logotype(first))),
                chain_length=len(chain),
            )
        except (ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
            given = cut(repr(content[:60]), longest=60)
            raise InvalidValue("mark certificate", given, f"cannot be read ({cut(str(error), longest=100)})") from error

    def is_of(self, domain: str, selector: str = "default") -> bool:
        """Whether it is for a domain: it names the domain, one above it, or the very record."""
        name = domain.removesuffix(".").lower()
        return any(name == one or name.endswith(f".{one}") or one == f"{selector}._bimi.{name}" for one in self.names)

    def shows(self, logo: bytes) -> bool | None:
        """Whether a logo is the one within; None if there is none within that can be read."""
        return unpacked(logo) in self.logos if self.logos else None


def _extension(certificate: Any, oid: str) -> Any:
    from cryptography import x509

    try:
        return certificate.extensions.get_extension_for_oid(x509.ObjectIdentifier(oid)).value
    except x509.ExtensionNotFound:
        return None


def _names(certificate: Any) -> Iterator[str]:
    from cryptography import x509

    names = _extension(certificate, "2.5.29.17")
    for name in names.get_values_for_type(x509.DNSName) if names else ():
        yield name.lower().removesuffix(".")


def _purposes(certificate: Any) -> set[str]:
    return {purpose.dotted_string for purpose in _extension(certificate, "2.5.29.37") or ()}


def _logotype(certificate: Any) -> bytes:
    found = _extension(certificate, _LOGOTYPE)
    return bytes(found.value) if found else b""


def _kind(certificate: Any) -> str:
    from cryptography import x509

    found = certificate.subject.get_attributes_for_oid(x509.ObjectIdentifier(_KIND))
    return str(found[0].value) if found else ""


def _logos(logotype: bytes) -> Iterator[bytes]:
    """The logos that stand in the extension as data: addresses, as the VMC requirements want them."""
    for matched in _EMBEDDED.finditer(logotype):
        try:
            logo = unpacked(b64decode(matched[1], validate=True))
        except Error:
            continue
        if logo:
            yield logo
