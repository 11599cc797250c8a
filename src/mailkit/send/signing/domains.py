"""One signer for each domain that writes letters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

import attrs

from mailkit.address import Domain
from mailkit.errors import AddressError, InvalidValue, did_you_mean
from mailkit.send.lines import crlf
from mailkit.send.signing.reading import divide
from mailkit.send.signing.signer import Signer

__all__ = ["Signers"]

_FROM: Final = re.compile(rb"^from:((?:[^\r]|\r\n[ \t])*)", re.IGNORECASE | re.MULTILINE)
_ASIDE: Final = re.compile(r'"(?:[^"\\]|\\.)*"|\((?:[^()\\]|\\.)*\)', re.DOTALL)
_ANGLED: Final = re.compile(r"<[^<>]*@([^<>@]*)>")
_BARE: Final = re.compile(r"@([^\s<>,;:@]+)")
_MOST_KEPT: Final = 1000


def _by_domain(given: Mapping[Domain | str, Signer]) -> dict[str, Signer]:
    if not isinstance(given, Mapping) or not given:
        raise InvalidValue("Signers", given, "is not a mapping of domains to signers", "write {'example.com': signer}")
    return {str(name if isinstance(name, Domain) else Domain.parse(name)): one for name, one in given.items()}


@attrs.frozen
class Signers:
    """Signs each letter with the signer of its From domain.

    A domain without a signer of its own has that of the nearest domain above it, which is aligned
    with it for DMARC's relaxed policies (RFC 9989, 3.2.10).

    Attributes:
        signers: The signers by domain. Domains are parsed; names in other alphabets become A-labels.
        unknown: What is done with a letter from any other domain: "refuse" raises, so that it is
            not sent and the others go on; "leave" lets it go without a signature; a signer signs it.
        is_slow: Whether one of the signers is slow.

    >>> from mailkit.send.signing import DKIMKey, DKIMSigner
    >>> key = DKIMKey("news", "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
    >>> signers = Signers({name: DKIMSigner(name, key) for name in ("example.com", "example.org")})
    >>> b" d=example.org;" in signers.sign(b"From: shop@news.example.org\\r\\n\\r\\nHello")
    True
    >>> signers.sign(b"From: shop@books.test\\r\\n\\r\\nHello")
    Traceback (most recent call last):
    mailkit.errors.InvalidValue: Signers: 'books.test' has no signer; add it, or say what to do with unknown=
    """

    signers: Mapping[str, Signer] = attrs.field(converter=_by_domain)
    unknown: Signer | Literal["refuse", "leave"] = attrs.field(default="refuse", kw_only=True)
    is_slow: bool = attrs.field(init=False, eq=False, repr=False)
    _known: dict[bytes, str] = attrs.field(init=False, eq=False, repr=False, factory=dict)

    @signers.validator
    def _check_signers(self, attribute: object, value: Mapping[str, Signer]) -> None:
        for domain, signer in value.items():
            if not isinstance(signer, Signer):
                raise InvalidValue(f"Signers[{domain!r}]", signer, "is not a signer", "give a DKIMSigner")

    @unknown.validator
    def _check_unknown(self, attribute: object, value: object) -> None:
        if value not in ("refuse", "leave") and not isinstance(value, Signer):
            raise InvalidValue("Signers.unknown", value, "is neither", "write 'refuse', 'leave' or give a signer")

    @is_slow.default
    def _is_one_slow(self) -> bool:
        return any(signer.is_slow for signer in (*self.signers.values(), self.unknown) if isinstance(signer, Signer))

    def sign(self, raw: bytes, *, now: datetime | None = None) -> bytes:
        """The letter, signed for the domain of its From.

        Args:
            raw: The finished message (RFC 5322).
            now: When it is signed; the present instant if None.

        Raises:
            InvalidValue: The letter cannot be signed, or its domain has no signer.
        """
        letter = crlf(raw)
        domain = self._domain(letter)
        signer = self._nearest(domain) or self.unknown
        if isinstance(signer, Signer):
            return signer.sign(letter, now=now)
        if signer == "leave":
            return letter
        mend = did_you_mean(domain, self.signers).removeprefix("; ") or "add it, or say what to do with unknown="
        raise InvalidValue("Signers", domain, "has no signer", mend)

    def try_keys(self) -> None:
        """Have each signer that can be asked try its keys.

        Raises:
            InvalidValue: One of them cannot sign.
        """
        for one in {id(one): one for one in (*self.signers.values(), self.unknown)}.values():
            try_keys = getattr(one, "try_keys", None)
            if try_keys is not None:
                try_keys()

    def _nearest(self, domain: str) -> Signer | None:
        while domain:
            if domain in self.signers:
                return self.signers[domain]
            domain = domain.partition(".")[2]
        return None

    def _domain(self, letter: bytes) -> str:
        """The domain of the letter's From, as A-labels."""
        found = _FROM.search(divide(letter)[0])
        field = found.group(1) if found else b""
        if field not in self._known:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            self._known[field] = _domain_of(field)
        return self._known[field]


def _domain_of(field: bytes) -> str:
    """The domain of the first address in a From field."""
    text, before = field.decode("utf-8", "replace"), ""
    while text != before:  # a comment may hold others
        text, before = _ASIDE.sub("", text), text
    found = _ANGLED.search(text) or _BARE.search(text)
    try:
        return str(Domain.parse(found.group(1).strip() if found else ""))
    except AddressError as error:
        reason = "has no address from which a signer could be chosen"
        raise InvalidValue("letter's From", field, reason, "give the finished message (RFC 5322, 3.6.2)") from error
