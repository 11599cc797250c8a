"""One received letter, judged by SPF, DKIM, DMARC and ARC, and what was found joined into one field (RFC 8601).

The methods are evaluated by modules of their own; here they are asked side by side, and their
results put together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final, Protocol

import attrs

from mailkit.clock import SystemClock, utc
from mailkit.dns import arc, dkim, spf
from mailkit.dns.authors import from_domains
from mailkit.dns.authres import AuthenticationResults, Property, Statement
from mailkit.dns.dkim.result import results_table
from mailkit.dns.dmarc.evaluate import questions as dmarc_questions
from mailkit.dns.dmarc.record import Policy
from mailkit.dns.dmarc.verdict import Identifier, Result
from mailkit.dns.dmarc.verdict import Verdict as DmarcVerdict
from mailkit.dns.drive import DEADLINE, run, run_sync
from mailkit.dns.lookup import Check, Resolver, together
from mailkit.dns.spf.receiver import questions as spf_questions
from mailkit.errors import InvalidValue

__all__ = [
    "Authentication",
    "Signed",
    "Worded",
    "authenticate",
    "authenticate_sync",
    "authentication_results",
    "dkim_identifiers",
    "spf_identifier",
]

_WORDS: Final = frozenset({"pass", "fail", "softfail", "neutral", "none", "policy", "temperror", "permerror"})


@attrs.frozen(kw_only=True)
class Authentication:
    """What was found about one received letter.

    Attributes:
        spf: Whether the client may send for MAIL FROM's domain, or for HELO's name.
        dkim: Its signatures.
        arc: The chain that forwarders sealed it with.
        dmarc: Whether a domain that passed is that of its author, and what is asked for it if not.
        from_domains: The domains in its From; there should be one.
        mail_from: MAIL FROM, as it was given.
        helo: HELO, as it was given.

    >>> zone = {
    ...     ("example.com", "TXT"): ["v=spf1 ip4:192.0.2.7 -all"],
    ...     ("_dmarc.example.com", "TXT"): ["v=DMARC1; p=reject"],
    ... }
    >>> raw = b"From: shop@example.com\\r\\n\\r\\nHello\\r\\n"
    >>> found = authenticate_sync(raw, ip="192.0.2.7", mail_from="b@example.com", helo="mx.example.com", resolver=zone)
    >>> found.passes, found.disposition
    (True, <Policy.NONE: 'none'>)
    >>> print(found.results("mx.example.net"))
    mx.example.net; spf=pass smtp.mailfrom=example.com; dkim=none; dmarc=pass policy.dmarc=reject
    header.from=example.com; arc=none
    """

    spf: spf.SpfResult
    dkim: dkim.Verification
    arc: arc.Chain
    dmarc: DmarcVerdict
    from_domains: tuple[str, ...]
    mail_from: str
    helo: str

    @property
    def passes(self) -> bool:
        """Whether DMARC passes: From's domain is one that answers for the letter."""
        return self.dmarc.result is Result.PASS

    @property
    def disposition(self) -> Policy:
        """What From's domain asks for the letter; none if it passes."""
        return self.dmarc.disposition

    def results(self, host: str) -> AuthenticationResults:
        """The same as a header field; `.header()` of it is what to put at the top of the letter.

        Args:
            host: The name under which you speak (authserv-id): your own domain. Fields of letters
                that come in with this name have to be taken out first (RFC 8601, 5).
        """
        return authentication_results(
            host,
            spf=self.spf,
            mail_from=self.mail_from,
            helo=self.helo,
            dkim=self.dkim.results,
            dmarc=self.dmarc,
            arc=self.arc,
        )

    def __str__(self) -> str:
        lines = (f"SPF {self.spf}", *(f"DKIM {line}" for line in str(self.dkim).splitlines()), f"ARC {self.arc}")
        return "\n".join((*lines, f"DMARC {self.dmarc}"))

    def _repr_html_(self) -> str:
        sender = self.mail_from.rpartition("@")[2] or self.helo
        told = (
            ("SPF", str(self.spf.result), sender, self.spf.reason),
            *self.dkim.rows,
            ("ARC", str(self.arc.result), ", ".join(self.arc.domains), str(self.arc).partition(": ")[2]),
            ("DMARC", self.dmarc.result.value, ", ".join(self.from_domains), "; ".join(self.dmarc.reasons)),
        )
        return results_table(told)


async def authenticate(
    raw: bytes,
    *,
    ip: str | IPv4Address | IPv6Address,
    mail_from: str,
    helo: str,
    receiver: str = "unknown",
    resolver: Resolver | Mapping[Any, Any] | None = None,
    deadline: timedelta = DEADLINE,
    now: datetime | None = None,
) -> Authentication:
    """Judge one received letter by SPF, DKIM, ARC and DMARC, all questions that can be asked at once.

    Args:
        raw: The letter as it came, undecoded.
        ip: The client's address.
        mail_from: The address in MAIL FROM; empty for the null path.
        helo: What the client said in HELO or EHLO.
        receiver: The host that receives it.
        resolver: Whom to ask; a dict will do, and None stands for this machine's name servers.
        deadline: After how long to say what is known by then.
        now: The moment of receiving; this machine's clock by default.

    Raises:
        InvalidValue: An argument is of the wrong kind; never for what the letter or the DNS says.
        ResolverError: No name server is configured on this machine, and no resolver was given.

    >>> import asyncio
    >>> raw = b"From: shop@example.com\\r\\n\\r\\nHello\\r\\n"
    >>> found = asyncio.run(authenticate(raw, ip="192.0.2.7", mail_from="", helo="mx.example.com", resolver={}))
    >>> print(found.dmarc.result, found.spf.reason)
    none mx.example.com has no SPF record
    """
    asking = _questions(raw, ip, mail_from, helo, receiver, now)
    return await run(asking, resolver=resolver, deadline=deadline)


def authenticate_sync(
    raw: bytes,
    *,
    ip: str | IPv4Address | IPv6Address,
    mail_from: str,
    helo: str,
    receiver: str = "unknown",
    resolver: Resolver | Mapping[Any, Any] | None = None,
    deadline: timedelta = DEADLINE,
    now: datetime | None = None,
) -> Authentication:
    """`authenticate` for places without `await`; arguments and errors are the same.

    >>> raw = b"From: ceo@example.com, x@example.net\\r\\n\\r\\nPay me\\r\\n"
    >>> authenticate_sync(raw, ip="192.0.2.7", mail_from="", helo="x", resolver={}).dmarc.result
    <Result.PERMERROR: 'permerror'>
    """
    asking = _questions(raw, ip, mail_from, helo, receiver, now)
    return run_sync(asking, resolver=resolver, deadline=deadline)


def _questions(
    raw: bytes,
    ip: str | IPv4Address | IPv6Address,
    mail_from: str,
    helo: str,
    receiver: str,
    now: datetime | None,
) -> Check[Authentication]:
    moment = SystemClock().now() if now is None else utc(now, what="authenticate(now=)")
    authors = from_domains(raw)
    asking = together(
        spf_questions(ip, mail_from, helo, now=moment, receiver=receiver),
        dkim.check_mail(raw, now=moment),
        arc.check_mail(raw, now=moment),
    )
    return _judge(asking, authors, mail_from, helo)


def _judge(
    asking: Check[tuple[spf.SpfResult, dkim.Verification, arc.Chain]],
    authors: tuple[str, ...],
    mail_from: str,
    helo: str,
) -> Check[Authentication]:
    found, signed, chain = yield from asking
    own = spf_identifier(found, mail_from=mail_from, helo=helo)
    verdict = yield from dmarc_questions(authors, spf=own, dkim=dkim_identifiers(signed.results))
    return Authentication(
        spf=found, dkim=signed, arc=chain, dmarc=verdict, from_domains=authors, mail_from=mail_from, helo=helo
    )


class Worded(Protocol):
    """What has a result, such as "pass" or an enum whose value is such a word."""

    @property
    def result(self) -> Any:
        """The result."""
        ...


class Signed(Worded, Protocol):
    """What also has a domain, as a DKIM signature's result does."""

    @property
    def domain(self) -> Any:
        """The domain, that of d=."""
        ...


def authentication_results(
    host: str,
    *,
    spf: Worded | None = None,
    mail_from: str = "",
    helo: str = "",
    dkim: Iterable[Signed] = (),
    dmarc: DmarcVerdict | None = None,
    arc: Worded | None = None,
) -> AuthenticationResults:
    """Join what was found about one letter; `.header()` of it is the field to put at the top of the letter.

    Args:
        host: The name under which you speak (authserv-id): your own domain. Fields of letters
            that come in with this name have to be taken out first (5).
        spf: SPF's result; None if it was not checked.
        mail_from: The address, or the domain, of MAIL FROM that SPF was checked for; empty for the null path.
        helo: The name that the sender gave in HELO, which is named where MAIL FROM is empty.
        dkim: The results of the signatures, in their order; "none" is said if there are none.
        dmarc: DMARC's verdict; None if it was not evaluated.
        arc: The result of the ARC chain; None if it was not validated.

    >>> spf = Identifier(domain="bounces.example.com", result="pass")
    >>> signed = [Identifier(domain="example.com", result="pass", selector="s1")]
    >>> found = authentication_results("mx.example.net", spf=spf, mail_from="x@bounces.example.com", dkim=signed)
    >>> print(found.header().replace("\\r", ""))
    Authentication-Results: mx.example.net;
     spf=pass smtp.mailfrom=bounces.example.com;
     dkim=pass header.d=example.com header.s=s1
    """
    if not isinstance(host, str) or not host:
        raise InvalidValue("host", host, "is not a name", "give your own domain, such as 'mx.example.net'")
    statements = [_spf(spf, mail_from, helo)] if spf is not None else []
    statements += [_dkim(signature) for signature in dkim] or [Statement(method="dkim", result="none")]
    statements += [dmarc.statement] if dmarc is not None else []
    statements += [Statement(method="arc", result=_word(arc))] if arc is not None else []
    return AuthenticationResults(host=host, statements=statements)


def spf_identifier(result: Worded, *, mail_from: str, helo: str) -> Identifier:
    """SPF's result as DMARC takes it: the domain of MAIL FROM, or HELO's name for the null path (RFC 7208, 2.4).

    >>> spf_identifier(Identifier(domain="x", result="pass"), mail_from="", helo="mx.example.com").domain
    'mx.example.com'
    """
    return Identifier(domain=_bare(mail_from).rpartition("@")[2] or helo, result=_word(result))


def dkim_identifiers(results: Iterable[Signed]) -> tuple[Identifier, ...]:
    """DKIM's results as DMARC takes them.

    >>> dkim_identifiers([Identifier(domain="example.com", result="fail")])[0].is_authenticated
    False
    """
    return tuple(
        Identifier(domain=str(one.domain), result=_word(one), selector=str(getattr(one, "selector", "") or ""))
        for one in results
    )


def _bare(mail_from: str) -> str:
    return mail_from.strip().removeprefix("<").removesuffix(">")


def _spf(result: Worded, mail_from: str, helo: str) -> Statement:
    """SPF's statement; it names the local part only where the policy authenticates it (2.7.2)."""
    sender = _bare(mail_from)
    shown = sender if getattr(result, "checks_local_part", False) else sender.rpartition("@")[2]
    held = [Property(type="smtp", name="mailfrom", value=shown)] if sender else []
    held += [Property(type="smtp", name="helo", value=helo)] if helo and not sender else []
    return Statement(method="spf", result=_word(result), properties=held)


def _dkim(signature: Signed) -> Statement:
    selector = str(getattr(signature, "selector", "") or "")
    held = [Property(type="header", name="d", value=str(signature.domain))]
    held += [Property(type="header", name="s", value=selector)] if selector else []
    return Statement(method="dkim", result=_word(signature), properties=held)


def _word(result: Worded) -> str:
    """The result as one of the registered words; what is none of them is a permanent error."""
    word = str(getattr(result.result, "value", result.result)).lower()
    return word if word in _WORDS else "permerror"
