"""A letter as a value: what is said, before anyone's name is in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

import attrs

from mailkit.checks import headers
from mailkit.compose.blocks import Block, Preheader
from mailkit.compose.blocks.places import check_places
from mailkit.compose.blocks.rows import RowRule, as_blocks, as_row, check_some_blocks
from mailkit.compose.calling import well_called
from mailkit.compose.rules import any_text, matching, subject_line
from mailkit.compose.theme import Theme
from mailkit.errors import InvalidValue
from mailkit.message import Attachment, Message

__all__ = ["Letter"]

# Languages of four to eight letters are allowed for (RFC 5646, 2.2.1), but none was ever registered.
_LANGUAGE: Final = matching(
    "[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*", "is not a language tag (RFC 5646)", "write 'en' or 'pt-BR'"
)
# By CLDR: what is usually written from the right, and the scripts that are in any language (ISO 15924).
_FROM_THE_RIGHT: Final = frozenset(
    {"apc", "ar", "arc", "bal", "bgn", "ckb", "dv", "fa", "he", "iw", "ji", "ks", "lrc", "mzn", "nqo", "ps", "rhg"}
    | {"sd", "sdh", "skr", "syr", "trw", "ug", "ur", "yi"}
)
_SCRIPTS_FROM_THE_RIGHT: Final = frozenset({"adlm", "arab", "aran", "hebr", "nkoo", "rohg", "syrc", "thaa"})
_ATTACHMENTS: Final = RowRule(kinds=lambda: (Attachment,), what="Attachment", mend="put Attachment(…) into [ ]")


def _attachments(value: Iterable[Attachment]) -> tuple[Attachment, ...]:
    return as_row(value)


@well_called
@attrs.frozen(kw_only=True)
class Letter:
    """A letter made of blocks.

    Attributes:
        subject: The subject, one line; Jinja prints values in it as they are, since it is not HTML.
            Statements may stand on lines of their own.
        blocks: What the letter says, from top to bottom.
        preheader: What an inbox shows after the subject; hidden in the letter itself.
        theme: How it looks.
        amp: The AMP part, in whole, with Jinja; empty for none. A letter is a value and holds text,
            so read the part's file first, `Path("letter.amp.html").read_text()`; so for `calendar`.
        calendar: The calendar part, such as an invitation (RFC 5545), with Jinja; empty for none.
        lang: Its language (RFC 5646), for screen readers, hyphenation and the side from
            which it is read.
        headers: Header fields of every copy, such as Feedback-ID.
        attachments: Files and inline images of every copy.

    >>> from mailkit.compose import blocks as b
    >>> letter = Letter(subject="{{ name }}, your cart is waiting", blocks=[b.Text("Come back!")], lang="he")
    >>> letter.direction
    'rtl'
    """

    subject: str = attrs.field(validator=subject_line)
    blocks: tuple[Block, ...] = attrs.field(converter=as_blocks, validator=check_some_blocks)
    preheader: str = attrs.field(default="", validator=any_text)
    theme: Theme = attrs.field(factory=Theme)
    amp: str = attrs.field(default="", validator=any_text)
    calendar: str = attrs.field(default="", validator=any_text)
    lang: str = attrs.field(default="en", validator=_LANGUAGE)
    headers: tuple[tuple[str, str], ...] = attrs.field(default=(), converter=headers)
    attachments: tuple[Attachment, ...] = attrs.field(default=(), converter=_attachments, validator=_ATTACHMENTS)

    @theme.validator
    def _check_theme(self, attribute: object, value: Theme) -> None:
        if not isinstance(value, Theme):
            raise InvalidValue("Letter.theme", value, "is not a Theme", "write Theme(accent=…), or leave it out")

    @headers.validator
    def _check_headers(self, attribute: object, value: tuple[tuple[str, str], ...]) -> None:
        Message(subject="", headers=value)  # knows which fields have a place of their own

    def __attrs_post_init__(self) -> None:
        check_places(self.blocks)
        said = [block.text for block in self.blocks if isinstance(block, Preheader)]
        if not said:
            return
        if len(said) > 1 or self.preheader.strip():
            raise InvalidValue("Letter.preheader", said[-1], "is given a second time", "keep one")
        # Kept in one place, so that whoever reads a letter need not look in two.
        object.__setattr__(self, "preheader", said[0])
        object.__setattr__(self, "blocks", tuple(one for one in self.blocks if not isinstance(one, Preheader)))
        check_some_blocks(self, attrs.fields(Letter).blocks, self.blocks)

    def to_json(self) -> str:
        """The letter as JSON, for a database or a visual editor; equal letters give equal texts.

        What is as it is by default is left out; files stand in it as base64 (RFC 4648, 4).
        `letter_schema` describes it.

        >>> from mailkit.compose import blocks as b
        >>> print(Letter(subject="Sale", blocks=[b.Heading("Hello, {{ name }}", level=2)]).to_json())
        {
          "version": 1,
          "subject": "Sale",
          "blocks": [
            {
              "type": "heading",
              "text": "Hello, {{ name }}",
              "level": 2
            }
          ]
        }
        """
        from mailkit.compose.codec import written

        return written(self)

    @classmethod
    def from_json(cls, source: str | bytes | Mapping[str, Any]) -> Letter:
        """The letter that a JSON text says, or an object that was parsed already.

        Letters that any earlier release wrote can be read. One of a later version than this
        release knows is refused, as are fields that it does not know.

        Raises:
            InvalidValue: It is no JSON, or something in it is not what it should be; says
                where, as in `Letter.blocks[3].columns[0].blocks[1].level`.

        >>> Letter.from_json('{"version": 1, "subject": "Sale", "blocks": [{"type": "heding", "text": "Hello"}]}')
        Traceback (most recent call last):
        mailkit.errors.InvalidValue: Letter.blocks[0].type: 'heding' is not a block's type; did you mean 'heading'?
        """
        from mailkit.compose.codec import read

        letter: Letter = read(cls, source)
        return letter

    @property
    def direction(self) -> Literal["ltr", "rtl"]:
        """From which side the language is read; its script, where the tag names one, decides."""
        language, *more = self.lang.lower().split("-")
        script = next((one for one in more if len(one) == 4 and one.isalpha()), "")
        is_rtl = script in _SCRIPTS_FROM_THE_RIGHT if script else language in _FROM_THE_RIGHT
        return "rtl" if is_rtl else "ltr"
