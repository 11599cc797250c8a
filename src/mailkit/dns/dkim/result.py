"""What came of verifying the signatures of a mail."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from html import escape

import attrs

from mailkit.dns.dkim.signature import Signature
from mailkit.dns.tags import cut
from mailkit.findings import Finding, Severity

__all__ = ["MOST_SIGNATURES", "Result", "SignatureResult", "Verification", "results_table"]

MOST_SIGNATURES = 10
"""How many signatures of one mail are looked at."""


class Result(StrEnum):
    """What is said about a signature (RFC 8601, 2.7.1)."""

    NONE = "none"
    """There is none."""
    PASS = "pass"  # noqa: S105 - a word of RFC 8601, no password
    """It verifies."""
    FAIL = "fail"
    """It does not verify, or by a key or hash that counts no more (RFC 8301)."""
    NEUTRAL = "neutral"
    """It cannot be read, or lacks a tag that it must have."""
    TEMPERROR = "temperror"
    """Its key could not be had now; later it may."""
    PERMERROR = "permerror"
    """It cannot be verified, now or later: there is no key or a wrong one, From is not signed, or it has expired."""


_COLUMNS = {
    "Method": "white-space:nowrap",
    "Result": "white-space:nowrap",
    "Domain": "min-width:10em;overflow-wrap:anywhere",
    "Why": "overflow-wrap:anywhere",
}
"""The columns of tables, and how their texts may be broken."""

_BEST = (Result.PASS, Result.TEMPERROR, Result.FAIL, Result.PERMERROR, Result.NEUTRAL)


@attrs.frozen(kw_only=True)
class SignatureResult:
    """What came of one signature.

    Attributes:
        result: The result in one word.
        signature: The signature.
        bits: The size of its key; None if no key could be read.
        reasons: Why it does not pass, the decisive one first; empty if it does.
        notices: What is to be said besides, such as a body that is only partly signed.
        difference: What has changed since it was signed, "-" for what was signed and "+" for what arrived;
            empty if nothing was found that explains the failure.

    >>> from mailkit.dns.headers import Field
    >>> signature = Signature.read(Field(b"DKIM-Signature: v=1; d=example.com; s=news"))
    >>> result = SignatureResult(result=Result.NEUTRAL, signature=signature)
    >>> result.passes, str(result)
    (False, 'neutral: news._domainkey.example.com')
    """

    result: Result
    signature: Signature
    bits: int | None = None
    reasons: tuple[Finding, ...] = ()
    notices: tuple[Finding, ...] = ()
    difference: str = ""

    @property
    def domain(self) -> str:
        """The domain that takes responsibility, d=."""
        return self.signature.domain

    @property
    def passes(self) -> bool:
        """Whether the signature verifies."""
        return self.result is Result.PASS

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Reasons and notices."""
        return self.reasons + self.notices

    @property
    def authentication_results(self) -> str:
        """Its part of an Authentication-Results field (RFC 8601, 2.7.1; RFC 6008 for header.b).

        >>> from mailkit.dns.headers import Field
        >>> text = b"DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=news; h=from; bh=AAAA; b=AbC/dEf1GhIj"
        >>> SignatureResult(result=Result.PASS, signature=Signature.read(Field(text))).authentication_results
        'dkim=pass header.d=example.com header.s=news header.b="AbC/dEf1"'
        """
        given = self.signature
        parts = [f"dkim={self.result}"]
        parts += [f'reason="{_quotable(cut(self.reasons[0].message, longest=150))}"'] if self.reasons else []
        parts += [f"header.d={given.domain}"] if given.domain else []
        parts += [f"header.s={given.selector}"] if given.selector else []
        parts += [f"header.b={_token(given.start)}"] if given.value else []
        return " ".join(parts)

    def __str__(self) -> str:
        who = f"{self.signature.selector or '?'}._domainkey.{self.domain or '?'}"
        return f"{self.result}: {who}" + "".join(f"; {reason.message}" for reason in self.reasons)


@attrs.frozen(kw_only=True)
class Verification:
    """What came of verifying a mail.

    Attributes:
        results: The result of each signature, the topmost first.
        skipped: How many signatures stand below the first ten, and were not looked at.

    >>> print(Verification(results=()).authentication_results)
    dkim=none
    """

    results: tuple[SignatureResult, ...]
    skipped: int = 0

    @property
    def result(self) -> Result:
        """The best of the results, since one signature that verifies is enough; none if there is no signature."""
        words = {result.result for result in self.results}
        return next((word for word in _BEST if word in words), Result.NONE)

    @property
    def passes(self) -> bool:
        """Whether a signature verifies, whosever it is."""
        return self.result is Result.PASS

    @property
    def domains(self) -> tuple[str, ...]:
        """The domains whose signatures verify, each once."""
        return tuple(dict.fromkeys(result.domain for result in self.results if result.passes))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that is to be said."""
        found = tuple(finding for result in self.results for finding in result.findings)
        if not self.skipped:
            return found
        message = f"there are {self.skipped} more signatures, which were not looked at"
        return (
            *found,
            Finding(code="dns.dkim-skipped", severity=Severity.WARNING, message=message, source="RFC 6376, 6.1"),
        )

    @property
    def authentication_results(self) -> str:
        """The parts of an Authentication-Results field, "dkim=none" if there is no signature."""
        return "; ".join(result.authentication_results for result in self.results) or "dkim=none"

    def __str__(self) -> str:
        return "\n".join(map(str, self.results)) or "none: the mail is not signed"

    def _repr_html_(self) -> str:
        return results_table(self.rows)

    @property
    def rows(self) -> tuple[tuple[str, str, str, str], ...]:
        """For each signature the method, the result, who signed, and why it does not pass."""
        return tuple(("DKIM", str(one.result), one.domain, _why(one)) for one in self.results) or (
            ("DKIM", "none", "", "the mail is not signed"),
        )


def results_table(rows: Iterable[tuple[str, str, str, str]]) -> str:
    """What was found about a mail as an HTML table for notebooks, in the colours that are around it.

    >>> results_table([("DKIM", "fail", "example.com", "<b>")])[-37:]
    '">&lt;b&gt;</td></tr></tbody></table>'
    """
    titles = "".join(f'<th scope="col" style="text-align:left">{one}</th>' for one in _COLUMNS)
    body = "".join(
        f"<tr>{''.join(_cell(text, width) for text, width in zip(row, _COLUMNS.values(), strict=True))}</tr>"
        for row in rows
    )
    return f'<table class="mailkit-dns"><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>'


def _why(one: SignatureResult) -> str:
    return "\n".join((*(reason.message for reason in one.reasons), *filter(None, [one.difference])))


def _cell(text: str, width: str) -> str:
    shown = escape(text).replace("\n", "<br>")
    return f'<td style="text-align:left;vertical-align:top;{width}">{shown}</td>'


def _quotable(text: str) -> str:
    plain = text.replace("…", "...").encode("ascii", "replace").decode("ascii")
    return "".join(letter if letter.isprintable() and letter not in '"\\' else "'" for letter in plain)


def _token(text: str) -> str:
    return text if text.isalnum() else f'"{text}"'
