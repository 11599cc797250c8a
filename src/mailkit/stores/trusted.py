"""Values that were checked when they were stored, made again without checking them once more.

An attrs constructor with validators and converters costs tens of microseconds for a letter with its
envelope and addresses. What comes from our own tables has been through it already.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, TypeVar

import attrs

from mailkit.address import Address, Domain, Mailbox
from mailkit.envelope import Envelope
from mailkit.send.jobs import Job

__all__ = ["MORE_OF_ENVELOPES", "address", "known_mailbox", "mailbox", "new_envelope", "new_job"]

T = TypeVar("T")
_new: Final = object.__new__


def _maker(kind: type[T], *names: str) -> Callable[..., T]:
    """A function that takes the values of these fields in this order; all of the class's fields must be named."""
    assert {field.name for field in attrs.fields(kind)} == set(names)  # type: ignore[arg-type]
    puts = tuple(getattr(kind, name).__set__ for name in names)  # slots' descriptors, which ask no validator

    def make(*values: Any) -> T:
        made = _new(kind)
        for put, value in zip(puts, values, strict=True):
            put(made, value)
        return made

    return make


_domain: Final = lru_cache(maxsize=10_000)(_maker(Domain, "ascii"))
_address: Final = _maker(Address, "local", "domain")
_mailbox: Final = _maker(Mailbox, "address", "name")
_ENVELOPE: Final = ("sender", "recipient", "return_path", "reply_to", "headers")
MORE_OF_ENVELOPES: Final = {
    field.name: field.default for field in attrs.fields(Envelope) if field.name not in _ENVELOPE
}
"""The fields of envelopes that rows hold only where they differ from these defaults."""

new_envelope: Final = _maker(Envelope, *_ENVELOPE, *MORE_OF_ENVELOPES)
new_job: Final = _maker(
    Job,
    "priority",
    "is_transactional",
    "account",
    "campaign",
    "identity",
    "provider",
    "person",
    "envelope",
    "message_id",
    "date",
    "step",
    "raw",
    "template",
    "record",
    "topic",
    "brand",
    "not_before",
    "expires_at",
)


def address(text: str) -> Address:
    """The address that was stored as its `str`; already normal, so it is not parsed again."""
    local, _, domain = text.rpartition("@")
    return _address(local, _domain(domain))


def mailbox(name: str, text: str) -> Mailbox:
    """The mailbox with this name and address."""
    return _mailbox(address(text), name)


known_mailbox: Final = lru_cache(maxsize=1_000)(mailbox)
"""The same for senders, of whom there are few."""
