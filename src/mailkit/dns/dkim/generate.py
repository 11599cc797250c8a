"""Make a key pair, and the record that publishes it.

>>> pair = generate("example.com", "news", algorithm="ed25519")
>>> str(pair.record).startswith("v=DKIM1; k=ed25519; p=")
True
"""

from __future__ import annotations

from typing import Final, Literal

import attrs

from mailkit.dns.dkim.key import Record, key_name
from mailkit.dns.records import TextRecord
from mailkit.errors import InvalidValue

__all__ = ["KeyPair", "generate"]

_SIZES: Final = (2048, 3072, 4096)
"""Signers must have 1024 bits and should have 2048 (RFC 8301, 3.2); verifiers must take up to 4096."""


@attrs.frozen(kw_only=True)
class KeyPair:
    """A private key and the record that publishes its other half.

    Attributes:
        selector: The selector, s= of the signatures.
        domain: The domain, d= of the signatures.
        private_key: The private key in PEM (PKCS #8); keep it secret. `repr` hides it.
        record: The published half.

    >>> pair = generate("example.com", "news", algorithm="ed25519")
    >>> "PRIVATE" in repr(pair)
    False
    """

    selector: str
    domain: str
    private_key: str = attrs.field(repr=False)
    record: Record

    @property
    def published(self) -> TextRecord:
        """The record ready to paste, in strings of at most 255 bytes."""
        name = key_name(self.selector, self.domain)
        why = f"lets receivers verify what {self.domain} signs with the selector {self.selector!r}"
        return TextRecord(name=name, text=str(self.record), why=why)


def generate(domain: str, selector: str, *, algorithm: Literal["rsa", "ed25519"] = "rsa", bits: int = 2048) -> KeyPair:
    """A new key pair for a selector.

    Publish Ed25519 beside RSA, never alone: many receivers cannot verify it yet (RFC 8463, 3).

    Args:
        domain: The domain that will sign.
        selector: The name for the key; a new one for each key, such as "news2026".
        algorithm: "rsa" or "ed25519".
        bits: The size of an RSA key: 2048, 3072 or 4096.

    Raises:
        InvalidValue: The selector, the algorithm or the size is not one.

    >>> print(str(generate("example.com", "news").published)[:80])
    news._domainkey.example.com. IN TXT "v=DKIM1; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    key_name(selector, domain)
    form = serialization.PublicFormat
    if algorithm == "ed25519":
        edwards = Ed25519PrivateKey.generate()
        published = edwards.public_key().public_bytes(serialization.Encoding.Raw, form.Raw)
        private: serialization.PrivateFormat = serialization.PrivateFormat.PKCS8
        pem = edwards.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption())
    elif algorithm == "rsa":
        if bits not in _SIZES:
            raise InvalidValue("bits", bits, "is not a size of DKIM keys", "write 2048, 3072 or 4096")
        rsa = generate_private_key(public_exponent=65537, key_size=bits)
        published = rsa.public_key().public_bytes(serialization.Encoding.DER, form.SubjectPublicKeyInfo)
        pem = rsa.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    else:
        raise InvalidValue("algorithm", algorithm, "is not one of DKIM", "write 'rsa' or 'ed25519'")
    record = Record(key=published, algorithm=algorithm)
    return KeyPair(selector=selector, domain=domain, private_key=pem.decode("ascii"), record=record)
