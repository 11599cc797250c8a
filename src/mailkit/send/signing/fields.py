"""Which header fields are signed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from mailkit.errors import InvalidValue
from mailkit.send.signing.folding import fold

__all__ = ["OVERSIGNED", "SIGNED", "field_names", "listed", "names", "signable"]

OVERSIGNED: Final = (
    "From",
    "Reply-To",
    "Subject",
    "Date",
    "To",
    "Cc",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
)
"""What readers see or act upon: nobody may add one (RFC 6376, 8.15); the last two must be signed (RFC 8058, 4)."""

SIGNED: Final = (
    "Sender",
    "In-Reply-To",
    "References",
    "List-Id",
    "List-Help",
    "List-Archive",
    "Feedback-ID",
    "CFBL-Address",
    "CFBL-Feedback-ID",
    "Auto-Submitted",
)
"""What is signed where it is there (RFC 6376, 5.4.1; RFC 9477, 3.1.2)."""

_NEVER: Final = frozenset({"return-path", "received", "comments", "keywords", "bcc", "dkim-signature"})
"""What changes on the way (RFC 6376, 5.4.1), or would sign itself."""
_FIELD_NAME: Final = re.compile(r"[!-9<-~]+\Z")


def names(value: Iterable[str]) -> tuple[str, ...]:
    """The names as a tuple; one may stand alone."""
    return (value,) if isinstance(value, str) else tuple(value)


def signable(instance: object, attribute: Any, value: tuple[str, ...]) -> None:
    """Refuse names that h= cannot list, or should not."""
    for name in value:
        if not isinstance(name, str) or not _FIELD_NAME.match(name):
            raise InvalidValue(f"DKIMSigner.{attribute.name}", name, "is not a field name that h= can list")
        if name.lower() in _NEVER:
            reason = "must not be signed: it may change on the way (RFC 6376, 5.4.1)"
            raise InvalidValue(f"DKIMSigner.{attribute.name}", name, reason, "leave it out")


def field_names(oversigned: tuple[str, ...], signed: tuple[str, ...]) -> dict[bytes, tuple[str, int]]:
    """By key, in their order: how a name is written, and how many more of it are listed than there are.

    Raises:
        InvalidValue: From is not among them.

    >>> field_names(("From",), ("from", "Sender"))
    {b'from': ('From', 1), b'sender': ('Sender', 0)}
    """
    found: dict[bytes, tuple[str, int]] = {}
    for more, row in ((1, oversigned), (0, signed)):
        for name in row:
            found.setdefault(name.lower().encode(), (name, more))
    if b"from" not in found:
        reason = "must have From among them (RFC 6376, 5.4)"
        raise InvalidValue("DKIMSigner.oversigned", oversigned, reason, "leave it as it is, or add 'From'")
    return found


def listed(spelled: Mapping[bytes, tuple[str, int]], keys: Sequence[bytes]) -> bytes:
    """The tag h= for a letter that has fields of these names, in lines.

    Those of one name stand together; last come those that are not there and shall not be.

    Raises:
        InvalidValue: The letter has not exactly one From (RFC 5322, 3.6).

    >>> listed({b"from": ("From", 1), b"sender": ("Sender", 0)}, [b"sender", b"from", b"sender"])
    b' h=Sender:Sender:From:From;'
    """
    if (authors := keys.count(b"from")) != 1:
        reason = "is how many From fields it has, where there must be one"
        raise InvalidValue("letter", authors, reason, "give the finished message (RFC 5322, 3.6)")
    row = [
        spelled[key][0] for key in dict.fromkeys((*keys, *spelled)) for _ in range(keys.count(key) + spelled[key][1])
    ]
    words = [f"{name}:" for name in row[:-1]] + [f"{row[-1]};"]
    return fold(words, before=" h=", between="").encode()
