"""DKIM signatures (RFC 6376), as many to a letter as there are keys.

How to think about it. A signature covers the body by its hash (bh=), and the header fields
that it lists (h=). A name that is listed once more than there are fields of it says that none
may be added: that is *oversigning*. What is the same from letter to letter is worked out once:
the canonical form of fields that come again, and the list of names.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import attrs

from mailkit.address import Domain
from mailkit.clock import SystemClock, utc
from mailkit.errors import AddressError, InvalidValue
from mailkit.findings import Finding, Findings, Severity
from mailkit.send.lines import Plain, crlf, is_plain
from mailkit.send.signing.fields import OVERSIGNED, SIGNED, field_names, listed, names, signable
from mailkit.send.signing.folding import fold, folded_base64
from mailkit.send.signing.key import DKIMKey
from mailkit.send.signing.reading import BODIES, FIELDS, Form, divide, split

__all__ = ["DKIMSigner"]

_LONGEST_KEY_NAME: Final = 253
_MOST_KEPT: Final = 1000
_LONGEST_KEPT: Final = 300
"""How many header fields are remembered, and up to how many bytes: half a megabyte at most."""


def _keys(value: DKIMKey | Iterable[DKIMKey]) -> tuple[DKIMKey, ...]:
    return tuple(value) if isinstance(value, Iterable) else (value,)


def _domain(value: Domain | str) -> Domain:
    return value if isinstance(value, Domain) else Domain.parse(value)


def _form(instance: object, attribute: Any, value: str) -> None:
    if value not in FIELDS:
        what = f"DKIMSigner.{attribute.name}"
        raise InvalidValue(what, value, "is not a form", "write 'relaxed' or 'simple' (RFC 6376, 3.4)")


@attrs.frozen
class DKIMSigner:
    """Signs letters for one domain, once with each key.

    Attributes:
        domain: The domain that takes responsibility, d=. For DMARC it must be that of From, or,
            unless its policy is strict, share its organizational domain. Text is parsed; a name
            in another alphabet becomes A-labels.
        keys: The keys. Receivers differ in what they verify: sign with RSA, and with Ed25519 beside it.
        header_form: How header fields are taken, "relaxed" or "simple"; the latter seldom survives a forwarder.
        body_form: How the body is.
        oversigned: Fields to sign whether they are there or not, so that none can be added.
        signed: Fields to sign where they are there.
        lifetime: After how long a signature is no longer good, x=; never if None. Give days, not
            minutes: letters wait in queues, and reports verify later.
        identity: On whose behalf, i=: an address of the domain or one below it, or "@news.example.com"; the
            domain if empty.

    The same letter, instant and keys give the same bytes, and no signature covers a part of the body
    only (no l=). A letter must have one From.

    Raises:
        InvalidValue: A domain, key, form or field name is none, or they do not fit together.

    >>> seed = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
    >>> signer = DKIMSigner("example.com", DKIMKey("news", seed), oversigned=["From", "Subject"])
    >>> from datetime import UTC
    >>> signed = signer.sign(b"From: shop@example.com\\r\\n\\r\\nHello\\r\\n", now=datetime(2026, 3, 1, tzinfo=UTC))
    >>> print(signed.decode().partition(" bh=")[0])
    DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.com;
     s=news;
     t=1772323200;
     h=From:From:Subject;
    """

    domain: Domain = attrs.field(converter=_domain)
    keys: tuple[DKIMKey, ...] = attrs.field(converter=_keys)
    header_form: Form = attrs.field(default="relaxed", kw_only=True, validator=_form)
    body_form: Form = attrs.field(default="relaxed", kw_only=True, validator=_form)
    oversigned: tuple[str, ...] = attrs.field(default=OVERSIGNED, kw_only=True, converter=names, validator=signable)
    signed: tuple[str, ...] = attrs.field(default=SIGNED, kw_only=True, converter=names, validator=signable)
    lifetime: timedelta | None = attrs.field(default=None, kw_only=True)
    identity: str = attrs.field(default="", kw_only=True)
    _spelled: dict[bytes, tuple[str, int]] = attrs.field(init=False, eq=False, repr=False)
    _heads: tuple[tuple[DKIMKey, bytes], ...] = attrs.field(init=False, eq=False, repr=False)
    _known: dict[bytes, tuple[bytes, bytes]] = attrs.field(init=False, eq=False, repr=False, factory=dict)
    _lists: dict[tuple[bytes, ...], bytes] = attrs.field(init=False, eq=False, repr=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_spelled", field_names(self.oversigned, self.signed))
        object.__setattr__(self, "_heads", tuple((key, self._head(key)) for key in self.keys))

    @keys.validator
    def _check_keys(self, attribute: object, keys: tuple[DKIMKey, ...]) -> None:
        if not keys or not all(isinstance(key, DKIMKey) for key in keys):
            raise InvalidValue("DKIMSigner.keys", keys, "must be one DKIMKey or several")
        selectors = [key.selector.lower() for key in keys]
        for selector in selectors:
            name = f"{selector}._domainkey.{self.domain.ascii}"
            if selectors.count(selector) > 1:
                reason = "is the selector of two keys, and under it only one can be published"
                raise InvalidValue("DKIMSigner.keys", selector, reason, "give each key a selector of its own")
            if len(name) > _LONGEST_KEY_NAME:
                raise InvalidValue("DKIMSigner.keys", name, "is too long for a name in the DNS (RFC 1035, 2.3.4)")

    @lifetime.validator
    def _check_lifetime(self, attribute: object, value: timedelta | None) -> None:
        if value is not None and (not isinstance(value, timedelta) or value < timedelta(seconds=1)):
            raise InvalidValue("DKIMSigner.lifetime", value, "is not a time from one second up", "give a timedelta")

    @identity.validator
    def _check_identity(self, attribute: object, value: str) -> None:
        if value == "":
            return
        try:
            below = str(Domain.parse(value.rpartition("@")[2])) if isinstance(value, str) else ""
            fits = "@" in str(value) and f".{below}".endswith(f".{self.domain}")
        except AddressError:
            fits = False
        if not fits:
            reason = f"is neither an address nor an @domain of {self.domain} or below it (RFC 6376, 3.5)"
            raise InvalidValue("DKIMSigner.identity", value, reason, f"write '@{self.domain}', or leave it out")

    @property
    def is_slow(self) -> bool:
        """Whether it belongs into a thread: one of its keys is RSA, or kept elsewhere."""
        return any(key.is_slow for key in self.keys)

    @property
    def findings(self) -> Findings:
        """What is to be said about its keys.

        >>> signer = DKIMSigner("example.com", DKIMKey("news", "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="))
        >>> [finding.code for finding in signer.findings]
        ['send.dkim-ed25519-alone']
        """
        found = [finding for key in self.keys for finding in key.findings]
        if all(key.algorithm == "ed25519-sha256" for key in self.keys):
            found.append(
                Finding(
                    code="send.dkim-ed25519-alone",
                    severity=Severity.WARNING,
                    message="many receivers verify no Ed25519, and to them the letters are not signed",
                    mend="add an RSA key",
                    source="RFC 8463, 3",
                )
            )
        return Findings(found)

    def sign(self, raw: bytes, *, now: datetime | None = None) -> bytes:
        """The letter as it will be sent, with a signature field for each key on top.

        A bare CR or LF becomes CRLF here, as it would when it is sent.

        Args:
            raw: The finished message (RFC 5322).
            now: When it is signed, t=; the present instant if None.

        Raises:
            InvalidValue: The letter has no From, more than one, or a line among its header fields that is none.
        """
        letter_is_plain = is_plain(raw)
        letter = raw if letter_is_plain else crlf(raw)
        head, body = divide(letter)
        covered, names_line = self._cover(head)
        body_hash = b2a_base64(sha256(BODIES[self.body_form](body)).digest(), newline=False)
        tail = b"%b\r\n%b\r\n bh=%b;\r\n b=" % (self._times(now or SystemClock().now()), names_line, body_hash)
        signatures = [self._signature(key, front + tail, covered) for key, front in self._heads]
        signed = b"".join([*signatures, letter])
        return Plain(signed) if letter_is_plain else signed  # the signatures have no line that begins with a dot

    def try_keys(self) -> None:
        """Have each key sign something, to learn in time whether it can.

        Raises:
            InvalidValue: One cannot.
        """
        for key in self.keys:
            try:
                key.sign_digest(sha256(b"").digest())
            except Exception as error:  # a function may raise anything
                reason = f"cannot sign: {type(error).__name__}: {error}"
                mend = "try what private= gives; no letter was lost"
                raise InvalidValue(f"DKIMSigner({self.domain}).keys", key.selector, reason, mend) from error

    def _head(self, key: DKIMKey) -> bytes:
        """The tags of a key's signatures that are always the same."""
        tags = [f"v=1;a={key.algorithm};c={self.header_form}/{self.body_form};d={self.domain.ascii};s={key.selector}"]
        if self.identity:
            local, _, domain = self.identity.rpartition("@")
            tags.append(f"i={_quoted(local)}@{Domain.parse(domain)}")
        words = [f"{tag};" for tag in ";".join(tags).split(";")]
        return fold(["DKIM-Signature:", *words], before="", between=" ").encode() + b"\r\n"

    def _times(self, now: datetime) -> bytes:
        at = int(utc(now).timestamp())
        return b" t=%d;" % at if self.lifetime is None else b" t=%d; x=%d;" % (at, at + self.lifetime.total_seconds())

    def _signature(self, key: DKIMKey, field: bytes, covered: Any) -> bytes:
        """A signature field; what it signs ends with itself, as far as b= (RFC 6376, 3.7)."""
        own = field
        if self.header_form == "relaxed":
            own = b"dkim-signature:" + field.replace(b"\r\n", b"").partition(b": ")[2]
        signed = covered.copy()
        signed.update(own)
        return b"%b%b\r\n" % (field, folded_base64(key.sign_digest(signed.digest())))

    def _cover(self, head: bytes) -> tuple[Any, bytes]:
        """The hash of the fields that are signed, and the tag h= that lists them."""
        found: dict[bytes, bytes] = {}
        keys: list[bytes] = []
        known = self._known
        for field in split(head):
            key, canonical = known.get(field) or self._learn(field)
            if key:
                keys.append(key)  # of those with one name the last comes first (5.4.2)
                found[key] = canonical + found[key] if key in found else canonical
        names_line = self._lists.get(shape := tuple(keys)) or self._list(shape)
        return sha256(b"".join(found.values())), names_line

    def _learn(self, field: bytes) -> tuple[bytes, bytes]:
        """A field's key and canonical form, without a key if it is not signed; remembered if it is short."""
        key, canonical = FIELDS[self.header_form](field)
        learnt = (key if key in self._spelled else b""), canonical
        if len(field) <= _LONGEST_KEPT:
            if len(self._known) >= _MOST_KEPT:  # what comes again is soon back
                self._known.clear()
            self._known[field] = learnt
        return learnt

    def _list(self, keys: tuple[bytes, ...]) -> bytes:
        """The tag h= for fields of these names, remembered."""
        if len(self._lists) >= _MOST_KEPT:
            self._lists.clear()
        text = self._lists[keys] = listed(self._spelled, keys)
        return text


def _quoted(local: str) -> str:
    """A local part as i= wants it, in DKIM's own quoted-printable (RFC 6376, 2.11)."""
    safe = (chr(octet) if 0x21 <= octet <= 0x7E and octet not in b";=" else f"={octet:02X}" for octet in local.encode())
    return "".join(safe)
