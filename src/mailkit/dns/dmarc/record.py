"""DMARC records as values (RFC 9989): `v=DMARC1; p=none; rua=mailto:dmarc@example.com`.

Section numbers in this module are of RFC 9989.

>>> Record.parse("v=DMARC1; p=reject; rua=mailto:dmarc@example.com").policy
<Policy.REJECT: 'reject'>
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any, Final, Literal

import attrs

from mailkit.dns.tags import Broken, Fault, Tag, cut, read, texts, word
from mailkit.errors import InvalidValue

__all__ = ["Alignment", "Policy", "Record", "Suffix", "is_dmarc"]

_VERSION: Final = re.compile(r"[vV][ \t]*=[ \t]*DMARC1[ \t]*(?:;|\Z)")
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+\Z")
_SIZE: Final = re.compile(r"!\d+[kmgtKMGT]?\Z")
_NOT_FO: Final = "is none of 0, 1, d and s, nor several of them with colons, each once and not both 0 and 1"
_HISTORIC: Final = ("pct", "rf", "ri")


class Policy(StrEnum):
    """What is asked for mail that fails (RFC 9989, 4.7)."""

    NONE = "none"
    """Nothing; only reports."""
    QUARANTINE = "quarantine"
    """Treat it as suspicious."""
    REJECT = "reject"
    """Refuse it."""

    @property
    def rank(self) -> int:
        """How strict it is, from 0."""
        return list(Policy).index(self)

    @property
    def milder(self) -> Policy:
        """The policy one step below, which t=y asks for.

        >>> Policy.REJECT.milder, Policy.NONE.milder
        (<Policy.QUARANTINE: 'quarantine'>, <Policy.NONE: 'none'>)
        """
        return list(Policy)[max(0, self.rank - 1)]


class Alignment(StrEnum):
    """How near the authenticated domain must be to that of From (RFC 9989, 4.7)."""

    RELAXED = "r"
    """The same organizational domain."""
    STRICT = "s"
    """The same domain."""


class Suffix(StrEnum):
    """What a record says about its domain being a public suffix (psd=)."""

    YES = "y"
    """It is one: others register domains below it."""
    NO = "n"
    """It is an organizational domain."""
    UNKNOWN = "u"
    """The walk decides."""


def _policy(value: Any) -> Policy | None:
    return None if value is None else word(Policy, value, "DMARC policy (p, sp, np)")


def _alignment(value: Any) -> Alignment:
    return word(Alignment, value, "DMARC alignment (adkim, aspf)")


def _suffix(value: Any) -> Suffix:
    return word(Suffix, value, "DMARC psd")


def _occasions(instance: object, attribute: object, value: Any) -> None:
    if not isinstance(value, str) or not _is_fo(value):
        raise InvalidValue("DMARC fo", value, _NOT_FO)


def _is_fo(text: str) -> bool:
    """Whether these are occasions for failure reports: each once, and not both 0 and 1 (4.8)."""
    parts = text.split(":")
    return len(parts) == len(set(parts)) and set(parts) <= set("01ds") and not set(parts) >= set("01")


def _uris(instance: object, attribute: object, value: tuple[str, ...]) -> None:
    for uri in value:
        if not _URI.match(uri) or set(uri) & set(",;!"):
            mend = "write 'mailto:dmarc@example.com', with , ; and ! as %2C, %3B and %21"
            raise InvalidValue("DMARC record", uri, "is not a URI for reports", mend)


@attrs.frozen(kw_only=True)
class Record:
    """A DMARC record. `str` gives it as it should be written, without what was broken or historic.

    Attributes:
        p: What is asked for failing mail; None if it is not said or cannot be read.
        sp: The same for subdomains; None for as `p`.
        np: The same for subdomains that do not exist; None for as `sp`.
        rua: Where aggregate reports go.
        ruf: Where failure reports go.
        adkim: How DKIM's domain must match.
        aspf: How SPF's domain must match.
        fo: When failure reports are wanted: "0", "1", "d", "s", or several with colons.
        psd: Whether the domain is a public suffix.
        is_testing: t=y, the policies are to be applied one step milder.
        historic: Tags of RFC 7489 that mean nothing any more: pct, rf, ri.
        broken: What could not be read, and is ignored.

    >>> record = Record.parse("v=DMARC1; p=quarantine; pct=50; rua=mailto:dmarc@example.com")
    >>> record.policy, str(record.historic[0]), str(record)
    (<Policy.QUARANTINE: 'quarantine'>, 'pct=50', 'v=DMARC1; p=quarantine; rua=mailto:dmarc@example.com')
    """

    p: Policy | None = attrs.field(default=None, converter=_policy)
    sp: Policy | None = attrs.field(default=None, converter=_policy)
    np: Policy | None = attrs.field(default=None, converter=_policy)
    rua: tuple[str, ...] = attrs.field(default=(), converter=texts, validator=_uris)
    ruf: tuple[str, ...] = attrs.field(default=(), converter=texts, validator=_uris)
    adkim: Alignment = attrs.field(default=Alignment.RELAXED, converter=_alignment)
    aspf: Alignment = attrs.field(default=Alignment.RELAXED, converter=_alignment)
    fo: str = attrs.field(default="0", validator=_occasions)
    psd: Suffix = attrs.field(default=Suffix.UNKNOWN, converter=_suffix)
    is_testing: bool = False
    historic: tuple[Tag, ...] = attrs.field(default=(), eq=False)
    broken: tuple[Broken, ...] = attrs.field(default=(), eq=False)

    @classmethod
    def parse(cls, text: str) -> Record:
        """Read a record. What cannot be read is kept in `broken`, and counts as if it were not there (4.8).

        Of two tags with one name the first counts, and the second is such a part: RFC 6376, 3.2, would
        have the whole record ignored, 4.8 only what is wrong in it.

        Raises:
            InvalidValue: The text does not begin with v=DMARC1.
        """
        if not isinstance(text, str):
            raise InvalidValue("DMARC record", text, "is not text")
        if not is_dmarc(text):
            raise InvalidValue("DMARC record", cut(text), "does not begin with v=DMARC1", "see is_dmarc")
        parts = read(text, names_have_case=False)
        broken = [part for part in parts if isinstance(part, Broken)]
        fields: dict[str, object] = {}
        historic = []
        for tag in parts[1:]:
            if isinstance(tag, Broken):
                continue
            if tag.name in _HISTORIC:
                historic.append(tag)
            elif tag.name in ("rua", "ruf"):
                fields[tag.name] = _read_uris(tag, broken)
            else:
                _read_word(tag, fields, broken)
        return cls(**fields, historic=tuple(historic), broken=tuple(broken))  # type: ignore[arg-type]  # read for each field

    @property
    def policy(self) -> Policy | None:
        """What the record asks for at its own domain; None if it is to be ignored altogether (4.10.1).

        A record whose p is missing or whose p, sp or np cannot be read asks for reports only,
        if it names somebody to send them to. About a missing p the RFC has two minds: by 4.7 a record
        without one is a sound p=none, by 4.10.1 it is so only with a rua. The stricter one is told
        here, since that is what the record can be relied on for.
        """
        if self.is_whole:
            return self.p
        return Policy.NONE if self.rua else None

    @property
    def is_whole(self) -> bool:
        """Whether p is there, and sp and np can be read if they are."""
        unread = (part for part in self.broken if part.fault is not Fault.REPEATED)
        return self.p is not None and not any(_names(part, ("p", "sp", "np")) for part in unread)

    def policy_below(self, *, exists: bool = True) -> Policy | None:
        """What it asks for at a subdomain without a record of its own (4.10.1).

        Args:
            exists: Whether the subdomain exists.
        """
        tag = self.tag_below(exists=exists)
        return self.policy if tag == "p" else getattr(self, tag)

    def tag_below(self, *, exists: bool = True) -> Literal["p", "sp", "np"]:
        """The tag that speaks for a subdomain without a record of its own: "np", "sp" or "p" (4.10.1).

        >>> Record.parse("v=DMARC1; p=none; np=reject").tag_below(exists=False)
        'np'
        """
        if self.is_whole and not exists and self.np:
            return "np"
        return "sp" if self.is_whole and self.sp else "p"

    def __str__(self) -> str:
        parts = ["v=DMARC1"]
        parts += [f"{name}={value.value}" for name, value in (("p", self.p), ("sp", self.sp), ("np", self.np)) if value]
        parts += [f"{name}={','.join(uris)}" for name, uris in (("rua", self.rua), ("ruf", self.ruf)) if uris]
        for name, mode in (("adkim", self.adkim), ("aspf", self.aspf)):
            parts += [f"{name}=s"] if mode is Alignment.STRICT else []
        parts += [f"fo={self.fo}"] if self.fo != "0" else []
        parts += [f"psd={self.psd.value}"] if self.psd is not Suffix.UNKNOWN else []
        parts += ["t=y"] if self.is_testing else []
        return "; ".join(parts)


def is_dmarc(text: str) -> bool:
    """Whether a TXT record is a DMARC record at all: v=DMARC1, with that case, comes first (4.7).

    >>> is_dmarc("v=DMARC1; p=none"), is_dmarc("v=dmarc1; p=none"), is_dmarc("p=none; v=DMARC1")
    (True, False, False)
    """
    return bool(_VERSION.match(text))


def _read_uris(tag: Tag, broken: list[Broken]) -> tuple[str, ...]:
    """The URIs of a tag. A size limit of RFC 7489 ("!10m") is dropped: it means nothing any more."""
    uris = []
    for text in tag.value.split(","):
        uri = _SIZE.sub("", text.strip())
        if _URI.match(uri) and not set(uri) & set(",;!"):
            uris.append(uri)
        else:
            mend = f"write mailto:{uri}" if "@" in uri and ":" not in uri else ""
            broken.append(Broken(text=f"{tag.name}={text.strip()}", reason="is not a URI", mend=mend, span=tag.span))
    return tuple(uris)


_WORDS: Final = {
    "p": ("p", Policy),
    "sp": ("sp", Policy),
    "np": ("np", Policy),
    "adkim": ("adkim", Alignment),
    "aspf": ("aspf", Alignment),
    "psd": ("psd", Suffix),
}


def _read_word(tag: Tag, fields: dict[str, object], broken: list[Broken]) -> None:
    """Read a tag whose value is one of few words; unknown tags are ignored (4.7)."""
    value = tag.value.lower()
    if tag.name in _WORDS:
        field, words = _WORDS[tag.name]
        allowed = [str(word) for word in words]
        if value in allowed:
            fields[field] = value
        else:
            broken.append(_bad(tag, f"is none of {', '.join(allowed)}"))
    elif tag.name == "t":
        fields["is_testing"] = value == "y"
        if value not in ("y", "n"):
            broken.append(_bad(tag, "is neither y nor n"))
    elif tag.name == "fo":
        compact = "".join(value.split())
        if _is_fo(compact):
            fields["fo"] = compact
        else:
            broken.append(_bad(tag, _NOT_FO))


def _names(part: Broken, names: tuple[str, ...]) -> bool:
    """Whether a part is a tag of one of these names; a word without "=" is no tag, and discarded (4.8)."""
    name, equals, _ = part.text.partition("=")
    return bool(equals) and name.strip().lower() in names


def _bad(tag: Tag, reason: str) -> Broken:
    return Broken(text=str(tag), reason=reason, span=tag.span)
