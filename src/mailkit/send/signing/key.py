"""Private keys of DKIM: from PEM, from a seed, or kept where they cannot be read (RFC 6376, 8301 and 8463)."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import attrs

from mailkit.errors import InvalidValue, did_you_mean
from mailkit.findings import Finding, Findings, Severity

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

__all__ = ["Algorithm", "DKIMKey"]

Algorithm: TypeAlias = Literal["rsa-sha256", "ed25519-sha256"]

_ALGORITHMS: Final = ("rsa-sha256", "ed25519-sha256")
_SELECTOR: Final = re.compile(
    r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\Z"
)
_LEAST_BITS: Final = 1024
_GOOD_BITS: Final = 2048
_MOST_BITS: Final = 4096
_SEED_BYTES: Final = 32
_ED25519_SIGNATURE_BYTES: Final = 64
_FORMS: Final = "give PEM (PKCS #1 or #8), an Ed25519 seed of 32 bytes in base64, or a function that signs"


def _selector(instance: object, attribute: Any, value: str) -> None:
    if not isinstance(value, str) or not _SELECTOR.match(value):
        reason = "is not a selector: labels of letters, digits and - (RFC 6376, 3.1)"
        raise InvalidValue("DKIMKey.selector", value, reason, "write a name such as 'news2026'")


@attrs.frozen
class DKIMKey:
    """A private key and the selector under which its other half is published.

    Attributes:
        selector: The selector, s= of the signatures.
        private: The key, never shown: in PEM (PKCS #1 or #8; text or bytes); an Ed25519 seed of 32
            bytes in base64; or, for a key that stays in a KMS or HSM, a function that is given
            the SHA-256 digest to sign, 32 bytes, and gives the signature. For "rsa-sha256" that is
            PKCS #1 v1.5 over this digest; for "ed25519-sha256" the digest is the message (RFC 8463, 3).
        algorithm: "rsa-sha256" or "ed25519-sha256"; to be given for a function, read off all others.
        bits: The size of an RSA key; 256 for Ed25519, None for a function.
        public: What is published as p=: in DER for RSA, 32 bytes for Ed25519; None for a function.

    Raises:
        InvalidValue: The selector or the key is none, or an RSA key is shorter than 1024 bits (RFC 8301, 3.2).

    >>> key = DKIMKey("news", "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
    >>> key.algorithm, key.is_slow
    ('ed25519-sha256', False)
    >>> DKIMKey("news", "-----BEGIN PUBLIC KEY-----")
    Traceback (most recent call last):
    mailkit.errors.InvalidValue: DKIMKey.private: <26 characters> is a public key; give the private one
    """

    selector: str = attrs.field(validator=_selector)
    private: str | bytes | Callable[[bytes], bytes] = attrs.field(repr=False)
    algorithm: Algorithm = attrs.field(default="", kw_only=True)
    bits: int | None = attrs.field(init=False, eq=False, default=None)
    public: bytes | None = attrs.field(init=False, eq=False, default=None, repr=False)
    _sign: Callable[[bytes], bytes] = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        if self.algorithm and self.algorithm not in _ALGORITHMS:
            mend = did_you_mean(str(self.algorithm), _ALGORITHMS).removeprefix("; ")
            mend = mend or "write 'rsa-sha256' or 'ed25519-sha256'"
            raise InvalidValue("DKIMKey.algorithm", self.algorithm, "is not one of DKIM", mend)
        if callable(self.private):
            if not self.algorithm:
                reason = "must be said where a function signs"
                raise InvalidValue(
                    "DKIMKey.algorithm", None, reason, "write algorithm='rsa-sha256' or 'ed25519-sha256'"
                )
            object.__setattr__(self, "_sign", self.private)
            return
        self._take(_loaded(self.private))

    def _take(self, key: RSAPrivateKey | Ed25519PrivateKey) -> None:
        """Keep what a key that was read says and does."""
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

        taken = _rsa(key) if isinstance(key, RSAPrivateKey) else _ed25519(key)
        if self.algorithm not in ("", taken[0]):
            reason = f"does not fit the key, which is for {taken[0]!r}"
            raise InvalidValue("DKIMKey.algorithm", self.algorithm, reason, "leave it out")
        for name, value in zip(("algorithm", "bits", "public", "_sign"), taken, strict=True):
            object.__setattr__(self, name, value)

    @property
    def is_slow(self) -> bool:
        """Whether a signature takes so long that it belongs into a thread: RSA, or a function."""
        return self.algorithm == "rsa-sha256" or callable(self.private)

    @property
    def findings(self) -> Findings:
        """What is to be said about the key: that it is shorter or longer than receivers want it.

        >>> DKIMKey("news", "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=").findings
        no findings
        """
        if self.algorithm != "rsa-sha256" or self.bits is None or _GOOD_BITS <= self.bits <= _MOST_BITS:
            return Findings()
        why = f"signers should use {_GOOD_BITS}, and some receivers do not count shorter keys"
        if self.bits > _MOST_BITS:
            why = f"receivers need not verify more than {_MOST_BITS}"
        size = Finding(
            code="send.dkim-key-size",
            severity=Severity.WARNING,
            message=f"the key {self.selector!r} has {self.bits} bits; {why}",
            mend=f"make a new key of {_GOOD_BITS} bits with a new selector",
            source="RFC 8301, 3.2",
        )
        return Findings([size])

    def sign_digest(self, digest: bytes) -> bytes:
        """The signature of a SHA-256 digest.

        Raises:
            InvalidValue: The function gave something that is no signature.
            Exception: What the function raised.

        >>> key = DKIMKey("news", lambda digest: b"?", algorithm="ed25519-sha256")
        >>> key.sign_digest(b"0" * 32)
        Traceback (most recent call last):
        mailkit.errors.InvalidValue: DKIMKey.private: b'?' is no signature of ed25519-sha256; let the function give ...
        """
        signature = self._sign(digest)
        if self.bits is not None:
            return signature
        is_one = isinstance(signature, bytes) and (
            len(signature) == _ED25519_SIGNATURE_BYTES
            if self.algorithm == "ed25519-sha256"
            else len(signature) >= _LEAST_BITS // 8
        )
        if not is_one:
            mend = "let the function give the bare bytes of the signature"
            raise InvalidValue("DKIMKey.private", signature, f"is no signature of {self.algorithm}", mend)
        return signature


class _Hidden:
    """What stands in an error for a key, which must not be read in a log."""

    def __init__(self, given: object) -> None:
        unit = "characters" if isinstance(given, str) else "bytes"
        self._text = f"<{len(given)} {unit}>" if isinstance(given, str | bytes) else f"a {type(given).__name__}"

    def __repr__(self) -> str:
        return self._text


def _refuse(given: object, reason: str, mend: str) -> InvalidValue:
    return InvalidValue("DKIMKey.private", _Hidden(given), reason, mend)


def _loaded(given: str | bytes) -> RSAPrivateKey | Ed25519PrivateKey:
    """Read a key, or say what it is instead."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    if not isinstance(given, str | bytes):
        raise _refuse(given, "is not a key", _FORMS)
    data = given.encode("utf-8", "replace") if isinstance(given, str) else given
    key = _from_pem(given, data) if b"-----BEGIN" in data else _from_seed(given, data)
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise _refuse(given, "is neither an RSA nor an Ed25519 key", "DKIM signs with no others (RFC 8301, RFC 8463)")
    return key


def _from_pem(given: object, data: bytes) -> object:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if b"PRIVATE KEY-----" not in data:
        is_public = b"PUBLIC KEY-----" in data
        raise _refuse(given, "is a public key" if is_public else "holds no private key", "give the private one")
    if b"ENCRYPTED" in data:
        raise _refuse(given, "is encrypted", "decrypt it first, as with `openssl pkey -in key.pem -out plain.pem`")
    if b"\\n" in data:
        mend = r"put line breaks back: .replace('\\n', '\n')"
        raise _refuse(given, r"has \n, as two characters, in place of line breaks", mend)
    try:
        return load_pem_private_key(data.strip(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        why = " ".join(str(error).split()).partition(". ")[0][:100]
        raise _refuse(given, f"is PEM that cannot be read as a key ({why})", "give the file as it was made") from error


def _from_seed(given: object, data: bytes) -> object:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        seed = b64decode(b"".join(data.split()), validate=True)
    except ValueError:
        mend = "give the text of the file, as path.read_text() does" if len(data) < 200 else _FORMS
        raise _refuse(given, "is neither PEM nor base64", mend) from None
    if len(seed) != _SEED_BYTES:
        raise _refuse(given, f"is base64 of {len(seed)} bytes, where an Ed25519 seed has {_SEED_BYTES}", _FORMS)
    return Ed25519PrivateKey.from_private_bytes(seed)


_Taken: TypeAlias = tuple[Algorithm, int, bytes, Callable[[bytes], bytes]]


def _rsa(key: RSAPrivateKey) -> _Taken:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    if key.key_size < _LEAST_BITS:
        reason = f"is an RSA key of {key.key_size} bits, and no receiver may count less than {_LEAST_BITS}"
        raise InvalidValue(
            "DKIMKey.private", _Hidden(key), f"{reason} (RFC 8301, 3.2)", f"make one of {_GOOD_BITS} bits"
        )
    padding, digested = PKCS1v15(), Prehashed(SHA256())
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return "rsa-sha256", key.key_size, public, lambda digest: key.sign(digest, padding, digested)


def _ed25519(key: Ed25519PrivateKey) -> _Taken:
    return "ed25519-sha256", 256, key.public_key().public_bytes_raw(), key.sign
