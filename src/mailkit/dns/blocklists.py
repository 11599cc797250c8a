"""Block lists (RFC 5782): lists of addresses and domains that receivers refuse, asked by the DNS.

Only the lists that one names are asked: each is somebody's service with terms of its own. A list
that refuses to answer, as many do for public resolvers, has not listed anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from typing import Final

import attrs

from mailkit.dns.addresses import IPAddress, address_from, addresses_of, reverse_labels
from mailkit.dns.lookup import Absence, Answer, Check, Malformed, Outcome, Query, ask, each
from mailkit.dns.saying import Saying
from mailkit.dns.tags import cut, plain
from mailkit.errors import InvalidValue, did_you_mean
from mailkit.findings import Finding, Severity

__all__ = ["KNOWN", "Blocklist", "Entry", "Verdict", "find", "lint"]

_LOOPBACK: Final = IPv4Network("127.0.0.0/8")
_ERRORS: Final = IPv4Network("127.255.255.0/24")
"""What Spamhaus and others answer in place of a verdict."""
_REFUSALS: Final = {
    "127.255.255.252": "the name of the list is misspelt",
    "127.255.255.254": "it does not answer public resolvers; ask through a resolver of your own",
    "127.255.255.255": "too many questions were asked",
}


@attrs.frozen(kw_only=True)
class Blocklist:
    """A block list.

    Attributes:
        key: The word for it.
        name: As its makers call it.
        zone: The name below which it answers.
        lists_domains: Whether it lists domains; else it lists addresses.
        takes_ipv6: Whether it lists addresses of IPv6, too.
        meanings: What its answers mean, by address.
        bits: What each bit of the last byte means, for lists that add them up.
        refusals: Answers that say that it does not answer.
        terms: What it asks of those who ask it.
        source: Where it says so.
    """

    key: str
    name: str
    zone: str
    lists_domains: bool = False
    takes_ipv6: bool = False
    meanings: Mapping[str, str] = attrs.field(factory=dict)
    bits: Mapping[int, str] = attrs.field(factory=dict)
    refusals: Mapping[str, str] = attrs.field(factory=dict)
    terms: str = ""
    source: str = ""

    def meaning(self, address: str) -> str:
        """What an answer of the list means.

        >>> _BY_KEY["spamhaus-zen"].meaning("127.0.0.10"), _BY_KEY["uribl"].meaning("127.0.0.6")
        ('PBL: addresses that should not send mail directly', 'black, grey')
        """
        last = int(address.rpartition(".")[2])
        known = [text for bit, text in self.bits.items() if last & bit]
        return self.meanings.get(address) or ", ".join(known) or "listed"


_SPAMHAUS: Final = "free for few questions of one's own resolver; else by a Data Query Service key"
_XBL: Final = "XBL: exploited machines"
_PBL: Final = "PBL: addresses that should not send mail directly"
KNOWN: Final = (
    Blocklist(
        key="spamhaus-zen",
        name="Spamhaus ZEN",
        zone="zen.spamhaus.org",
        takes_ipv6=True,
        meanings={
            "127.0.0.2": "SBL: spam sources",
            "127.0.0.3": "CSS: senders of low reputation",
            **{f"127.0.0.{number}": _XBL for number in (4, 5, 6, 7)},
            "127.0.0.9": "DROP: hijacked networks",
            **{f"127.0.0.{number}": _PBL for number in (10, 11)},
        },
        terms=_SPAMHAUS,
        source="spamhaus.org: DNSBL usage, return codes",
    ),
    Blocklist(
        key="spamhaus-dbl",
        name="Spamhaus DBL",
        zone="dbl.spamhaus.org",
        lists_domains=True,
        meanings={
            "127.0.1.2": "spam domain",
            "127.0.1.4": "phishing domain",
            "127.0.1.5": "malware domain",
            "127.0.1.6": "botnet control domain",
            "127.0.1.102": "abused legitimate domain (spam)",
            "127.0.1.103": "abused redirector",
            "127.0.1.104": "abused legitimate domain (phishing)",
            "127.0.1.105": "abused legitimate domain (malware)",
            "127.0.1.106": "abused legitimate domain (botnet)",
        },
        refusals={"127.0.1.255": "it lists domains, and was asked for an address"},
        terms=_SPAMHAUS,
        source="spamhaus.org: DBL return codes",
    ),
    Blocklist(
        key="spamcop",
        name="SpamCop",
        zone="bl.spamcop.net",
        meanings={"127.0.0.2": "reported as a source of spam"},
        terms="free; a listing ends by itself when the reports do",
        source="spamcop.net: SCBL",
    ),
    Blocklist(
        key="barracuda",
        name="Barracuda Reputation Block List",
        zone="b.barracudacentral.org",
        meanings={"127.0.0.2": "a source of spam"},
        terms="free after registration of the resolver's address",
        source="barracudacentral.org: BRBL",
    ),
    Blocklist(
        key="psbl",
        name="Passive Spam Block List",
        zone="psbl.surriel.com",
        meanings={"127.0.0.2": "has sent to a spam trap"},
        terms="free; whoever is listed can remove himself",
        source="psbl.org",
    ),
    Blocklist(
        key="uribl",
        name="URIBL",
        zone="multi.uribl.com",
        lists_domains=True,
        bits={2: "black", 4: "grey", 8: "red"},
        refusals={"127.0.0.1": "it does not answer this resolver: too many questions, or a public one"},
        terms="free for few questions of one's own resolver",
        source="uribl.com: about, usage",
    ),
    Blocklist(
        key="surbl",
        name="SURBL",
        zone="multi.surbl.org",
        lists_domains=True,
        bits={8: "phishing", 16: "malware", 64: "abuse", 128: "cracked site"},
        refusals={"127.0.0.1": "it does not answer this resolver"},
        terms="free for few questions of one's own resolver",
        source="surbl.org: lists, usage policy",
    ),
)
"""Lists that are known by a word; none of them is asked unless it is named."""

_BY_KEY: Final = {one.key: one for one in KNOWN}


class Verdict(StrEnum):
    """What became of asking a list."""

    LISTED = "listed"
    """It lists what was asked for."""
    NOT_LISTED = "not listed"
    """It does not."""
    REFUSED = "refused"
    """It does not say, and says why."""
    UNKNOWN = "unknown"
    """It did not answer, or with something that no block list answers."""


@attrs.frozen(kw_only=True)
class Entry:
    """What one list says of one address or domain.

    Attributes:
        list: The list.
        subject: The address or domain.
        outcome: What became of the question; an answer outside 127.0.0.0/8 is `Malformed`.
        reason: What the list says for people; empty if nothing.
    """

    list: Blocklist
    subject: str
    outcome: Outcome
    reason: str = ""

    @property
    def answers(self) -> tuple[str, ...]:
        """The addresses that it answered with."""
        return tuple(map(str, addresses_of(self.outcome)))

    @property
    def refusal(self) -> str:
        """Why the list does not say; empty if it does."""
        refusals = {**_REFUSALS, **self.list.refusals}
        told = [refusals.get(one, "") or _is_error(one) for one in self.answers]
        return next((reason for reason in told if reason), "")

    @property
    def verdict(self) -> Verdict:
        """What became of it."""
        if isinstance(self.outcome, Absence):
            return Verdict.NOT_LISTED
        if not isinstance(self.outcome, Answer):
            return Verdict.UNKNOWN
        return Verdict.REFUSED if self.refusal else Verdict.LISTED

    @property
    def meaning(self) -> str:
        """What the listing means; empty if there is none."""
        if self.verdict is not Verdict.LISTED:
            return ""
        return "; ".join(dict.fromkeys(map(self.list.meaning, self.answers)))


_say: Final = Saying[Entry]("blocklist", lambda entry: f"{entry.list.key}: {plain(entry.subject)}")


def _is_error(address: str) -> str:
    return "it answers with an error" if IPv4Address(address) in _ERRORS else ""


def find(
    lists: Iterable[str | Blocklist] = (),
    *,
    addresses: Iterable[str | IPAddress] = (),
    domains: Iterable[str] = (),
) -> Check[tuple[Entry, ...]]:
    """Ask block lists about addresses and domains; for its reasons only the list that lists one.

    A check for `mailkit.dns.drive.run`.

    Args:
        lists: The lists: words of `KNOWN`, or lists of one's own. None is asked unless named.
        addresses: The addresses that letters leave from.
        domains: The domains of From and of links.

    Raises:
        InvalidValue: A word is none of `KNOWN`, or an address is none.

    >>> from mailkit.dns.drive import run_sync
    >>> zone = {("2.0.0.127.bl.spamcop.net", "A"): ["127.0.0.2"]}
    >>> entry, = run_sync(find(["spamcop"], addresses=["127.0.0.2"]), resolver=zone)
    >>> entry.verdict, entry.meaning
    (<Verdict.LISTED: 'listed'>, 'reported as a source of spam')
    """
    asked = tuple(dict.fromkeys(map(address_from, addresses)))
    names = tuple(dict.fromkeys(name.removesuffix(".").lower() for name in domains))
    checks = []
    for one in map(_known, lists):
        if one.lists_domains:
            checks += [_entry(one, name, name) for name in names]
        else:
            able = (address for address in asked if one.takes_ipv6 or isinstance(address, IPv4Address))
            checks += [_entry(one, str(address), reverse_labels(address)) for address in able]
    return (yield from each(checks))


def _known(given: str | Blocklist) -> Blocklist:
    if isinstance(given, Blocklist):
        return given
    found = _BY_KEY.get(given.lower()) if isinstance(given, str) else None
    if found is None:
        mend = did_you_mean(str(given).lower(), _BY_KEY).removeprefix("; ") or f"known are {', '.join(_BY_KEY)}"
        raise InvalidValue("block list", given, "is not one that is known here", mend)
    return found


def _entry(one: Blocklist, subject: str, labels: str) -> Check[Entry]:
    name = f"{labels}.{one.zone}"
    outcome = _checked((yield from ask(Query(name, "A"))))
    entry = Entry(list=one, subject=subject, outcome=outcome)
    if entry.verdict is not Verdict.LISTED:
        return entry
    told = yield from ask(Query(name, "TXT"))
    return attrs.evolve(entry, reason=cut(" | ".join(told.values)) if isinstance(told, Answer) else "")


def _checked(outcome: Outcome) -> Outcome:
    """The answer, unless no block list gives such a one: the list has ended, or another answers (RFC 5782, 2.1)."""
    if not isinstance(outcome, Answer):
        return outcome
    found = addresses_of(outcome)
    strangers = [str(address) for address in found if address not in _LOOPBACK]
    if strangers or len(found) < len(outcome.values):
        return Malformed(f"an answer that no block list gives: {cut(', '.join(outcome.values), longest=80)}")
    return outcome


def lint(entries: Iterable[Entry]) -> tuple[Finding, ...]:
    """What is to be said about what block lists say; nothing where nobody is listed."""
    return tuple(finding for entry in entries for finding in _of_entry(entry))


def _of_entry(entry: Entry) -> Iterator[Finding]:
    one, subject = entry.list, entry.subject
    verdict = entry.verdict
    source = f"RFC 5782, 2.1; {one.source}" if one.source else "RFC 5782, 2.1"
    if verdict is Verdict.LISTED:
        message = f"{one.name} lists {subject} ({entry.meaning})"
        mend = f"see the reason, end its cause, and ask {one.name} for removal"
        yield _say("listed", Severity.ERROR, message, entry, entry.reason or ", ".join(entry.answers), mend, source)
    elif verdict is Verdict.REFUSED:
        message = f"{one.name} does not say whether it lists {subject}: {entry.refusal}"
        yield _say("refused", Severity.INFO, message, entry, ", ".join(entry.answers), one.terms, source)
    elif verdict is Verdict.UNKNOWN:
        message = f"whether {one.name} lists {subject} is not known: {entry.outcome}"
        yield _say(
            "unanswered", Severity.WARNING, message, entry, mend="ask again, or leave the list out", source=source
        )
