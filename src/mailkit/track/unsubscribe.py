"""The header fields by which mail programs and providers let a reader leave, and know whose letter it is.

What they ask for: List-Unsubscribe with an https address, and a mail address beside it for
the programs that only know those (RFC 2369, 3.2); List-Unsubscribe-Post, by which a press of
the provider's own button leaves at once (RFC 8058; asked for by Gmail and Yahoo of everybody
who sends in bulk); List-Id, which stays the same for years (RFC 2919); and Feedback-ID, by
which Gmail counts complaints. RFC 8058, 4 wants the first two covered by the DKIM signature.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

from mailkit.address import Address
from mailkit.errors import InvalidValue

__all__ = [
    "check_list_id",
    "check_sender_id",
    "default_list_id",
    "default_sender_id",
    "feedback_id",
    "mail_tokens",
    "unsubscribe_headers",
]

_LIST_ID: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)+\Z")
_LONGEST_LIST_ID: Final = 255
_SENDER_ID: Final = re.compile(r"[A-Za-z0-9_-]{5,15}\Z")
_MAIL_TOKEN: Final = re.compile(r"(?<![a-z0-9])[a-z2-7]{56}(?![a-z0-9])", re.IGNORECASE | re.ASCII)


def unsubscribe_headers(url: str, mailto: Address | None, mail_token: str) -> tuple[tuple[str, str], ...]:
    """The two fields for leaving: by the web, which needs one press only, and by mail if there is an address for it.

    The https address comes first, since the fields are in order of preference (RFC 2369, 2).

    >>> for field in unsubscribe_headers("https://t.example.com/u/x", Address.parse("leave@example.com"), "y"):
    ...     print(*field, sep=": ")
    List-Unsubscribe: <https://t.example.com/u/x>, <mailto:leave@example.com?subject=unsubscribe%20y>
    List-Unsubscribe-Post: List-Unsubscribe=One-Click
    """
    ways = [f"<{url}>"]
    if mailto:
        whom = f"{quote(mailto.local, safe='')}@{mailto.domain}"  # RFC 6068, 2
        ways.append(f"<mailto:{whom}?subject=unsubscribe%20{mail_token}>")
    return (("List-Unsubscribe", ", ".join(ways)), ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))


def mail_tokens(text: str) -> Iterator[str]:
    """Whatever looks like a token in a subject or an address that came by mail, whatever the reader wrote around it.

    >>> list(mail_tokens("Re: Unsubscribe " + "A" * 56 + ". Please!")) == ["A" * 56]
    True
    """
    return (found.group() for found in _MAIL_TOKEN.finditer(text))


def default_list_id(name: str, host: str) -> str:
    """A list's identifier (RFC 2919, 3) made of its topic or brand and the tracker's host.

    >>> [default_list_id(name, "t.example.com") for name in ("Books & Co", "Новости", "")]
    ['books-co.t.example.com', 'xn--b1amnebsh.t.example.com', 'mail.t.example.com']
    """
    words = "-".join(re.findall(r"\w+", name.casefold())) or "mail"
    label = words if words.isascii() else "xn--" + words.encode("punycode").decode("ascii")
    return f"{label[:63]}.{host.replace(':', '-')}"


def check_list_id(text: str) -> None:
    """Refuse what is not a list's identifier.

    Raises:
        InvalidValue: It has no dot, foreign characters, or more than 255 characters (RFC 2919, 3).

    >>> check_list_id("news.example.com")
    """
    if not isinstance(text, str) or not _LIST_ID.match(text) or len(text) > _LONGEST_LIST_ID:
        reason = "is not a list's identifier of words with dots between them (RFC 2919, 3)"
        raise InvalidValue("list_id", text, reason, "write 'news.example.com'")


def feedback_id(*, campaign: int, step: str, kind: str, sender: str) -> str:
    """The Feedback-ID: up to three names to count by, and last the sender's own; none may tell one reader's letter.

    >>> feedback_id(campaign=7, step="letter", kind="Books & Co", sender="texamplecom")
    '7:letter:books-co:texamplecom'
    """
    names = [str(campaign), *("-".join(re.findall(r"[a-z0-9]+", name.casefold())) for name in (step, kind))]
    return ":".join([*(name for name in names if name), sender])


def default_sender_id(host: str) -> str:
    """The sender's name in a Feedback-ID, 5 to 15 characters, made of the host.

    >>> default_sender_id("t.example.com"), default_sender_id("t.co")
    ('texamplecom', 'tco00')
    """
    return re.sub(r"[^a-z0-9]", "", host)[-15:].ljust(5, "0")


def check_sender_id(text: str) -> None:
    """Refuse what cannot be the sender's name in a Feedback-ID.

    Raises:
        InvalidValue: It is not 5 to 15 letters, digits, `_` or `-`.

    >>> check_sender_id("bookshop")
    """
    if not isinstance(text, str) or not _SENDER_ID.match(text):
        raise InvalidValue("sender_id", text, "is not 5 to 15 letters, digits, - or _", "write 'bookshop'")
