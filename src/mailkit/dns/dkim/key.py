"""DKIM key records (RFC 6376, 3.6.1; RFC 8301 and 8463): what is at `selector._domainkey.domain`.

>>> Record.parse("v=DKIM1; p=").is_revoked
True
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from functools import cached_property
from typing import Any, Final

import attrs

from mailkit.dns.lookup import Answer, Check, Outcome, Query, ask, name_fault
from mailkit.dns.tags import Broken, Fault, Tag, cut, read, texts
from mailkit.errors import InvalidValue

__all__ = ["Found", "Record", "find", "is_key", "key_name"]

_LABEL: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?\Z")
_WORD: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\Z")
_ED25519_BYTES: Final = 32


def _words(instance: object, attribute: Any, value: tuple[str, ...]) -> None:
    for word in value:
        if not _WORD.match(word) and not (word == "*" and attribute.name == "services"):
            raise InvalidValue("DKIM record", word, "is not a word of letters, digits and -")


def _key(instance: object, attribute: object, value: Any) -> None:
    if value is not None and not isinstance(value, bytes):
        raise InvalidValue("DKIM record p", value, "is not bytes", "give the key in DER, or None")


def _algorithm(instance: object, attribute: object, value: Any) -> None:
    if not isinstance(value, str) or not _WORD.match(value):
        raise InvalidValue("DKIM record k", value, "is not the name of an algorithm", "write 'rsa' or 'ed25519'")


@attrs.frozen(kw_only=True)
class Record:
    """A published DKIM key. `str` gives it as it should be written, without what was broken.

    Attributes:
        key: p=, the key in DER (RSA) or its 32 bytes (Ed25519); empty once it is revoked, None if
            it is missing or cannot be read.
        algorithm: k=, "rsa" or "ed25519"; others are unknown to verifiers.
        hashes: h=, the hashes that signatures may use; empty for all.
        services: s=, what the key is for; "*" or "email" let it sign mail.
        flags: t=, of which "y" means testing and "s" that i= may name no subdomain.
        broken: What could not be read.

    >>> record = Record.parse("v=DKIM1; t=y; p=")
    >>> record.is_revoked, record.is_testing, record.bits
    (True, True, None)
    """

    key: bytes | None = attrs.field(validator=_key)
    algorithm: str = attrs.field(default="rsa", validator=_algorithm)
    hashes: tuple[str, ...] = attrs.field(default=(), converter=texts, validator=_words)
    services: tuple[str, ...] = attrs.field(default=("*",), converter=texts, validator=_words)
    flags: tuple[str, ...] = attrs.field(default=(), converter=texts, validator=_words)
    broken: tuple[Broken, ...] = attrs.field(default=(), eq=False)

    @classmethod
    def parse(cls, text: str) -> Record:
        """Read a key record; what is broken in it is kept. Unknown tags are ignored (RFC 6376, 3.2).

        Raises:
            InvalidValue: The text is no key record; see `is_key`.
        """
        if not isinstance(text, str):
            raise InvalidValue("DKIM record", text, "is not text")
        if not is_key(text):
            raise InvalidValue("DKIM record", cut(text), "is not a key record", "it must begin with v=DKIM1")
        parts = read(text, names_have_case=True)
        tags = {part.name: part for part in parts if isinstance(part, Tag)}
        broken = [part for part in parts if isinstance(part, Broken)]
        if "v" in tags and parts[0] is not tags["v"]:
            reason = "does not come first (RFC 6376, 3.6.1)"
            broken.append(Broken(text=str(tags["v"]), reason=reason, span=tags["v"].span, fault=Fault.MISPLACED))
        if "k" in tags and not _WORD.match(tags["k"].value):
            broken.append(_bad(tags["k"], "is not the name of an algorithm"))
            del tags["k"]
        return cls(
            key=_read_key(tags.get("p"), broken),
            algorithm=tags["k"].value if "k" in tags else "rsa",
            hashes=_read_words(tags.get("h"), broken),
            services=_read_words(tags.get("s"), broken) or ("*",),
            flags=_read_words(tags.get("t"), broken),
            broken=tuple(broken),
        )

    @property
    def is_revoked(self) -> bool:
        """Whether the key was taken back, by an empty p=."""
        return self.key == b""

    @property
    def is_testing(self) -> bool:
        """Whether verifiers must treat signed mail as if it were not signed (t=y)."""
        return "y" in self.flags

    @property
    def signs_mail(self) -> bool:
        """Whether the key may sign mail (s=)."""
        return bool({"*", "email"} & set(self.services))

    @cached_property
    def bits(self) -> int | None:
        """The size of the key; 256 for Ed25519, None if there is none or it cannot be read."""
        if not self.key:
            return None
        if self.algorithm == "ed25519":
            return 256 if len(self.key) == _ED25519_BYTES else None
        return _rsa_bits(self.key) if self.algorithm == "rsa" else None

    def __str__(self) -> str:
        parts = ["v=DKIM1"]
        parts += [f"k={self.algorithm}"] if self.algorithm != "rsa" else []
        parts += [f"h={':'.join(self.hashes)}"] if self.hashes else []
        parts += [f"s={':'.join(self.services)}"] if self.services not in ((), ("*",)) else []
        parts += [f"t={':'.join(self.flags)}"] if self.flags else []
        parts += [f"p={b64encode(self.key).decode('ascii')}"] if self.key is not None else []
        return "; ".join(parts)


@attrs.frozen(kw_only=True)
class Found:
    """What is published for one selector.

    Attributes:
        selector: The selector.
        name: Where its key belongs.
        outcome: What became of the question.
        texts: The key records found; there should be one.
        record: That one.

    >>> from mailkit.dns.drive import run_sync
    >>> found = run_sync(find("news", "example.com"), resolver={("news._domainkey.example.com", "TXT"): "v=DKIM1; p="})
    >>> found.name, found.record.is_revoked
    ('news._domainkey.example.com', True)
    """

    selector: str
    name: str
    outcome: Outcome
    texts: tuple[str, ...] = ()
    record: Record | None = None


def is_key(text: str) -> bool:
    """Whether a TXT record is meant as a key: v=DKIM1, or no version and a p= (RFC 6376, 3.6.1).

    >>> is_key("k=rsa; p=MIGf"), is_key("v=spf1 -all")
    (True, False)
    """
    tags = {part.name: part.value for part in read(text, names_have_case=True) if isinstance(part, Tag)}
    return tags["v"] == "DKIM1" if "v" in tags else "p" in tags


def is_harmless(part: Broken) -> bool:
    """Whether a broken part of a key record leaves the key usable: flags that nobody can read, or an empty list.

    By the letter any broken part makes the record none (RFC 6376, 6.1.2); these stand in many, and verifiers
    take them.

    >>> [is_harmless(part) for part in Record.parse("v=DKIM1; t=y s; h=; k=r s a; p=AAAA").broken]
    [False, True, True]
    """
    return part.fault is Fault.VALUE and (part.text.startswith("t=") or part.text in ("h=", "s=", "k="))


def key_name(selector: str, domain: str) -> str:
    """Where the key of a selector belongs.

    Raises:
        InvalidValue: The selector is not one (RFC 6376, 3.1).

    >>> key_name("news", "example.com")
    'news._domainkey.example.com'
    """
    if not isinstance(selector, str) or not all(map(_LABEL.match, selector.split("."))):
        mend = "write what stands behind s= in a signature, such as 'news'"
        raise InvalidValue("selector", selector, "is not a DKIM selector", mend)
    name = f"{selector.lower()}._domainkey.{domain}"
    fault = name_fault(name)
    if fault:
        raise InvalidValue("selector", selector, f"makes a name that {fault}")
    return name


def find(selector: str, domain: str) -> Check[Found]:
    """Read the key of a selector.

    A check for `mailkit.dns.drive.run`.

    Raises:
        InvalidValue: The selector is not one; at once, before anything is asked.

    >>> next(find("news", "example.com"))[0].name
    'news._domainkey.example.com'
    """
    return _find(selector, key_name(selector, domain))


def _find(selector: str, name: str) -> Check[Found]:
    outcome = yield from ask(Query(name, "TXT"))
    texts = tuple(filter(is_key, outcome.values)) if isinstance(outcome, Answer) else ()
    record = Record.parse(texts[0]) if len(texts) == 1 else None
    return Found(selector=selector, name=name, outcome=outcome, texts=texts, record=record)


def _read_key(tag: Tag | None, broken: list[Broken]) -> bytes | None:
    if tag is None:
        broken.append(Broken(text="", reason="has no p=, so there is no key"))
        return None
    try:
        return b64decode("".join(tag.value.split()), validate=True)
    except (binascii.Error, ValueError):
        has_armour = "-----" in tag.value
        mend = "leave out the lines with BEGIN and END" if has_armour else "publish it again, whole"
        broken.append(attrs.evolve(_bad(tag, "is not base64"), mend=mend))
        return None


def _read_words(tag: Tag | None, broken: list[Broken]) -> tuple[str, ...]:
    if tag is None:
        return ()
    words = tuple(word.strip() for word in tag.value.split(":"))
    if not all(_WORD.match(word) or (word == "*" and tag.name == "s") for word in words):
        broken.append(_bad(tag, "is not a list of words with colons between them"))
        return ()
    return words


def _bad(tag: Tag, reason: str) -> Broken:
    return Broken(text=str(tag), reason=reason, span=tag.span)


def _rsa_bits(key: bytes) -> int | None:
    """The size of an RSA key in DER, with its algorithm (as everybody publishes) or bare (as RFC 6376 says)."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        loaded = load_der_public_key(key)
    except (ValueError, UnsupportedAlgorithm):
        return None
    return loaded.key_size if isinstance(loaded, RSAPublicKey) else None
