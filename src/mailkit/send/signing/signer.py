"""What a sender asks of whatever signs letters; `DKIMSigner` and `Signers` are answers to it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, runtime_checkable

__all__ = ["Signer"]


@runtime_checkable
class Signer(Protocol):
    """What signs finished bytes before they are sent. It is asked from several threads at once."""

    @property
    def is_slow(self) -> bool:
        """Whether a signature takes so long that it belongs into a thread: RSA, or a key kept elsewhere."""
        ...

    def sign(self, raw: bytes, *, now: datetime | None = None) -> bytes:
        """The letter with its signature; the same for the same letter and instant.

        Args:
            raw: The finished message (RFC 5322).
            now: When it is signed; the present instant if None.

        Raises:
            InvalidValue: The letter cannot be signed, such as one without From.
        """
        ...
