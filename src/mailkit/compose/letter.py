"""A letter as a value: what is said, before anyone's name is in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final, Literal

import attrs

from mailkit.checks import headers
from mailkit.compose.blocks import Block, as_blocks, check_blocks
from mailkit.compose.theme import Theme
from mailkit.errors import InvalidValue
from mailkit.message import Attachment, Message

__all__ = ["Letter"]

_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*\Z")
_FROM_THE_RIGHT: Final = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})


def _filled(instance: object, attribute: Any, value: str) -> None:
    if not isinstance(value, str) or not value.strip():
        raise InvalidValue(f"Letter.{attribute.name}", value, "is not a text with something in it")


def _attachments(value: Iterable[Attachment]) -> tuple[Attachment, ...]:
    return tuple(value) if isinstance(value, Iterable) else value


@attrs.frozen(kw_only=True)
class Letter:
    """A letter made of blocks.

    Attributes:
        subject: The subject; Jinja prints values in it as they are, since it is not HTML.
        blocks: What the letter says, from top to bottom.
        preheader: What an inbox shows after the subject; hidden in the letter itself.
        theme: How it looks.
        lang: Its language (RFC 5646), for screen readers, hyphenation and the side from
            which it is read.
        headers: Header fields of every copy, such as Feedback-ID.
        attachments: Files and inline images of every copy.

    >>> from mailkit.compose import blocks as b
    >>> letter = Letter(subject="{{ name }}, your cart is waiting", blocks=[b.Text("Come back!")], lang="he")
    >>> letter.direction
    'rtl'
    """

    subject: str = attrs.field(validator=_filled)
    blocks: tuple[Block, ...] = attrs.field(converter=as_blocks, validator=check_blocks)
    preheader: str = attrs.field(default="")
    theme: Theme = attrs.field(factory=Theme)
    lang: str = attrs.field(default="en")
    headers: tuple[tuple[str, str], ...] = attrs.field(default=(), converter=headers)
    attachments: tuple[Attachment, ...] = attrs.field(default=(), converter=_attachments)

    @blocks.validator
    def _check_some(self, attribute: object, value: tuple[Block, ...]) -> None:
        if not value:
            raise InvalidValue("Letter.blocks", value, "is empty", "write e.g. [blocks.Text('…')]")

    @preheader.validator
    def _check_preheader(self, attribute: object, value: str) -> None:
        if not isinstance(value, str):
            raise InvalidValue("Letter.preheader", value, "is not text")

    @theme.validator
    def _check_theme(self, attribute: object, value: Theme) -> None:
        if not isinstance(value, Theme):
            raise InvalidValue("Letter.theme", value, "is not a Theme", "leave it out for the usual one")

    @attachments.validator
    def _check_attachments(self, attribute: object, value: tuple[Attachment, ...]) -> None:
        for one in value if isinstance(value, tuple) else (value,):
            if not isinstance(one, Attachment):
                raise InvalidValue("Letter.attachments", one, "is not an Attachment", "put Attachment(…) into [ ]")

    @lang.validator
    def _check_lang(self, attribute: object, value: str) -> None:
        if not isinstance(value, str) or not _LANGUAGE.match(value):
            raise InvalidValue("Letter.lang", value, "is not a language tag (RFC 5646)", "write 'en' or 'pt-BR'")

    @headers.validator
    def _check_headers(self, attribute: object, value: tuple[tuple[str, str], ...]) -> None:
        Message(subject="", headers=value)  # knows which fields have a place of their own

    @property
    def direction(self) -> Literal["ltr", "rtl"]:
        """From which side the language is read."""
        return "rtl" if self.lang.split("-")[0].lower() in _FROM_THE_RIGHT else "ltr"
