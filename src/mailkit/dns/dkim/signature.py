"""DKIM-Signature fields as values (RFC 6376, 3.5): who says to have signed what, and how.

>>> from mailkit.dns.headers import Field
>>> text = b"DKIM-Signature: v=1; a=rsa-sha256; d=Example.com; s=news; h=From:To; bh=AAAA; b=AAAA"
>>> signature = Signature.read(Field(text))
>>> signature.domain, signature.signed, signature.is_readable
('example.com', ('from', 'to'), True)
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Final

import attrs

from mailkit.dns.dkim.mail import Mail
from mailkit.dns.headers import Field
from mailkit.dns.lookup import name_fault
from mailkit.dns.tags import Broken, Tag, plain, read

__all__ = ["Signature", "TagList", "read_signature_tags", "selectors_of", "signatures"]

_LABEL: Final = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?"
_LABELS: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\Z")
_NAMED_IN_UTF8: Final = re.compile(rb"(?:^|;)[ \t\r\n]*[dsi][ \t\r\n]*=[^;\x80-\xff]*[\x80-\xff][^;]*")
_LABEL_IN_UTF8: Final = re.compile(r"[^\s;=@.\x80-\U0010ffff]*[^\x00-\x7f][^\s;=@.]*")
_LONGEST_NAME_BYTES: Final = 1200
"""More than any name of the DNS has, written in UTF-8."""
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]+={0,2}\Z")
_FIELD_NAME: Final = re.compile(r"[!-9<-~]+\Z")
_LONGEST_DIGITS: Final = {"t": 12, "x": 12, "l": 76}
_ALGORITHMS: Final = ("rsa-sha256", "ed25519-sha256", "rsa-sha1")
_FORMS: Final = ("simple", "relaxed")


@attrs.frozen(kw_only=True)
class TagList:
    """The tags of a signature field, read strictly: one broken part makes the whole list invalid (3.2).

    Attributes:
        tags: Name to value, without blanks around it.
        faults: What is wrong, each as a sentence about it.

    >>> TagList.read(b" v=1; a=rsa-sha256;").tags
    {'v': '1', 'a': 'rsa-sha256'}
    """

    tags: dict[str, str]
    faults: tuple[str, ...] = ()

    @classmethod
    def read(cls, text: bytes) -> TagList:
        """Read what stands behind the colon of a signature field.

        >>> TagList.read(b" a=1; b=2; a=3").faults
        ('a=3 is a second a= where one is allowed (RFC 6376, 3.2)',)
        """
        shown = _NAMED_IN_UTF8.sub(_with_ascii_labels, text, count=3).decode("latin-1")
        parts = read(shown, names_have_case=True)
        faults = [f"{plain(part.text, longest=40)} {part.reason}" for part in parts if isinstance(part, Broken)]
        *full, _ = shown.split(";")
        if not parts or not all(map(str.strip, full)):
            faults.append("there is nothing between two semicolons" if parts else "there are no tags")
        return cls(tags={part.name: part.value for part in parts if isinstance(part, Tag)}, faults=tuple(faults))


def _with_ascii_labels(found: re.Match[bytes]) -> bytes:
    """A d=, s= or i= whose labels that are not ASCII are written in ASCII, as the DNS wants them (RFC 8616, 4)."""
    if len(found[0]) > _LONGEST_NAME_BYTES:  # the codec takes quadratic time
        return found[0]
    try:
        text = found[0].decode("utf-8")
        return _LABEL_IN_UTF8.sub(lambda label: label[0].encode("idna").decode("ascii"), text).encode("ascii")
    except UnicodeError:
        return found[0]


class _Reader:
    """Reads the values of tags, and keeps what is wrong with them."""

    def __init__(self, listed: TagList) -> None:
        self.tags, self.faults = listed.tags, list(listed.faults)

    def need(self, names: Iterable[str]) -> None:
        missing = [f"{name}=" for name in names if name not in self.tags]
        if missing:
            self.faults.append(f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing")

    def text(self, name: str, is_right: Callable[[str], Any], wrong: str, default: str = "") -> str:
        value = self.tags.get(name, default)
        if name in self.tags and not is_right(value):
            self.faults.append(f"{name}={plain(value, longest=40)} {wrong}")
            return default
        return value

    def octets(self, name: str) -> bytes:
        value = "".join(self.tags.get(name, "").split())
        if name in self.tags and (not _BASE64.match(value) or len(value) % 4):
            self.faults.append(f"{name}= is not base64")
            return b""
        return b64decode(value)

    def number(self, name: str) -> int | None:
        value = self.tags.get(name)
        if value is None:
            return None
        if not (value.isascii() and value.isdigit() and len(value) <= _LONGEST_DIGITS[name]):
            self.faults.append(
                f"{name}={plain(value, longest=40)} is not a number of at most {_LONGEST_DIGITS[name]} digits"
            )
            return None
        return int(value)

    def names(self, name: str) -> tuple[str, ...]:
        if name not in self.tags:
            return ()
        names = tuple(part.strip().lower() for part in self.tags[name].split(":"))
        if not all(map(_FIELD_NAME.match, names)):
            self.faults.append(f"{name}= is not a list of field names with colons between them")
            return ()
        return names


def _is_domain(text: str) -> bool:
    return bool(_LABELS.match(text)) and "." in text and len(text) <= 253


def _moment(seconds: int | None) -> datetime | None:
    """The moment of a t= or x=; the year 9999 stands for those behind it (3.5: "infinite")."""
    if seconds is None:
        return None
    last = datetime.max.replace(tzinfo=UTC)
    return datetime.fromtimestamp(seconds, UTC) if seconds < last.timestamp() - 86400 else last


@attrs.frozen(kw_only=True)
class Signature:
    """One DKIM-Signature field. What could not be read is empty, and told among the faults.

    Attributes:
        field: The field itself.
        domain: d=, who takes responsibility; in small letters.
        selector: s=, which key of the domain.
        identity: i=, for whom; "@" and the domain if it is left out.
        algorithm: a=, such as "rsa-sha256".
        header_form: The first word of c=, "simple" or "relaxed".
        body_form: Its second word.
        signed: h=, the names of the signed fields in small letters, in order.
        body_hash: bh=.
        value: b=, the signature itself.
        length: l=, how many bytes of the body are signed; None for all.
        signed_at: t=, when it was signed; None if it does not say.
        expires: x=, until when it is valid; None for ever.
        faults: What is wrong about it as a text.

    >>> Signature.read(Field(b"DKIM-Signature: v=2")).faults[0]
    'v=2 is not a version that there is'
    """

    field: Field = attrs.field(repr=False)
    domain: str = ""
    selector: str = ""
    identity: str = ""
    algorithm: str = ""
    header_form: str = "simple"
    body_form: str = "simple"
    signed: tuple[str, ...] = ()
    body_hash: bytes = attrs.field(default=b"", repr=False)
    value: bytes = attrs.field(default=b"", repr=False)
    length: int | None = None
    signed_at: datetime | None = None
    expires: datetime | None = None
    faults: tuple[str, ...] = ()

    @classmethod
    def read(cls, field: Field) -> Signature:
        """Read a field; whatever it holds, a value comes of it."""
        listed = TagList.read(field.text)
        listed = attrs.evolve(listed, faults=(*listed.faults, *_faults_of_dkim(listed.tags)))
        return read_signature_tags(field, listed, required=("v", "a", "b", "bh", "d", "h", "s"))

    @property
    def is_readable(self) -> bool:
        """Whether nothing is wrong about it as a text."""
        return not self.faults

    @property
    def identity_domain(self) -> str:
        """The domain of i=."""
        return self.identity.rpartition("@")[2].lower()

    @property
    def start(self) -> str:
        """The first eight letters of b=, by which one tells signatures apart (RFC 6008)."""
        return "".join(TagList.read(self.field.text).tags.get("b", "").split())[:8]


def read_signature_tags(
    field: Field, listed: TagList, *, required: Iterable[str], has_identity: bool = True
) -> Signature:
    """The signature that a list of tags makes; ARC's have an instance where DKIM has an identity.

    >>> field = Field(b"ARC-Seal: i=1; d=example.org; s=arc")
    >>> read_signature_tags(field, TagList.read(field.text), required=("d", "s", "b"), has_identity=False).faults
    ('b= is missing',)
    """
    reader = _Reader(listed)
    reader.need(required)
    domain = reader.text("d", _is_domain, "is not a domain").lower()
    reader.text(
        "q",
        lambda text: "dns/txt" in re.split(r"[ \t\r\n]*:[ \t\r\n]*", text),
        "names no way to a key but unknown ones",
    )
    form = reader.text("c", _is_form, "is not a canonicalisation that there is", "simple/simple")
    algorithm = reader.text("a", _ALGORITHMS.__contains__, "is not an algorithm that there is")
    signed_at, expires = reader.number("t"), reader.number("x")
    if signed_at is not None and expires is not None and expires <= signed_at:
        reader.faults.append("x= is not later than t=")
    selector = reader.text("s", _LABELS.match, "is not a selector")
    fault = name_fault(f"{selector}._domainkey.{domain}") if selector and domain else ""
    if fault:
        reader.faults.append(f"s= and d= make a name that {fault}")
    return Signature(
        field=field,
        domain=domain,
        selector=selector,
        identity=reader.text("i", lambda text: "@" in text, "has no @", f"@{domain}") if has_identity else f"@{domain}",
        algorithm=algorithm,
        header_form=form.partition("/")[0],
        body_form=form.partition("/")[2] or "simple",
        signed=reader.names("h"),
        body_hash=reader.octets("bh"),
        value=reader.octets("b"),
        length=reader.number("l"),
        signed_at=_moment(signed_at),
        expires=_moment(expires),
        faults=tuple(reader.faults),
    )


def _is_form(text: str) -> bool:
    header, slash, body = text.partition("/")
    return header in _FORMS and (body in _FORMS if slash else True)


def _faults_of_dkim(tags: dict[str, str]) -> tuple[str, ...]:
    if tags.get("v", "1") != "1":
        return (f"v={plain(tags['v'], longest=40)} is not a version that there is",)
    return ()


def signatures(raw: bytes) -> tuple[Signature, ...]:
    """The DKIM signatures of a mail, the topmost first, readable or not. Nothing is verified.

    Raises:
        InvalidValue: The mail is not bytes.

    >>> raw = b"DKIM-Signature: v=1; d=example.com; s=news; h=from\\r\\nFrom: a@example.com\\r\\n\\r\\n"
    >>> [(signature.selector, signature.faults) for signature in signatures(raw)]
    [('news', ('a=, b=, bh= are missing',))]
    """
    return tuple(map(Signature.read, Mail.parse(raw).named("DKIM-Signature")))


def selectors_of(raw: bytes) -> tuple[tuple[str, str], ...]:
    """The domains and selectors that a mail is signed with, each pair once: where its keys must be.

    Raises:
        InvalidValue: The mail is not bytes.

    >>> selectors_of(b"DKIM-Signature: v=1; d=example.com; s=news\\r\\n\\r\\nHello")
    (('example.com', 'news'),)
    """
    pairs = ((found.domain, found.selector) for found in signatures(raw))
    return tuple(dict.fromkeys(pair for pair in pairs if all(pair)))
