"""Addresses: strict for those we write to, lenient for those that others wrote.

`Address` is RFC 5321's mailbox without a name, `Mailbox` RFC 5322's mailbox with one.
`ForeignAddress` holds what stands in a bounce, whatever that is.

**The case rule.** A domain has no case and is kept in small letters, as A-labels (RFC 5890).
A local part keeps its case when it is sent, since only its own server may interpret it
(RFC 5321, 2.4); but no mailbox provider tells `Anna` from `anna`, and a person who was
suppressed under one must not be written to under the other, so `key`, which suppression,
deduplication and the outbox compare, has none.
"""

from __future__ import annotations

import re
from typing import Final

import attrs

from mailkit.checks import one_line
from mailkit.errors import AddressError

__all__ = ["Address", "Domain", "ForeignAddress", "Mailbox"]

_LABEL: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)\Z")
_BEYOND: Final = r"\u00a1-\u2027\u202a-\ud7ff\ue000-\U0010ffff"
_ATEXT: Final = rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~{_BEYOND}-]"
_LOCAL: Final = re.compile(rf'(?:{_ATEXT}+(?:\.{_ATEXT}+)*|"(?:[ !#-\[\]-~{_BEYOND}]|\\[ -~])*")\Z')
_PLAIN_NAME: Final = re.compile(r"[^\"(),.:;<>@\[\]\\]*\Z")
_NEVER_MAIL: Final = frozenset({"arpa", "invalid", "local", "localhost", "onion"})
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"\Z')
_TYPED: Final = re.compile(r"(?:rfc822|utf-8|unknown|smtp|x400|local)\s*;\s*", re.IGNORECASE)


@attrs.frozen(repr=False, order=True)
class Domain:
    """A mail domain with at least two labels.

    Attributes:
        ascii: Its A-labels in small letters, without a final dot.

    >>> Domain.parse("Bücher.Example")
    Domain('xn--bcher-kva.example')
    >>> Domain.parse("Bücher.Example").unicode
    'bücher.example'
    """

    ascii: str = attrs.field()

    @ascii.validator
    def _check(self, attribute: object, value: str) -> None:
        labels = value.split(".") if isinstance(value, str) else []
        if len(labels) < 2 or len(value) > 253 or not all(_LABEL.match(label) for label in labels):
            raise AddressError("Domain", value, "is not a domain of A-labels in small letters", "use Domain.parse")
        if labels[-1] in _NEVER_MAIL:
            raise AddressError("Domain", value, f"is reserved: no mail goes to .{labels[-1]} (RFC 6761)")
        if labels[-1].isdigit():
            raise AddressError("Domain", value, "ends in a number, as an IP address does")

    @classmethod
    def parse(cls, text: str) -> Domain:
        """Read a domain, normalising case, Unicode form and the final dot (IDNA 2008).

        Raises:
            AddressError: The text is no domain, or one without a dot.
        """
        if not isinstance(text, str):
            raise AddressError("domain", text, "is not text")
        return _read(f"x@{text.removesuffix('.')}", "domain", text).domain

    @property
    def unicode(self) -> str:
        """The domain as people read it, in U-labels."""
        if "xn--" not in self.ascii:
            return self.ascii
        import idna

        try:
            return str(idna.decode(self.ascii))
        except idna.IDNAError:  # A-labels of an older IDNA, or of none
            return self.ascii

    def __str__(self) -> str:
        return self.ascii

    def __repr__(self) -> str:
        return f"Domain({self.ascii!r})"


@attrs.frozen(repr=False, order=True)
class Address:
    """An e-mail address that may be written to (RFC 5321's Mailbox; RFC 6531 for other alphabets).

    Attributes:
        local: The local part as its owner writes it, quoted where it must be.
        domain: The domain.

    >>> anna = Address.parse("Anna@Bücher.example")
    >>> str(anna), anna.key
    ('Anna@xn--bcher-kva.example', 'anna@xn--bcher-kva.example')
    >>> Address.parse("anna@exam ple.com")
    Traceback (most recent call last):
    mailkit.errors.AddressError: address: 'anna@exam ple.com' ...
    """

    local: str = attrs.field()
    domain: Domain = attrs.field()

    @local.validator
    def _check_local(self, attribute: object, value: str) -> None:
        if not isinstance(value, str) or not _LOCAL.match(value) or len(value.encode("utf-8", "replace")) > 64:
            raise AddressError("Address.local", value, "is not a local part of at most 64 octets (RFC 5321, 4.5.3.1.1)")
        if (value[0] == '"' or not value.isascii()) and _normal_local(value) != value:
            raise AddressError("Address.local", value, "is not written in its normal form", "use Address.parse")

    @domain.validator
    def _check_domain(self, attribute: object, value: Domain) -> None:
        if not isinstance(value, Domain):
            raise AddressError("Address.domain", value, "is not a Domain", "use Address.parse for text")

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read an address, normalising the domain and the Unicode form of the local part.

        No name server is asked, so `example.com` and `shop.test` are addresses like any
        other; but a domain without a dot, an IP address, and the names that never carry
        mail (`.invalid`, `.local`, `.localhost`, `.onion`, `.arpa`; RFC 6761) are refused.

        Raises:
            AddressError: The text is not an address; the error says what is wrong with it.
        """
        return _read(text, "address", text)

    @property
    def key(self) -> str:
        """What tells mailboxes apart: the address without case."""
        return f"{self.local.casefold()}@{self.domain.ascii}"

    @property
    def needs_smtputf8(self) -> bool:
        """Whether only a server with SMTPUTF8 can take it (RFC 6531): the local part is not ASCII."""
        return not self.local.isascii()

    @property
    def unicode(self) -> str:
        """The address as people read it, with the domain in U-labels."""
        return f"{self.local}@{self.domain.unicode}"

    def __str__(self) -> str:
        return f"{self.local}@{self.domain.ascii}"

    def __repr__(self) -> str:
        return f"Address({str(self)!r})"


@attrs.frozen(repr=False)
class Mailbox:
    """An address with the name of whom it belongs to (RFC 5322, 3.4).

    Attributes:
        address: The address.
        name: The display name as people read it; empty if there is none.

    >>> str(Mailbox.parse('"Books, Inc." <shop@example.com>'))
    '"Books, Inc." <shop@example.com>'
    >>> Mailbox.parse("Анна <anna@example.com>").name
    'Анна'
    """

    address: Address = attrs.field()
    name: str = attrs.field(default="", validator=one_line)

    @address.validator
    def _check_address(self, attribute: object, value: Address) -> None:
        if not isinstance(value, Address):
            raise AddressError("Mailbox.address", value, "is not an Address", "use Mailbox.parse for text")

    @name.validator
    def _check_name(self, attribute: object, value: str) -> None:
        if value != value.strip():
            raise AddressError("Mailbox.name", value, "has spaces around it")

    @classmethod
    def parse(cls, text: str) -> Mailbox:
        """Read `address`, `<address>`, `Name <address>` or `"Name, quoted" <address>`.

        Raises:
            AddressError: It is none of these, or more than one mailbox.
        """
        if not isinstance(text, str):
            raise AddressError("mailbox", text, "is not text")
        stripped = text.strip()
        if not stripped.endswith(">"):
            return cls(Address.parse(stripped))
        before, _, inside = stripped[:-1].rpartition("<")
        name = before.strip()
        if _QUOTED.match(name):
            name = re.sub(r"\\(.)", r"\1", name[1:-1])
        elif re.search(r'[",;<>@]', name):
            raise AddressError("mailbox", text, "is more than one mailbox", 'put a name with , ; < > or @ in "quotes"')
        return cls(Address.parse(inside), name.strip())

    @property
    def is_ascii(self) -> bool:
        """Whether name and address are ASCII, so that neither needs encoding."""
        return self.name.isascii() and self.address.local.isascii()

    def __str__(self) -> str:
        if not self.name:
            return str(self.address)
        if _PLAIN_NAME.match(self.name) and self.name.strip('"') == self.name:
            return f"{self.name} <{self.address}>"
        quoted = re.sub(r'(["\\])', r"\\\1", self.name)
        return f'"{quoted}" <{self.address}>'

    def __repr__(self) -> str:
        return f"Mailbox({str(self)!r})"


@attrs.frozen(repr=False)
class ForeignAddress:
    """An address as somebody else wrote it, which no validator need accept.

    Bounces name `user@localhost`, X.400 forms, and local parts without a domain.

    Attributes:
        text: The address without its type, angle brackets and surrounding blanks.

    >>> ForeignAddress.parse("rfc822; <Anna@EXAMPLE.com>").strict
    Address('Anna@example.com')
    >>> ForeignAddress.parse("root@localhost").strict is None
    True
    """

    text: str

    @classmethod
    def parse(cls, text: str) -> ForeignAddress:
        """Read whatever stands in the place of an address; never raises on text."""
        cleaned = " ".join(text.split())
        typed = _TYPED.match(cleaned)
        cleaned = cleaned[typed.end() :] if typed else cleaned
        if cleaned.startswith("<") and cleaned.endswith(">"):
            cleaned = cleaned[1:-1].strip()
        return cls(cleaned)

    @property
    def strict(self) -> Address | None:
        """The address as one that may be written to; None if it cannot be."""
        try:
            return Address.parse(self.text)
        except AddressError:
            return None

    @property
    def key(self) -> str:
        """What tells mailboxes apart; equal to `Address.key` where there is such an address."""
        strict = self.strict
        return strict.key if strict else self.text.casefold()

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"ForeignAddress({self.text!r})"


def _normal_local(local: str) -> str:
    """The local part without needless quotes and in Unicode's form NFC; empty if it is none."""
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(f"{local}@example.com", check_deliverability=False, allow_quoted_local=True)
    except EmailNotValidError:
        return ""
    return found.local_part


def _read(text: str, what: str, given: str) -> Address:
    """The address in the text; errors speak of `what` and of what was `given`."""
    if not isinstance(text, str):
        raise AddressError(what, given, "is not text")
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(
            text.strip(),
            check_deliverability=False,
            globally_deliverable=False,
            allow_quoted_local=True,
            test_environment=True,
            strict=True,
        )
    except EmailNotValidError as error:
        raise AddressError(what, given, f"is not {_article(what)} {what}", _sentence(str(error))) from error
    if found.ascii_domain is None or "." not in found.ascii_domain:
        raise AddressError(what, given, "has a domain without a dot", "write the whole domain")
    return Address(found.local_part, Domain(found.ascii_domain))


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"


def _sentence(text: str) -> str:
    """Another library's sentence as the end of ours."""
    return text[:1].lower() + text[1:].rstrip(".")
