"""One received letter, judged by SPF, DKIM, DMARC and ARC, and what was found joined into one field (RFC 8601).

The methods are evaluated by modules of their own; here they are asked side by side, and their
results put together.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Protocol

from mailkit.dns.authres import AuthenticationResults, Property, Statement
from mailkit.dns.dmarc.verdict import Identifier, Verdict
from mailkit.errors import InvalidValue

__all__ = ["Signed", "Worded", "authentication_results", "dkim_identifiers", "spf_identifier"]

_WORDS: Final = frozenset({"pass", "fail", "softfail", "neutral", "none", "policy", "temperror", "permerror"})


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
    dmarc: Verdict | None = None,
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
     spf=pass smtp.mailfrom=x@bounces.example.com;
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
    return Identifier(domain=mail_from.rpartition("@")[2] or helo, result=_word(result))


def dkim_identifiers(results: Iterable[Signed]) -> tuple[Identifier, ...]:
    """DKIM's results as DMARC takes them.

    >>> dkim_identifiers([Identifier(domain="example.com", result="fail")])[0].is_authenticated
    False
    """
    return tuple(
        Identifier(domain=str(one.domain), result=_word(one), selector=str(getattr(one, "selector", "") or ""))
        for one in results
    )


def _spf(result: Worded, mail_from: str, helo: str) -> Statement:
    held = [Property(type="smtp", name="mailfrom", value=mail_from)] if mail_from else []
    held += [Property(type="smtp", name="helo", value=helo)] if helo and not mail_from else []
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
