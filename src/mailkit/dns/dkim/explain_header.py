"""Which header field was changed after signing: each guess is verified, and told only if the signature then fits."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain, combinations, islice
from quopri import decodestring
from typing import Final, TypeAlias

import attrs

from mailkit.dns.dkim.canonical import FIELDS, choose, covered, relaxed_field, without_signature
from mailkit.dns.dkim.crypto import Fits
from mailkit.dns.dkim.earlier import USUAL, earlier
from mailkit.dns.dkim.effort import SPENT, Effort
from mailkit.dns.dkim.explain_body import shown
from mailkit.dns.dkim.mail import Mail
from mailkit.dns.dkim.signature import Signature, TagList
from mailkit.dns.headers import Field

__all__ = ["explain_header"]

_MOST_BYTES: Final = 100_000
"""Of larger header sections nothing is tried."""
_MOST_FIELDS: Final = 500
_MOST_NAMES: Final = 60
_MOST_TRIES: Final = 2000
_MOST_LIKELY: Final = 80
_MOST_PAIRS: Final = 1000
_COST: Final = 3000
"""What one try costs besides its bytes: the arithmetic of a signature that is not opened beforehand."""
_COST_OF_FIELD: Final = 50
_LISTS_CHANGE: Final = ("subject", "from", "reply-to", "sender", "to", "content-type", "content-transfer-encoding")
_Change: TypeAlias = tuple[str, Field | None, Field | None]
"""What may have happened, the field as it is (None: it is gone), and as it was (None: it was not there)."""


@attrs.frozen
class _Covered:
    """What a signature covers, of whatever fields; each field is brought into its form once."""

    mail: Mail
    signature: Signature
    form: str
    mine: Field

    def of(self, fields: Sequence[Field]) -> bytes:
        mine, keys = self.mine, self._keys
        chosen = choose([field for field in fields if field.key in keys and field is not mine], self.signature.signed)
        return covered([self._piece(field) for field in chosen if field], self._own)

    def _piece(self, field: Field) -> bytes:
        found = self._pieces.get(id(field))
        return FIELDS[self.form](field) if found is None else found

    @cached_property
    def _keys(self) -> frozenset[bytes]:
        return frozenset(name.encode("latin-1", "replace") for name in self.signature.signed)

    @cached_property
    def cost(self) -> int:
        """What it costs to hash and compare them once."""
        size = sum(len(field.raw) for field in self.mail.fields if field.key in self._keys)
        return _COST + _COST_OF_FIELD * (len(self.mail.fields) + len(self.signature.signed)) + size

    @cached_property
    def _pieces(self) -> dict[int, bytes]:
        return {id(field): FIELDS[self.form](field) for field in self.mail.fields}

    @cached_property
    def _own(self) -> bytes:
        return FIELDS[self.form](without_signature(self.signature.field))


def explain_header(mail: Mail, signature: Signature, fits: Fits, effort: Effort) -> tuple[str, str]:
    """Which field changed, and the difference; if no guess verifies, which fields are signed, and which of them miss.

    >>> was, came = Field(b"Subject: News"), Field(b"Subject: [list] News")
    >>> signature = Signature(field=Field(b"DKIM-Signature: b="), domain="example.com", signed=("subject",))
    >>> fits = covered([FIELDS["simple"](was)], b"DKIM-Signature: b=").__eq__
    >>> print(*explain_header(Mail(fields=(came,), body=b""), signature, fits, Effort(left=100_000)), sep=chr(10))
    Subject has got '[list] ' before it
    - Subject: News
    + Subject: [list] News
    """
    size = sum(len(field.raw) for field in mail.fields)
    if size <= _MOST_BYTES and max(len(mail.fields), len(signature.signed)) <= _MOST_FIELDS:
        case = _Case(mail, signature, fits, effort)
        tried = _as_a_whole(case) or _by_one(case) or _by_two(case)
        if tried:
            return tried
    return _unexplained(mail, signature) + (f"; {SPENT}" if effort.is_spent else ""), ""


@attrs.frozen
class _Case:
    """A signature that does not fit, and what may be spent on why."""

    mail: Mail
    signature: Signature
    fits: Fits
    effort: Effort

    @cached_property
    def whole(self) -> _Covered:
        return _Covered(self.mail, self.signature, self.signature.header_form, self.signature.field)

    def is_it(self, whole: _Covered, fields: Sequence[Field]) -> bool:
        """Whether the signature fits these fields; not, if nothing may be spent any more."""
        return self.effort.take(whole.cost) and self.fits(whole.of(fields))


def _as_a_whole(case: _Case) -> tuple[str, str] | None:
    mail, signature = case.mail, case.signature
    other = "relaxed" if signature.header_form == "simple" else "simple"
    if case.is_it(_Covered(mail, signature, other, signature.field), mail.fields):
        return f"its signer wrote them as {other!r} and called it {signature.header_form!r}", ""
    if case.is_it(case.whole, mail.fields[::-1]):
        return "fields of one name have changed their order", ""
    refolded = attrs.evolve(signature, field=Field(signature.field.raw.replace(b"\r\n\t", b"\r\n ")))
    for own in (refolded, attrs.evolve(signature, field=Field(re.sub(rb"\r\n[ \t]+", b" ", signature.field.raw)))):
        if case.is_it(_Covered(mail, own, signature.header_form, signature.field), mail.fields):
            return "DKIM-Signature itself was folded differently", shown([own.field.raw], [signature.field.raw])
    return None


def _by_one(case: _Case) -> tuple[str, str] | None:
    for change in _affordable(case):
        if case.is_it(case.whole, _undone(case.mail, (change,))):
            return _told(case, (change,))
    return None


def _by_two(case: _Case) -> tuple[str, str] | None:
    """Lists change two fields at once: the subject's prefix, and the author or the encoding."""
    likely = (change for change in _affordable(case) if _key(change) in _LISTS_CHANGE)
    pairs = (pair for pair in combinations(islice(likely, _MOST_LIKELY), 2) if _key(pair[0]) != _key(pair[1]))
    for pair in islice(pairs, _MOST_PAIRS):
        if case.is_it(case.whole, _undone(case.mail, pair)):
            return _told(case, pair)
    return None


def _affordable(case: _Case) -> Iterator[_Change]:
    """The changes, as many as the effort allows; each costs what it takes to write the field anew."""
    for change in islice(_changes(case.mail, case.signature), _MOST_TRIES):
        _, now, was = change
        if not case.effort.take(len(now.raw if now else b"") + len(was.raw if was else b"")):
            return
        yield change


def _undone(mail: Mail, changes: tuple[_Change, ...]) -> list[Field]:
    gone = tuple(now for _, now, was in changes if now and not was)
    put = {id(now): was for _, now, was in changes if now and was}
    fields = [put.get(id(field), field) for field in mail.fields if not any(field is one for one in gone)]
    return fields + [was for _, now, was in changes if was and not now]


def _told(case: _Case, changes: tuple[_Change, ...]) -> tuple[str, str]:
    """What happened, and the fields before and after, in the form in which they are signed."""
    form = case.signature.header_form
    before = [_as_signed(was, form) for _, _, was in changes if was]
    after = [_as_signed(now, form) for _, now, _ in changes if now]
    return ", and ".join(what for what, _, _ in changes), shown(before, after)


def _as_signed(field: Field, form: str) -> bytes:
    """The field as it stands, or unfolded and with single blanks where the signature forgives those."""
    return field.raw if form == "simple" else field.name + b": " + relaxed_field(field).partition(b":")[2]


def _key(change: _Change) -> str:
    _, now, was = change
    field = now or was
    return field.key.decode("latin-1") if field else ""


def _changes(mail: Mail, signature: Signature) -> Iterator[_Change]:
    """What may have been done to each signed field, the likeliest fields first."""
    names, copies = list(dict.fromkeys(signature.signed))[:_MOST_NAMES], _copies(signature)
    for name in sorted(names, key=lambda name: name not in _LISTS_CHANGE):
        for field in mail.named(name)[-4:]:
            shown_name = field.name.decode("latin-1")
            others = (Field.of(field.name, text) for text in copies.get(name, ()) if text != field.text)
            copied = (("is not what it was; z= has a copy", other) for other in others)
            for what, was in chain(copied, earlier(mail, name, field, is_folded=signature.header_form == "simple")):
                yield f"{shown_name} {what}", field, was
            yield f"{shown_name} was added", field, None
        if not mail.named(name):
            yield from _taken(mail, name, copies.get(name, ()))


def _copies(signature: Signature) -> dict[str, list[bytes]]:
    """The fields as they were when they were signed, where the signer has copied them (3.5, z=)."""
    copied = "".join(TagList.read(signature.field.text).tags.get("z", "").split())
    found: dict[str, list[bytes]] = {}
    for part in copied.split("|")[:_MOST_NAMES] if copied else ():
        name, _, text = part.partition(":")
        found.setdefault(name.lower(), []).append(decodestring(text.encode("latin-1")))
    return found


def _taken(mail: Mail, name: str, copies: Sequence[bytes]) -> Iterator[_Change]:
    """What may have stood in a signed field that is not there."""
    senders = [field.text for field in mail.named("From")] if name in ("sender", "reply-to") else []
    for text in (*copies, *USUAL.get(name, ()), *senders):
        shown_name = "-".join(part.capitalize() for part in name.split("-")).replace("Mime", "MIME")
        yield f"{shown_name} was removed", None, Field(shown_name.encode("latin-1") + b": " + text.strip())


def _unexplained(mail: Mail, signature: Signature) -> str:
    counted = Counter(signature.signed)
    present = [name for name in counted if mail.named(name)]
    absent = [name for name in counted if not mail.named(name)]
    known = f"which one changed is not known; signed are {', '.join(present) or 'none that is there'}"
    return known + (f"; signed as absent, or gone since: {', '.join(absent)}" if absent else "")
