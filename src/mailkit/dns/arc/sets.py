"""The ARC sets of a mail: three fields for each forwarder, tied together by their number (RFC 8617, 4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from mailkit.dns.authres import AuthenticationResults, without_comments
from mailkit.dns.dkim.mail import Mail
from mailkit.dns.dkim.signature import Signature, TagList, read_signature_tags
from mailkit.dns.headers import Field

__all__ = ["MOST_SETS", "ArcSet", "Collected", "collect", "structure_fault"]

MOST_SETS: Final = 50
"""More are a failure (5.2, step 1)."""

_INSTANCE: Final = re.compile(r"[0-9]{1,2}\Z")
_EQUALS: Final = re.compile(rb"=")
_VALUE: Final = re.compile(rb"[A-Za-z0-9]+")
_PIECE: Final = re.compile(rb"\\.?|[()]|[ \t\r\n]+|[^()\\ \t\r\n]+", re.DOTALL)
_SEAL_TAGS: Final = ("a", "b", "d", "s", "t")
_NAMES: Final = {"results": "ARC-Authentication-Results", "message": "ARC-Message-Signature", "seal": "ARC-Seal"}
_STATES: Final = ("none", "pass", "fail")


@attrs.frozen(kw_only=True)
class ArcSet:
    """What one forwarder has put on a mail.

    Attributes:
        instance: Its number, from 1 for the first forwarder.
        results: What it says that it found.
        results_field: The field that says so.
        message_signature: Its signature of the mail; its faults say what is wrong as a text.
        seal: Its signature of all ARC fields up to its own.
        state: cv=, what it says that it found about the chain before it: "none", "pass" or "fail"; empty if it
            cannot be read.
        message_passes: Whether the mail is still as it signed it; None if nobody looked.
        seal_passes: Whether its seal holds; None if nobody looked.

    >>> seal = b"ARC-Seal: i=1; cv=none; d=example.org; s=arc\\r\\n"
    >>> others = b"ARC-Message-Signature: i=1\\r\\nARC-Authentication-Results: i=1; mx.example.org; none\\r\\n\\r\\n"
    >>> (one,) = collect(Mail.parse(seal + others)).sets
    >>> one.domain, one.state, one.results.host
    ('example.org', 'none', 'mx.example.org')
    """

    instance: int
    results: AuthenticationResults
    results_field: Field = attrs.field(repr=False)
    message_signature: Signature
    seal: Signature
    state: str
    message_passes: bool | None = None
    seal_passes: bool | None = None

    @property
    def domain(self) -> str:
        """Who sealed it."""
        return self.seal.domain

    @property
    def fields(self) -> tuple[Field, Field, Field]:
        """Its three fields, in the order in which seals cover them (5.1.1)."""
        return self.results_field, self.message_signature.field, self.seal.field


@attrs.frozen(kw_only=True)
class Collected:
    """The ARC fields of a mail.

    Attributes:
        has_any: Whether there are any.
        sets: The complete sets, from 1 upwards; empty if something is wrong with what there is.
        fault: What is wrong.

    >>> collect(Mail.parse(b"Subject: News\\r\\n\\r\\n"))
    Collected(has_any=False, sets=(), fault='')
    """

    has_any: bool
    sets: tuple[ArcSet, ...] = ()
    fault: str = ""


def collect(mail: Mail) -> Collected:
    """Gather the ARC fields of a mail into sets (5.2, steps 1 and 3).

    >>> collect(Mail.parse(b"ARC-Seal: i=2; cv=pass\\r\\n\\r\\n")).fault
    'there is no ARC-Authentication-Results of instance 2'
    """
    fields = {kind: mail.named(name) for kind, name in _NAMES.items()}
    if not any(fields.values()):
        return Collected(has_any=False)
    if max(map(len, fields.values())) > MOST_SETS:
        return Collected(has_any=True, fault=f"there are more than {MOST_SETS} ARC sets")
    found: dict[tuple[int, str], Field] = {}
    for kind, field in [(kind, field) for kind, named in fields.items() for field in named]:
        instance = _instance(kind, field)
        if instance is None:
            return Collected(has_any=True, fault=f"an {_NAMES[kind]} has no instance of 1 to {MOST_SETS} (i=)")
        if (instance, kind) in found:
            return Collected(has_any=True, fault=f"there are two {_NAMES[kind]} of instance {instance}")
        found[instance, kind] = field
    last = max(instance for instance, _ in found)
    for key in ((instance, kind) for instance in range(last, 0, -1) for kind in _NAMES):
        if key not in found:
            return Collected(has_any=True, fault=f"there is no {_NAMES[key[1]]} of instance {key[0]}")
    return Collected(has_any=True, sets=tuple(_set(number, found) for number in range(1, last + 1)))


def structure_fault(sets: Iterable[ArcSet]) -> str:
    """What is wrong with the sets as texts; empty if nothing (4.1 and 5.2, steps 2 to 4 and 6).

    All seals have to be right, and of the message signatures the newest: an older one that is not only tells
    since when the mail is unchanged (step 5A).

    >>> structure_fault([])
    ''
    """
    newest_first = tuple(sets)[::-1]
    faults = [fault for one in newest_first for fault in _faults(one)]
    faults += [
        f"the message signature of instance {one.instance}: {fault}"
        for one in newest_first[:1]
        for fault in one.message_signature.faults
    ]
    return faults[0] if faults else ""


def _faults(one: ArcSet) -> Iterator[str]:
    number = one.instance
    if one.state == "fail":
        yield f"the seal of instance {number} says that the chain had failed before it (cv=fail)"
    yield from (f"the seal of instance {number}: {fault}" for fault in one.seal.faults)
    expected = "none" if number == 1 else "pass"
    if one.state != expected:
        yield f"the seal of instance {number} says cv={one.state}, where {expected} must be"


def _instance(kind: str, field: Field) -> int | None:
    """The instance of a field; it stands first in results (4.1.1), and is taken wherever it stands in the others."""
    if kind == "results":
        number = _results(field).instance
    else:
        value = without_comments(_tags(field).tags.get("i", "")).strip()
        number = int(value) if _INSTANCE.match(value) else None
    return number if number is not None and 1 <= number <= MOST_SETS else None


def _tags(field: Field, *names: str) -> TagList:
    """The tags of a field. Comments may stand around its first, the instance, and within others so named (3.9)."""
    text = _plain(field.text, 0, b"i")
    for name in names:
        found = re.search(rb";(?=[ \t\r\n]*%s[ \t\r\n(=])" % name.encode(), text)
        text = _plain(text, found.end(), name.encode()) if found else text
    return TagList.read(text)


def _plain(text: bytes, start: int, name: bytes) -> bytes:
    """The text with the tag that begins here as `name=value`, without the comments around its parts.

    Behind its value, comments may stand only where it is the instance (3.9 and 4.1.2).
    """
    place, read = start, []
    for part in (re.compile(re.escape(name)), _EQUALS, _VALUE):
        found = part.match(text, _past_comments(text, place))
        if not found:
            return text
        place = found.end()
        read.append(found[0])
    end = _past_comments(text, place)
    is_whole = text[end : end + 1] in (b";", b"") and (name == b"i" or not text[place:end].strip())
    return text[:start] + b"".join(read) + text[end:] if is_whole else text


def _past_comments(text: bytes, place: int) -> int:
    """Where blanks and comments end, which nest (CFWS: RFC 5322, 3.2.2)."""
    depth = 0
    for piece in _PIECE.finditer(text, place):
        if not depth and piece[0] != b"(" and piece[0].strip(b" \t\r\n"):
            return piece.start()
        depth += (piece[0] == b"(") - (piece[0] == b")")
    return len(text)


def _results(field: Field) -> AuthenticationResults:
    return AuthenticationResults.parse(field.text.decode("latin-1"))


def _set(number: int, found: dict[tuple[int, str], Field]) -> ArcSet:
    results, message, seal = (found[number, kind] for kind in _NAMES)
    state = _tags(seal, "cv").tags.get("cv", "").lower()  # without %s in the ABNF, so without case (RFC 7405)
    return ArcSet(
        instance=number,
        results=_results(results),
        results_field=results,
        message_signature=_read_message(message),
        seal=_read_seal(seal),
        state=state if state in _STATES else "",
    )


def _read_message(field: Field) -> Signature:
    """An ARC-Message-Signature: as DKIM's, yet i= is the instance, and a v= is ignored (4.1.2).

    It must not cover ARC fields either. One that covers seals, which are made after it, is none; one that
    covers results is taken, as forwarders made such for years.
    """
    listed = _tags(field)
    signature = read_signature_tags(field, listed, required=("a", "b", "bh", "d", "h", "s"), has_identity=False)
    if "arc-seal" not in signature.signed:
        return signature
    return attrs.evolve(signature, faults=(*signature.faults, "ARC-Seal is among the signed fields"))


def _read_seal(field: Field) -> Signature:
    """An ARC-Seal: "the only supported tags" are i, cv, and five of DKIM's; others are ignored, but not h (4.1.3)."""
    listed = _tags(field, "cv")
    faults = [*listed.faults]
    if "h" in listed.tags:
        faults.append("it has an h=, which a seal must not have")
    if listed.tags.get("cv", "").lower() not in _STATES:
        faults.append("cv= is none of none, pass and fail")
    kept = TagList(tags={name: listed.tags[name] for name in _SEAL_TAGS if name in listed.tags}, faults=tuple(faults))
    return read_signature_tags(field, kept, required=("a", "b", "d", "s"), has_identity=False)
