"""What a server offers, read from its answer to EHLO (RFC 5321, 4.1.1.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Self

import attrs

__all__ = ["Offers"]

_SIZE_DIGITS: Final = 20
"""How long the number after SIZE may be (RFC 1870, 6)."""


@attrs.frozen(kw_only=True)
class Offers:
    """The extensions of one connection that a mail transaction makes use of.

    Attributes:
        has_pipelining: Commands may be sent before their replies are in (RFC 2920).
        has_chunking: BDAT is there (RFC 3030).
        has_8bitmime: Bodies may have octets beyond ASCII (RFC 6152).
        has_smtputf8: So may addresses and header fields (RFC 6531).
        has_size: The size of a message may be declared (RFC 1870).
        has_dsn: Reports may be asked for (RFC 3461).
        has_requiretls: TLS may be required of all servers on the way (RFC 8689).
        most_bytes: The largest message that is taken; 0 if that is not said.
        is_proven: The line is encrypted, and the server has shown a certificate that was verified.
    """

    has_pipelining: bool = False
    has_chunking: bool = False
    has_8bitmime: bool = False
    has_smtputf8: bool = False
    has_size: bool = False
    has_dsn: bool = False
    has_requiretls: bool = False
    most_bytes: int = 0
    is_proven: bool = False

    @classmethod
    def of(cls, extensions: Mapping[str, str], *, is_proven: bool = False) -> Self:
        """Read the extensions, by their keywords in small letters with what stands behind each."""
        limit = extensions.get("size", "")
        is_number = limit.isascii() and limit.isdigit() and len(limit) <= _SIZE_DIGITS
        return cls(
            has_pipelining="pipelining" in extensions,
            has_chunking="chunking" in extensions,
            has_8bitmime="8bitmime" in extensions,
            has_smtputf8="smtputf8" in extensions,
            has_size="size" in extensions,
            has_dsn="dsn" in extensions,
            has_requiretls="requiretls" in extensions,
            most_bytes=int(limit) if is_number else 0,
            is_proven=is_proven,
        )
