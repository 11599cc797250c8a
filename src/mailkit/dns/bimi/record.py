"""BIMI records as values: `v=BIMI1; l=https://example.com/logo.svg; a=https://example.com/mark.pem`.

Section numbers in this folder are of draft-brand-indicators-for-message-identification-10.

>>> Record.parse("v=BIMI1; l=; a=;").is_declination
True
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any, Final

import attrs

from mailkit.dns.tags import Broken, Tag, cut, read, word
from mailkit.errors import InvalidValue

__all__ = ["Avatar", "Record", "is_bimi"]

_VERSION: Final = re.compile(r"v[ \t]*=[ \t]*BIMI1[ \t]*(?:;|\Z)")
_URI: Final = re.compile(r"https://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::[0-9]{1,5})?(?:[/?][!-+\--:<-~]*)?\Z")


class Avatar(StrEnum):
    """Which picture is wanted where the sender has one of his own, too (avp=)."""

    BRAND = "brand"
    """The logo of the domain."""
    PERSONAL = "personal"
    """The sender's own picture."""


def _check_uri(instance: object, attribute: Any, value: Any) -> None:
    if not isinstance(value, str) or (value and not _URI.match(value)):
        mend = "write 'https://example.com/logo.svg', with commas and semicolons as %2C and %3B"
        raise InvalidValue(f"BIMI {attribute.name}", value, "is not an address of https: with a full host name", mend)


def _avatar(value: Any) -> Avatar:
    return word(Avatar, value, "BIMI avp")


@attrs.frozen(kw_only=True)
class Record:
    """A BIMI record. `str` gives it as it should be written, without what was broken.

    Attributes:
        logo: Where the logo is (l=); empty if none is to be shown.
        mark: Where the mark certificate is (a=); empty if there is none.
        avatar: Which picture is wanted where the sender has one of his own (avp=).
        by_local_part: Whether what is left of the @ chooses another record (lps=).
        has_logo: Whether l= is there at all and can be read; it has to be.
        broken: What could not be read.

    >>> print(Record(logo="https://example.com/logo.svg"))
    v=BIMI1; l=https://example.com/logo.svg; a=
    """

    logo: str = attrs.field(default="", validator=_check_uri)
    mark: str = attrs.field(default="", validator=_check_uri)
    avatar: Avatar = attrs.field(default=Avatar.BRAND, converter=_avatar)
    by_local_part: bool = False
    has_logo: bool = attrs.field(default=True, eq=False)
    broken: tuple[Broken, ...] = attrs.field(default=(), eq=False)

    @classmethod
    def parse(cls, text: str) -> Record:
        """Read a record; what cannot be read is kept in `broken`. Receivers take no record with a broken part (4.3).

        Raises:
            InvalidValue: The text does not begin with v=BIMI1.
        """
        if not isinstance(text, str) or not is_bimi(text):
            raise InvalidValue("BIMI record", cut(str(text)), "does not begin with v=BIMI1", "see is_bimi")
        fields: dict[str, Any] = {}
        broken: list[Broken] = []
        for part in read(text, names_have_case=True)[1:]:
            if isinstance(part, Broken):
                broken.append(part)
            else:
                broken += _read(part, fields)
        return cls(**fields, has_logo="logo" in fields, broken=tuple(broken))

    @property
    def is_declination(self) -> bool:
        """Whether it says that no logo is to be shown (4.3.1)."""
        return self.has_logo and not self.logo and not self.mark

    def __str__(self) -> str:
        parts = ["v=BIMI1", f"l={self.logo}", f"a={self.mark}"]
        parts += ["lps=true"] if self.by_local_part else []
        parts += [f"avp={self.avatar}"] if self.avatar is not Avatar.BRAND else []
        return "; ".join(parts)


def is_bimi(text: str) -> bool:
    """Whether a TXT record is a BIMI record at all; others at its name are ignored (4.3).

    >>> is_bimi("v=BIMI1; l=; a="), is_bimi("v=bimi1; l="), is_bimi("l=; v=BIMI1")
    (True, False, False)
    """
    return bool(_VERSION.match(text))


def _read(tag: Tag, fields: dict[str, Any]) -> list[Broken]:
    """Read one tag into the fields; unknown ones are ignored."""
    if tag.name in ("l", "a"):
        if not tag.value or _URI.match(tag.value):
            fields["logo" if tag.name == "l" else "mark"] = tag.value
            return []
        return [_bad(tag, "is not one address of https: with a full host name")]
    if tag.name == "avp":
        if tag.value in tuple(Avatar):
            fields["avatar"] = tag.value
            return []
        return [_bad(tag, f"is none of {', '.join(Avatar)}")]
    if tag.name == "lps":
        fields["by_local_part"] = tag.value == "true"
        return [] if tag.value in ("true", "false") else [_bad(tag, "is neither true nor false")]
    return []


def _bad(tag: Tag, reason: str) -> Broken:
    return Broken(text=str(tag), reason=reason, span=tag.span)
