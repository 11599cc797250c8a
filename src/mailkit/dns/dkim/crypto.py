"""Whether a signature fits a key: dkimpy's arithmetic, fed with nothing that would make it slow or raise.

RSA signatures are opened once, so that asking for a hundred altered mails costs a hundred hashes.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Final, TypeAlias

from mailkit.dns.dkim.key import Record

__all__ = ["Fits", "fitting"]

Fits: TypeAlias = Callable[[bytes], bool]
"""Whether the signature is one of these bytes."""

_LEAST_BITS: Final = 512
"""Below a padded hash does not fit; what counts is decided by others."""
_MOST_BITS: Final = 16384
_MOST_EXPONENT_BITS: Final = 64
"""Beyond these a key costs seconds; OpenSSL draws the same lines."""


def fitting(key: Record, signature: bytes) -> Fits | None:
    """What tells whether a signature is one of given bytes; None if no such key can sign.

    Hashes are SHA-256, the only ones left (RFC 8301, 3.1). Ed25519 signs the hash (RFC 8463, 3).

    >>> fitting(Record(key=b"junk"), b"...") is None
    True
    """
    if not key.key or key.bits is None:
        return None
    return _ed25519(key.key, signature) if key.algorithm == "ed25519" else _rsa(key.key, signature)


def _ed25519(key: bytes, signature: bytes) -> Fits:
    from nacl.exceptions import CryptoError
    from nacl.signing import VerifyKey

    verifier = VerifyKey(key)

    def fits(signed: bytes) -> bool:
        try:
            verifier.verify(sha256(signed).digest(), signature)
        except (CryptoError, ValueError):  # the latter for a signature that is not 64 bytes long
            return False
        return True

    return fits


def _rsa(key: bytes, signature: bytes) -> Fits | None:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key
    from dkim.crypto import EMSA_PKCS1_v1_5_encode, rsa_encrypt

    loaded = load_der_public_key(key)
    if not isinstance(loaded, RSAPublicKey) or not _LEAST_BITS <= loaded.key_size <= _MOST_BITS:
        return None
    numbers, length = loaded.public_numbers(), (loaded.key_size + 7) // 8
    if numbers.e.bit_length() > _MOST_EXPONENT_BITS:
        return None
    if len(signature) != length or int.from_bytes(signature) >= numbers.n:
        return lambda signed: False
    opened = rsa_encrypt(signature, {"modulus": numbers.n, "publicExponent": numbers.e}, length)

    def fits(signed: bytes) -> bool:
        return bool(EMSA_PKCS1_v1_5_encode(sha256(signed), length) == opened)

    return fits
