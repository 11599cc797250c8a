"""Names that somebody else serves for a sender: the return path that bounces go to, and the host of tracked links.

A vendor of mail asks for such a name as an alias (CNAME) of one of its own. Whether the alias is
there, leads where it should, and does not lead to a name that nobody owns any more, is looked at here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any, Final

import attrs

from mailkit.dns import vendors
from mailkit.dns.lookup import (
    Absence,
    Answer,
    Check,
    Failure,
    NoSuchDomain,
    Outcome,
    Query,
    ask,
    each,
    name_fault,
    together,
)
from mailkit.dns.records import Record
from mailkit.dns.saying import Saying
from mailkit.dns.tags import plain, word
from mailkit.errors import InvalidValue
from mailkit.findings import Finding, Severity

__all__ = ["Found", "Path", "Purpose", "find", "lint", "record"]

_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


class Purpose(StrEnum):
    """What a name is for."""

    RETURN_PATH = "return path"
    """Bounces go to addresses of it: it needs MX records, and an SPF record."""
    TRACKING = "tracking"
    """Links and pixels of letters lead to it: it needs an address."""


def _purpose(value: Any) -> Purpose:
    return word(Purpose, value, "Path.purpose")


def _name(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidValue("Path", value, "is not text")
    return value.removesuffix(".").lower()


def _check_name(instance: object, attribute: object, value: str) -> None:
    fault = name_fault(value)
    if fault:
        raise InvalidValue("Path.name", value, fault, "write 'bounces.example.com'")


@attrs.frozen(kw_only=True)
class Path:
    """A name that somebody else serves.

    Attributes:
        name: The name.
        purpose: What it is for: "return path" or "tracking".
        target: The name that it should be an alias of; empty if it need not be one, or of which is not known.
        vendor: Whose it should be, as `mailkit.dns.vendors` knows them; empty if that does not matter.

    >>> Path(name="click.example.com", purpose="tracking", target="track.example.net").purpose
    <Purpose.TRACKING: 'tracking'>
    """

    name: str = attrs.field(converter=_name, validator=_check_name)
    purpose: Purpose = attrs.field(converter=_purpose)
    target: str = attrs.field(default="", converter=_name)
    vendor: str = ""


_say: Final = Saying[Path]("path", lambda path: f"{path.purpose} {plain(path.name)}")


@attrs.frozen(kw_only=True)
class Found:
    """What there is at such a name.

    Attributes:
        path: The name, and what it should be.
        a: What became of the question for IPv4 addresses.
        aaaa: The same for IPv6.
        mx: The same for MX records; None where none are needed.
        txt: The same for TXT records; None where none are needed.
    """

    path: Path
    a: Outcome
    aaaa: Outcome
    mx: Outcome | None = None
    txt: Outcome | None = None

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """All that was asked."""
        return tuple(one for one in (self.a, self.aaaa, self.mx, self.txt) if one is not None)

    @property
    def aliases(self) -> tuple[str, ...]:
        """The names that it is an alias of, one after another."""
        told = (one.aliases for one in self.outcomes if not isinstance(one, Failure))
        return next((aliases for aliases in told if aliases), ())

    @property
    def failures(self) -> tuple[Failure, ...]:
        """What was not answered."""
        return tuple(one for one in self.outcomes if isinstance(one, Failure))


def record(path: Path) -> Record | None:
    """The CNAME record to publish; None if it is not known what it should be an alias of.

    >>> print(record(Path(name="click.example.com", purpose="tracking", target="track.example.net")))
    click.example.com. IN CNAME track.example.net.
    """
    if not path.target:
        return None
    whose = f" to {vendors.vendor(path.vendor)}" if path.vendor else ""
    why = {
        Purpose.RETURN_PATH: f"lets bounces come back{whose}, and SPF pass for the domain",
        Purpose.TRACKING: f"leads tracked links{whose}",
    }
    return Record(name=path.name, type="CNAME", text=path.target, why=why[path.purpose])


def find(paths: Iterable[Path]) -> Check[tuple[Found, ...]]:
    """Ask for what there is at the names, all at once.

    A check for `mailkit.dns.drive.run`.

    >>> from mailkit.dns.drive import run_sync
    >>> path = Path(name="click.example.com", purpose="tracking", target="track.example.net")
    >>> zone = {("click.example.com", "CNAME"): ["old.example.org"]}
    >>> found, = run_sync(find([path]), resolver=zone)
    >>> [finding.code for finding in lint(found)]
    ['dns.path-dangling']
    """
    return (yield from each(_find(path) for path in paths))


def _find(path: Path) -> Check[Found]:
    a, aaaa = ask(Query(path.name, "A")), ask(Query(path.name, "AAAA"))
    if path.purpose is Purpose.TRACKING:
        one, two = yield from together(a, aaaa)
        return Found(path=path, a=one, aaaa=two)
    one, two, mx, txt = yield from together(a, aaaa, ask(Query(path.name, "MX")), ask(Query(path.name, "TXT")))
    return Found(path=path, a=one, aaaa=two, mx=mx, txt=txt)


def lint(found: Found, *, domain: str = "") -> tuple[Finding, ...]:
    """What is to be said about one name.

    Args:
        found: What there is.
        domain: The domain of the letters' From; a return path of another is not aligned with it.
    """
    return (*_alignment(found.path, domain), *_of_name(found))


def _alignment(path: Path, domain: str) -> Iterator[Finding]:
    lower = domain.removesuffix(".").lower()
    if lower and path.purpose is Purpose.RETURN_PATH and path.name != lower and not path.name.endswith(f".{lower}"):
        message = f"the return path is not of {lower}, so that SPF may pass and yet not count for DMARC"
        yield _say("unaligned", _WARNING, message, path, mend=f"use a name below {lower}", source="RFC 9989, 4.4.2")


def _of_name(found: Found) -> Iterator[Finding]:
    path, wanted = found.path, record(found.path)
    mend = str(wanted) if wanted else ""
    if found.failures and not found.aliases:
        message = f"what there is at {path.name} is not known: {found.failures[0]}"
        yield _say("unanswered", _WARNING, message, path, mend="ask again", source="RFC 1034, 3.6.2")
        return
    if found.aliases and any(isinstance(one, NoSuchDomain) for one in found.outcomes):
        message = (
            f"{path.name} is an alias of {found.aliases[-1]}, which does not exist: whoever can register it owns it"
        )
        mend = mend or "remove the CNAME, or let its target be set up"
        yield _say("dangling", _ERROR, message, path, _line(found), mend, "RFC 1034, 3.6.2")
        return
    if all(isinstance(one, Absence) for one in found.outcomes):
        message = f"there is nothing at {path.name}, which should serve as {path.purpose}"
        yield _say("absent", _ERROR, message, path, str(found.a), mend, "RFC 1034, 3.6.2")
        return
    yield from _leading_elsewhere(found, mend)
    yield from _serving(found)


def _leading_elsewhere(found: Found, mend: str) -> Iterator[Finding]:
    path = found.path
    if path.target and not found.aliases:
        message = f"{path.name} is no alias of {path.target}, but has records of its own, which somebody has to keep up"
        yield _say("not-alias", _WARNING, message, path, mend=mend, source="RFC 1034, 3.6.2")
    elif path.target and path.target not in found.aliases:
        message = f"{path.name} is an alias of {found.aliases[0]}, not of {path.target}"
        yield _say("elsewhere", _WARNING, message, path, _line(found), mend, "RFC 1034, 3.6.2")
    elif path.vendor and found.aliases and not any(_is_of(name, path.vendor) for name in found.aliases):
        message = f"{path.name} is an alias of {found.aliases[-1]}, which is not known to be of {path.vendor}"
        yield _say("elsewhere", _INFO, message, path, _line(found), mend, "RFC 1034, 3.6.2")


def _serving(found: Found) -> Iterator[Finding]:
    """Whether the name can do what it is for."""
    path, answers = found.path, [one for one in (found.a, found.aaaa, found.mx) if isinstance(one, Answer)]
    if not answers and not found.failures:
        message = (
            f"{path.name} has no {'address' if found.mx is None else 'MX record'}, so that nothing can arrive there"
        )
        yield _say("unreachable", _ERROR, message, path, str(found.a), source="RFC 5321, 5.1")
    txt = found.txt
    is_answered = isinstance(txt, Answer | Absence)
    texts = txt.values if isinstance(txt, Answer) else ()
    if is_answered and not any(text.lower().split(" ")[0] == "v=spf1" for text in texts):
        message = f"{path.name} has no SPF record, so that SPF cannot pass for letters with this return path"
        mend = "publish the SPF record that your vendor gives, or an alias of its name"
        yield _say("no-spf", _WARNING, message, path, " | ".join(texts), mend, "RFC 7208, 3")


def _is_of(name: str, vendor: str) -> bool:
    one = vendors.vendor(vendor)
    return any(name == end or name.endswith(f".{end}") for end in (*one.spf, *one.mx, *one.ptr))


def _line(found: Found) -> str:
    return f"{found.path.name}. IN CNAME {found.aliases[0]}."
