"""From whom, to whom, and where it comes back."""

from __future__ import annotations

import attrs

from mailkit.address import Address, Mailbox
from mailkit.checks import headers
from mailkit.errors import InvalidValue

__all__ = ["Envelope"]


def _mailbox(value: Mailbox | Address | str) -> Mailbox:
    if isinstance(value, Mailbox):
        return value
    return Mailbox(value) if isinstance(value, Address) else Mailbox.parse(value)


def _optional_mailbox(value: Mailbox | Address | str | None) -> Mailbox | None:
    return None if value is None else _mailbox(value)


def _optional_address(value: Address | str | None) -> Address | None:
    return Address.parse(value) if isinstance(value, str) else value


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

    @return_path.validator
    def _check_return_path(self, attribute: object, value: Address | None) -> None:
        if value is not None and not isinstance(value, Address):
            raise InvalidValue("Envelope.return_path", value, "is not an address", "give an Address, text or None")

    @property
    def needs_smtputf8(self) -> bool:
        """Whether only a server with SMTPUTF8 can take it (RFC 6531)."""
        addresses = [self.recipient.address, self.sender.address]
        if self.return_path:
            addresses.append(self.return_path)
        if self.reply_to:
            addresses.append(self.reply_to.address)
        return any(address.needs_smtputf8 for address in addresses)
