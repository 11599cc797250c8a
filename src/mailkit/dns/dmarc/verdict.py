"""What DMARC says about one letter (RFC 9989, 5.3): the values that go in and come out."""

from __future__ import annotations

from enum import StrEnum
from html import escape
from typing import Any, Final, Literal

import attrs

from mailkit.dns.authres import Property, Statement
from mailkit.dns.dmarc.record import Alignment, Policy, Record
from mailkit.dns.dmarc.walk import Discovery
from mailkit.dns.lookup import name_fault
from mailkit.dns.tags import cut, word
from mailkit.errors import InvalidValue

__all__ = ["Aligned", "Identifier", "Result", "Verdict", "ascii_domain"]

_LONGEST_DOMAIN: Final = 1024
"""What is longer is not converted to A-labels: no domain's U-labels are."""


class Result(StrEnum):
    """How an evaluation ends (RFC 9989, 9.2)."""

    PASS = "pass"  # noqa: S105 - not a password
    """A record applies, and an authenticated domain is aligned with that of From."""
    FAIL = "fail"
    """A record applies, and no authenticated domain is aligned."""
    NONE = "none"
    """No record applies to the domain."""
    TEMPERROR = "temperror"
    """A question without an answer might have decided otherwise; a later attempt may end well."""
    PERMERROR = "permerror"
    """It cannot be evaluated, and will not be later."""


def _lower(text: Any) -> Any:
    return text.strip().lower() if isinstance(text, str) else text


def _result(value: Any) -> Result:
    return word(Result, value, "Verdict.result")


def _mode(value: Any) -> Alignment:
    return word(Alignment, value, "Aligned.mode")


def _plain_text(instance: object, attribute: Any, value: str) -> None:
    if not isinstance(value, str):
        raise InvalidValue(f"{type(instance).__name__}.{attribute.name}", value, "is not text")


@attrs.frozen(kw_only=True)
class Identifier:
    """A domain and what SPF or DKIM found about it.

    Attributes:
        domain: For DKIM that of d=; for SPF that of MAIL FROM, or the name of HELO where MAIL FROM was empty
            (RFC 7208, 2.4). Any text will do: what is no domain is aligned with none.
        result: What was found, such as "pass" or "softfail"; only "pass" authenticates.
        identity: For SPF, which identity was checked: one that was checked for HELO's own sake ("helo")
            counts for nothing (RFC 9989, 4.4.2).
        selector: For DKIM that of s=.

    >>> Identifier(domain="News.Example.COM.", result="Pass")
    Identifier(domain='news.example.com', result='pass', identity='mail_from', selector='')
    """

    domain: str = attrs.field(validator=_plain_text)
    result: str = attrs.field(default="pass", converter=_lower, validator=_plain_text)
    identity: Literal["mail_from", "helo"] = attrs.field(
        default="mail_from", validator=attrs.validators.in_(("mail_from", "helo"))
    )
    selector: str = attrs.field(default="", validator=_plain_text)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "domain", ascii_domain(self.domain) or self.domain)

    @property
    def is_authenticated(self) -> bool:
        """Whether the domain may be aligned: it passed, it is one, and it is not HELO's."""
        return self.result == "pass" and self._counts

    @property
    def is_unanswered(self) -> bool:
        """Whether the domain might have been one that may be aligned, had all questions been answered (5.3.6)."""
        return self.result == "temperror" and self._counts

    @property
    def _counts(self) -> bool:
        return self.identity == "mail_from" and not name_fault(self.domain)


@attrs.frozen(kw_only=True)
class Aligned:
    """How one authenticated domain stands to that of From.

    Attributes:
        method: "spf" or "dkim".
        identifier: The domain.
        mode: How near it must be.
        is_aligned: Whether it is; None if that hangs on a question without an answer, its own check's or another.
        organizational: Its organizational domain; empty where it was not asked for, or is not known.
        reason: Why, in a sentence.

    >>> found = Aligned(method="spf", identifier=Identifier(domain="example.com"), mode="r", is_aligned=True)
    >>> found.identifier.domain, found.is_aligned
    ('example.com', True)
    """

    method: Literal["spf", "dkim"]
    identifier: Identifier
    mode: Alignment = attrs.field(converter=_mode)
    is_aligned: bool | None
    organizational: str = ""
    reason: str = ""


@attrs.frozen(kw_only=True)
class Verdict:
    """What DMARC says about one letter.

    The disposition is what the domain's owner asks for. A receiver decides by more than that: it
    must not reject for the sake of p=reject alone (RFC 9989, 7.4).

    Attributes:
        result: Pass, fail, none, temperror or permerror.
        domain: From's domain as A-labels; empty if there is not exactly one.
        alignments: Each authenticated domain, SPF's first.
        discovery: Which record applies, and where the organization begins; None if nothing was asked.
        disposition: What is asked for the letter: the policy if it fails, one step milder for t=y, else none.
        reasons: Why, in sentences.
        parts: One verdict for each of several domains in From.

    >>> from mailkit.dns import dmarc
    >>> zone = {("_dmarc.example.com", "TXT"): ["v=DMARC1; p=reject; t=y"]}
    >>> verdict = dmarc.evaluate_sync("example.com", dkim=[dmarc.Identifier(domain="example.net")], resolver=zone)
    >>> verdict.result, verdict.policy, verdict.disposition
    (<Result.FAIL: 'fail'>, <Policy.REJECT: 'reject'>, <Policy.QUARANTINE: 'quarantine'>)
    """

    result: Result = attrs.field(converter=_result)
    domain: str = ""
    alignments: tuple[Aligned, ...] = ()
    discovery: Discovery | None = attrs.field(default=None, repr=False)
    disposition: Policy = Policy.NONE
    reasons: tuple[str, ...] = ()
    parts: tuple[Verdict, ...] = attrs.field(default=(), repr=False)

    @property
    def aligned(self) -> Aligned | None:
        """The authenticated domain that made it pass; None if there is none."""
        return next((found for found in self.alignments if found.is_aligned), None)

    @property
    def record(self) -> Record | None:
        """The record that applies; None if none does."""
        applied = self.discovery.applied if self.discovery else None
        return applied.record if applied else None

    @property
    def policy(self) -> Policy | None:
        """What the record asks for failing mail of the domain; None if DMARC does not apply or is not known."""
        is_known = self.result in (Result.PASS, Result.FAIL)
        return self.discovery.policy if self.discovery and is_known else None

    @property
    def policy_tag(self) -> str:
        """The tag that says so: "p", "sp" or "np"; empty without a policy."""
        return self.discovery.tag if self.policy and self.discovery else ""

    @property
    def policy_domain(self) -> str:
        """The domain at which the record was found; empty without one."""
        applied = self.discovery.applied if self.discovery else None
        return applied.domain if applied else ""

    @property
    def organizational(self) -> str:
        """From's organizational domain; empty if nothing was asked."""
        return self.discovery.organizational if self.discovery else ""

    @property
    def statement(self) -> Statement:
        """What belongs into Authentication-Results (RFC 8601); `str` writes it.

        >>> print(Verdict(result="none", domain="example.com").statement)
        dmarc=none header.from=example.com
        """
        properties = []
        if self.policy:
            # "The evaluated DMARC policy applied / to be applied after policy options have been processed" (9.1)
            policy = self.policy.milder if self.record and self.record.is_testing else self.policy
            properties.append(Property(type="policy", name="dmarc", value=policy.value))
        properties += [Property(type="header", name="from", value=self.domain)] if self.domain else []
        return Statement(method="dmarc", result=self.result.value, properties=tuple(properties))

    def __str__(self) -> str:
        return f"dmarc={self.result.value}: " + "; ".join(self.reasons)

    def _repr_html_(self) -> str:
        asked = "" if self.result is not Result.FAIL else f", {self.disposition.value} is asked for"
        rows = "".join(f"<li>{escape(reason)}</li>" for reason in self.reasons)
        name = escape(self.domain or "From")
        return f"<div><strong>DMARC of {name}: {self.result.value}</strong>{asked}<ul>{rows}</ul></div>"


def ascii_domain(text: str) -> str:
    """A domain as A-labels in small letters, without a final dot; empty if it is none (RFC 9989, 5.3.1).

    >>> ascii_domain("Bücher.Example."), ascii_domain("a..example"), ascii_domain("[192.0.2.1]")
    ('xn--bcher-kva.example', '', '')
    """
    plain = text.strip().removesuffix(".")
    if not plain.isascii() and len(plain) <= _LONGEST_DOMAIN:
        import idna

        try:
            plain = idna.encode(plain, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            return ""
    plain = plain.lower()
    is_name = plain.isascii() and plain.isprintable() and not set(plain) & set(' []@<>"\\,;:()')
    return plain if is_name and not name_fault(plain) else ""


def shown(text: str) -> str:
    """A text as it may stand in a sentence.

    >>> shown("example.com")
    "'example.com'"
    """
    return ascii(cut(text, longest=80))
