"""What a letter may be compiled from: blocks, HTML, MJML, or files of them; each becomes the same parts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import unescape
from os import PathLike
from pathlib import Path
from typing import Final

import attrs

from mailkit.compose.assembling import LONGEST_SOURCE, assemble
from mailkit.compose.files import Folder, read_text, without_garbage
from mailkit.compose.layout import lay_out
from mailkit.compose.letter import Letter
from mailkit.compose.marks import MARK, Marks
from mailkit.compose.markup import Attribute, Piece, PieceKind, attributes, pieces, replaced
from mailkit.compose.mjml import is_mjml, mjml_to_html
from mailkit.compose.rules import subject_line
from mailkit.errors import InvalidValue, TemplateError, UnreadableFile
from mailkit.message import Attachment, Message

__all__ = ["Parts", "read_parts"]

_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*\Z")
_USUAL_LANGUAGE: Final = "en"
_FILE_NAME: Final = re.compile(r"[^\s<>{}]+\.(?:html?|mjml|jinja2?|j2|xhtml|tmpl)\Z", re.IGNORECASE)
_CHARSET: Final = re.compile(r"(charset\s*=\s*)[\w.:-]+", re.IGNORECASE)


@attrs.frozen(kw_only=True)
class Parts:
    """A letter's parts with marks.

    Attributes:
        subject: The subject.
        html: The HTML.
        text: The text part; None where it follows from the HTML.
        lang: The language.
        amp: The AMP part; empty for none.
        calendar: The calendar part; empty for none.
        headers: Header fields of every copy.
        attachments: Files and inline images of every copy.
    """

    subject: str
    html: str
    text: str | None
    lang: str
    amp: str = ""
    calendar: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    attachments: tuple[Attachment, ...] = ()


def read_parts(
    source: Letter | str | PathLike[str],
    marks: Marks,
    *,
    subject: str,
    text: str | PathLike[str] | None,
    amp: str | PathLike[str],
    calendar: str | PathLike[str],
    lang: str,
    templates: str | PathLike[str] | None,
    headers: Iterable[tuple[str, str]] | Mapping[str, str] = (),
    attachments: Iterable[Attachment] = (),
) -> Parts:
    """The parts of a letter, whatever it is made of; the arguments are those of `compile`."""
    if isinstance(source, PathLike) and Path(source).suffix.lower() == ".json":
        source = Letter.from_json(read_text(source))
    if isinstance(source, Letter):
        given: dict[str, object] = {"subject": subject, "text": text, "amp": amp, "calendar": calendar}
        given |= {"lang": lang, "templates": templates, "headers": headers, "attachments": attachments}
        for what, value in given.items():
            if value or (what == "text" and value is not None):
                raise InvalidValue(f"compile, {what}", value, "is given beside a Letter", "say it in the letter")
        layout = lay_out(source, marks)
        return Parts(
            subject=layout.subject,
            html=layout.html,
            text=None,
            lang=source.lang,
            amp=_text(source.amp, "amp", marks),
            calendar=_text(source.calendar, "calendar", marks),
            headers=source.headers,
            attachments=source.attachments,
        )
    if not isinstance(source, str | PathLike):
        raise InvalidValue("compile", source, "is neither a Letter nor HTML nor a Path", _mend(source))
    parts = _Sources(marks, templates).parts(source, subject, text, lang)
    beside = Message(subject="", headers=headers, attachments=attachments)  # knows what may stand there
    return attrs.evolve(
        parts,
        amp=_text(amp, "amp", marks),
        calendar=_text(calendar, "calendar", marks),
        headers=beside.headers,
        attachments=beside.attachments,
    )


def _mend(source: object) -> str:
    if isinstance(source, bytes | bytearray):
        return "decode bytes to text first"
    if isinstance(source, list | tuple) or type(source).__module__.startswith("mailkit.compose.blocks"):
        return "put blocks into a letter: Letter(subject=…, blocks=[…])"
    return "give compose.Letter(…), HTML as text, or Path('letter.html')"


class _Sources:
    def __init__(self, marks: Marks, templates: str | PathLike[str] | None) -> None:
        self._marks = marks
        self._folder = None
        if templates is not None:
            self._folder = Folder(Path(templates))
            if not self._folder.path.is_dir():
                raise InvalidValue("compile, templates", str(templates), "is not a folder")

    def parts(self, source: str | PathLike[str], subject: str, text: str | PathLike[str] | None, lang: str) -> Parts:
        if not isinstance(lang, str) or (lang and not _LANGUAGE.match(lang)):
            raise InvalidValue("compile, lang", lang, "is not a language tag (RFC 5646)", "write 'en' or 'pt-BR'")
        if not isinstance(subject, str):
            raise InvalidValue("compile, subject", subject, "is not text")
        name, html = self._read(source)
        bare = self._marks.without_lines(html)
        if not bare.strip():
            raise TemplateError("the source is empty", template=name)
        if is_mjml(bare):
            html = bare = mjml_to_html(bare, self._marks, part=name, lang=lang)
        elif "<mj-" in html.lower():
            _refuse_loose(html, self._marks, name)
        html = _in_utf8(html)
        return Parts(
            subject=self._subject(subject, bare),
            html=html if html.endswith("\n") else f"{html}\n",
            text=None if text is None else _text(text, "text", self._marks),
            lang=lang or _language(bare),
        )

    def _read(self, source: str | PathLike[str]) -> tuple[str, str]:
        """The source's name for errors, and its text with marks, its files put together."""
        if isinstance(source, str):
            if _FILE_NAME.match(source):
                raise InvalidValue("compile", source, "looks like the name of a file", "write Path(…) around it")
            name, text, folder = "html", _plain(source, "html"), self._folder
        else:
            path = Path(source)
            name, text, folder = path.name, read_text(path), self._folder or Folder(path.parent)
        if len(text) > LONGEST_SOURCE:
            raise TemplateError(f"the source has more than {LONGEST_SOURCE:,} characters", template=name)
        return name, assemble(self._marks.read(text, name, is_file=True), self._marks, folder)

    def _subject(self, given: str, html: str) -> str:
        if given.strip():
            given = _plain(given, "subject")
            if trouble := subject_line.trouble(given):
                raise InvalidValue("compile, subject", given, trouble)
            return self._marks.read(" ".join(given.split()), "subject")
        titles = (one.text for one in pieces(html) if one.kind is PieceKind.RAW and one.name == "title")
        title = " ".join(unescape(next(titles, "")).split())
        if not title:
            reason = "there is no subject: give subject=…, or put a <title> into the HTML"
            raise TemplateError(reason, template="subject")
        return title


def _refuse_loose(html: str, marks: Marks, name: str) -> None:
    """Refuse MJML's components where no `<mjml>` stands around them: they would be sent as they are."""
    line, excerpt = 1, ""
    for piece in pieces(html):
        if piece.kind is PieceKind.OPEN and piece.name.startswith("mj-"):
            excerpt = marks.words(piece.text)[:120]
            reason = f"<{piece.name}> stands outside of <mjml>; write <mjml><mj-body>…</mj-body></mjml> around it"
            raise TemplateError(reason, template=name, line=line, excerpt=excerpt)
        line += piece.text.count("\n")


def _text(given: str | PathLike[str], part: str, marks: Marks) -> str:
    """A part beside the HTML, with marks."""
    if isinstance(given, PathLike):
        return marks.read(read_text(Path(given)), Path(given).name)
    if not isinstance(given, str):
        raise InvalidValue(f"compile, {part}", given, "is not text")
    return marks.read(_plain(given, part), part)


def _plain(text: str, part: str) -> str:
    try:
        return without_garbage(text, part)
    except UnreadableFile as error:
        raise TemplateError(error.reason, template=part) from error


def _language(html: str) -> str:
    """What `<html lang>` says."""
    for piece in pieces(html):
        if piece.kind is PieceKind.OPEN and piece.name == "html":
            given = next((one.value.strip() for one in attributes(piece.text) if one.name == "lang"), "")
            return given if _LANGUAGE.match(given) and given != "und" else _USUAL_LANGUAGE
    return _USUAL_LANGUAGE


def _in_utf8(html: str) -> str:
    """The HTML with `<meta>` naming the encoding in which it is sent, whatever the file was in."""
    if "charset" not in html.lower():
        return html
    return "".join(_named(piece) if piece.name == "meta" else piece.text for piece in pieces(html))


def _named(meta: Piece) -> str:
    changes: list[tuple[Attribute, str]] = []
    for one in attributes(meta.text):
        if one.name == "charset" and not MARK.search(one.value) and one.value.lower() != "utf-8":
            changes.append((one, "utf-8"))
        elif one.name == "content" and (found := _CHARSET.search(one.value)) and "utf-8" not in one.value.lower():
            changes.append((one, f"{one.value[: found.start()]}{found[1]}utf-8{one.value[found.end() :]}"))
    return replaced(meta.text, changes)
