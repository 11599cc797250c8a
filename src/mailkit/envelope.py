"""From whom, to whom, and where it comes back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import attrs

from mailkit.address import Address, Mailbox
from mailkit.checks import headers
from mailkit.errors import InvalidValue

__all__ = ["Envelope"]

_NOTIFY: Final = ("never", "success", "failure", "delay")
_RETURN: Final = ("headers", "full")
_LONGEST_ID: Final = 100
"""How long an envelope id may be as it is written in the command (RFC 3461, 4.4)."""


def _mailbox(value: Mailbox | Address | str) -> Mailbox:
    if isinstance(value, Mailbox):
        return value
    return Mailbox(value) if isinstance(value, Address) else Mailbox.parse(value)


def _optional_mailbox(value: Mailbox | Address | str | None) -> Mailbox | None:
    return None if value is None else _mailbox(value)


def _optional_address(value: Address | str | None) -> Address | None:
    return Address.parse(value) if isinstance(value, str) else value


def _words(value: Iterable[str] | str) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


@attrs.frozen(kw_only=True)
class Envelope:
    """Everything about one copy of a letter that is not the letter.

    One envelope has one recipient, so that one person's refusal concerns nobody else and
    every copy can carry its own links and headers.

    Attributes:
        sender: The author, shown as From. Text is parsed.
        recipient: To whom. Text is parsed.
        return_path: Where reports of failure go (RFC 5321, 4.4); the sender's address unless
            given. None is the null reverse-path `<>`, for automatic answers.
        reply_to: Where answers go, if not to the sender.
        headers: Header fields of this copy alone, such as List-Unsubscribe.
        notify: What reports on the delivery are wanted (RFC 3461, 4.1): "never" alone, or any of
            "success", "failure" and "delay"; the server's habit, which is failures, if empty.
        return_content: How much of the letter a report of failure brings back (RFC 3461, 4.3):
            "headers" or "full"; the server's choice if empty.
        envelope_id: What reports name the letter by (RFC 3461, 4.4): printable ASCII; none if empty.
        require_tls: That no server on the way may pass it on without proven TLS (RFC 8689).

    A server without the extension DSN is not told of the three wishes about reports; one that cannot keep
    `require_tls` does not get the letter.

    >>> envelope = Envelope(sender="Books <shop@example.com>", recipient="anna@example.org")
    >>> str(envelope.return_path)
    'shop@example.com'
    """

    sender: Mailbox = attrs.field(converter=_mailbox)
    recipient: Mailbox = attrs.field(converter=_mailbox)
    return_path: Address | None = attrs.field(
        default=attrs.Factory(lambda self: self.sender.address, takes_self=True), converter=_optional_address
    )
    reply_to: Mailbox | None = attrs.field(default=None, converter=_optional_mailbox)
    headers: tuple[tuple[str, str], ...] = attrs.field(default=(), converter=headers)
    notify: tuple[str, ...] = attrs.field(default=(), converter=_words)
    return_content: str = attrs.field(default="")
    envelope_id: str = attrs.field(default="")
    require_tls: bool = attrs.field(default=False)

    @return_path.validator
    def _check_return_path(self, attribute: object, value: Address | None) -> None:
        if value is not None and not isinstance(value, Address):
            raise InvalidValue("Envelope.return_path", value, "is not an address", "give an Address, text or None")

    @notify.validator
    def _check_notify(self, attribute: object, value: tuple[str, ...]) -> None:
        mend = "write ('never',), or some of 'success', 'failure' and 'delay'"
        if any(word not in _NOTIFY for word in value):
            raise InvalidValue("Envelope.notify", value, "asks for no known report (RFC 3461, 4.1)", mend)
        if len(set(value)) != len(value) or ("never" in value and len(value) > 1):
            raise InvalidValue("Envelope.notify", value, "contradicts or repeats itself (RFC 3461, 4.1)", mend)

    @return_content.validator
    def _check_return_content(self, attribute: object, value: str) -> None:
        if value not in ("", *_RETURN):
            reason = "is no part of a letter that a report can bring back (RFC 3461, 4.3)"
            raise InvalidValue("Envelope.return_content", value, reason, "write 'headers' or 'full'")

    @envelope_id.validator
    def _check_envelope_id(self, attribute: object, value: str) -> None:
        if not isinstance(value, str) or not all("!" <= letter <= "~" for letter in value):
            raise InvalidValue("Envelope.envelope_id", value, "is not printable ASCII without blanks (RFC 3461, 4.4)")
        if len(value) + 2 * (value.count("+") + value.count("=")) > _LONGEST_ID:
            reason = f"is longer than {_LONGEST_ID} octets, of which + and = take three (RFC 3461, 4.4)"
            raise InvalidValue("Envelope.envelope_id", value, reason)

    @require_tls.validator
    def _check_require_tls(self, attribute: object, value: bool) -> None:
        if not isinstance(value, bool):
            raise InvalidValue("Envelope.require_tls", value, "is neither True nor False")

    @property
    def needs_smtputf8(self) -> bool:
        """Whether only a server with SMTPUTF8 can take it (RFC 6531)."""
        addresses = [self.recipient.address, self.sender.address]
        if self.return_path:
            addresses.append(self.return_path)
        if self.reply_to:
            addresses.append(self.reply_to.address)
        return any(address.needs_smtputf8 for address in addresses)
