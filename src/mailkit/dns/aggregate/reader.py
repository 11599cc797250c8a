"""Reading aggregate reports row by row, in the memory of one row, however long or broken they are.

How to think about it: a tree of the elements that mean something is walked along with the XML. A
text is put where its element says; at the end of a `record` a row is made and everything is
forgotten. Whatever the tree does not know, extensions among it, leads nowhere and is passed over.

Where the XML breaks off, the row that it breaks in is lost, and reading goes on at the next
`<record>`, as if nothing had stood between. Document types, and with them all entities, are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from mailkit.dns.aggregate.markup import as_utf8
from mailkit.dns.aggregate.records import Memory, Texts, new_report, new_row
from mailkit.dns.aggregate.tree import FEEDBACK, HEAD, NOWHERE, POLICY, RECORD, Node
from mailkit.dns.aggregate.values import Report, Row
from mailkit.dns.notes import Notes, Refused
from mailkit.dns.unpack import Document

if TYPE_CHECKING:
    from xml.parsers.expat import XMLParserType

__all__ = ["rows_of"]

_DEEPEST: Final = 32
_LONGEST_TEXT: Final = 10_000
_LONGEST_TOKEN: Final = 1024 * 1024
_MOST_NAMES: Final = 2_000
_MOST_RESULTS: Final = 200
_MOST_WAITING: Final = 1_000
_MOST_BREAKS: Final = 1_000
_RESUME: Final = re.compile(
    rb"<(?:[A-Za-z_][\w.-]{0,40}:)?(record|policy_published|report_metadata|feedback)[ \t\r\n>]"
)
_LONGEST_START: Final = 64


class _Unclosed(Exception):  # a signal out of a handler of the parser
    """A record begins, at an index of the parser's, inside of something that should have ended before."""

    def __init__(self, index: int) -> None:
        self.index = index
        super().__init__()


class _Reader:
    """One document: bytes go in with `feed`, rows come out in `rows`."""

    def __init__(self, name: str, notes: Notes, reports: list[Report]) -> None:
        self.rows: list[Row] = []
        self.number = 0
        self._name, self._notes, self._reports = name, notes, reports
        self._memory = Memory()
        self._names: dict[str, str] = {}
        self._breaks = 0
        self._is_seeking = False
        self._overlap = b""
        self._begin_report()

    def _begin_report(self) -> None:
        self._top: Texts = {}
        self._head: Texts | None = None
        self._policy: Texts | None = None
        self._report: Report | None = None
        self._waiting: list[tuple[int, Texts]] = []
        self._prefix, self._namespace = "", ""
        self._is_closed = False
        self._parser = self._new_parser()
        self._fed = 0

    def _new_parser(self) -> XMLParserType:
        """A parser that stands before the root, with nothing read."""
        from xml.parsers import expat

        self._stack: list[Node] = []
        self._targets: list[Texts] = [self._top]
        self._text: list[str] = []
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._text.append
        return parser

    def _refuse_doctype(self, *_: object) -> None:
        raise Refused("refused", "declares a document type, which no report needs and attacks do")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        stack = self._stack
        if not stack:
            self._start_root(tag, attributes)
            return
        node = stack[-1].children.get(tag) or self._odd(tag)
        stack.append(node)
        self._text.clear()
        if node.is_group:
            self._targets.append({})

    def _odd(self, tag: str) -> Node:
        """What an element is whose name is not just that of one that may stand here."""
        stack = self._stack
        if len(stack) > _DEEPEST:
            raise Refused("refused", f"has elements more than {_DEEPEST} deep")
        local = self._names.get(tag)
        local = self._local(tag) if local is None else local
        if local == "record" and len(stack) > 1:
            raise _Unclosed(self._parser.CurrentByteIndex)
        return stack[-1].children.get(local, NOWHERE)

    def _start_root(self, tag: str, attributes: dict[str, str]) -> None:
        prefix, _, local = tag.rpartition(":")
        if local.lower() != "feedback":
            raise Refused("unreadable", f"is XML, but no aggregate report: its root is {local[:40]!r}")
        self._prefix = prefix
        self._namespace = attributes.get(f"xmlns:{prefix}" if prefix else "xmlns", "")[:200]
        self._names.clear()
        self._stack.append(FEEDBACK)

    def _local(self, tag: str) -> str:
        """The name without the prefix of the report's own namespace; names of extensions mean nothing here."""
        prefix, _, local = tag.rpartition(":")
        if len(self._names) > _MOST_NAMES:
            raise Refused("refused", "has elements of thousands of names")
        self._names[tag] = found = "" if prefix and prefix != self._prefix else local.lower()
        return found

    def _end(self, tag: str) -> None:
        node = self._stack.pop()
        if node.is_plain:
            text = "".join(self._text).strip()
            self._targets[-1][node.slot] = text if len(text) <= _LONGEST_TEXT else self._cut(text, node.slot)
        elif node.is_list:
            text = "".join(self._text).strip()
            value = self._targets.pop() if node.is_group else self._cut(text, node.slot)
            values = self._targets[-1].setdefault(node.slot, [])
            if len(values) < _MOST_RESULTS:
                values.append(value)
        elif node.is_group:
            self._end_group(node)
        elif node is FEEDBACK:
            self._is_closed = True

    def _end_group(self, node: Node) -> None:
        texts = self._targets.pop()
        if node is RECORD:
            self.number += 1
            self._end_record(texts)
        elif node is HEAD:
            self._head = {**(self._head or {}), **texts}
        else:
            self._policy = {**(self._policy or {}), **texts}

    def _cut(self, text: str, field: str) -> str:
        """The text, or as much of it as is kept."""
        if len(text) <= _LONGEST_TEXT:
            return text
        reason = f"has a text longer than {_LONGEST_TEXT} characters, which was cut"
        self._notes.add("bad-value", "info", reason, self._name, row=self.number + 1, field=field)
        return text[:_LONGEST_TEXT]

    def _end_record(self, texts: Texts) -> None:
        """Make a row, or keep what is known of it until the head of the report has been read."""
        if self._report is None:
            if (self._head is None or self._policy is None) and len(self._waiting) < _MOST_WAITING:
                self._waiting.append((self.number, texts))
                return
            self._settle()
        self._make(self.number, texts)

    def _settle(self) -> None:
        """Say now what the head of the report is, and make the rows that waited for it."""
        if self._report is not None or (self._head is None and self._policy is None and not self._waiting):
            return
        head, policy, version = self._head or {}, self._policy or {}, self._top.get("version", "")
        self._report = new_report(head, policy, version, self._namespace, self._name, self._notes)
        self._reports.append(self._report)
        for number, texts in self._waiting:
            self._make(number, texts)
        self._waiting = []

    def _make(self, number: int, texts: Texts) -> None:
        assert self._report is not None
        row = new_row(texts, self._report, self._memory, number, self._name, self._notes)
        if row is not None:
            self.rows.append(row)

    def feed(self, data: bytes) -> None:
        """Read one more piece; rows are in `rows` afterwards."""
        from xml.parsers import expat

        if self._is_seeking:
            data = self._sought(self._overlap + data)
        if not self._stack and b"<!ENTITY" in data:  # the parser would go on, and expand them, to the end of the piece
            self._refuse_doctype()
        while data:
            try:
                self._parser.Parse(data, False)
            except expat.ExpatError as error:
                data = self._after_break(data, self._parser.ErrorByteIndex, _reason(error))
            except _Unclosed as unclosed:
                data = self._after_break(data, unclosed.index, "an element is not closed")
            else:
                self._fed += len(data)
                self._check_size()
                break
        self._memory.trim()

    def _check_size(self) -> None:
        if self._fed - self._parser.CurrentByteIndex > _LONGEST_TOKEN:
            raise Refused("refused", f"has a tag or a comment of more than {_LONGEST_TOKEN} bytes")
        if len(self._text) > 1:
            text = "".join(self._text)
            self._text[:] = [text[: _LONGEST_TEXT + 1]]

    def _after_break(self, data: bytes, index: int, reason: str) -> bytes:
        """Note that the XML breaks off, and give what stands from the next element on at which one can go on."""
        at = index - self._fed
        if at <= 0:  # where a token began in the piece before; never at the same place again
            at = 1 if at == 0 and not self._is_closed else 0
        self._breaks += 1
        if self._breaks > _MOST_BREAKS:
            raise Refused("broken", f"breaks off more than {_MOST_BREAKS} times")
        if not self._stack and not self._is_closed and self._report is None and not _RESUME.search(data, at):
            raise Refused("unreadable", f"is no XML ({reason})")
        evidence = data[max(0, at - 30) : at + 30].decode("utf-8", "replace")
        message = f"is no well-formed XML ({reason}); it was read on from the next record"
        self._notes.add("broken", "warning", message, self._name, evidence, row=self.number + 1)
        if RECORD in self._stack:
            self.number += 1
        elif len(self._targets) > 1:
            self._keep_group()
        return self._sought(data[at:])

    def _keep_group(self) -> None:
        """Keep what was read of the head or the policy in which the XML breaks off."""
        if HEAD in self._stack:
            self._head = {**self._targets[1], **(self._head or {})}
        else:
            self._policy = {**self._targets[1], **(self._policy or {})}

    def _sought(self, data: bytes) -> bytes:
        """The data from the next element on at which reading can go on; nothing if there is none yet."""
        found = _RESUME.search(data)
        self._is_seeking = found is None
        if found is None:
            self._overlap = data[-_LONGEST_START:]
            return b""
        self._overlap = b""
        if found[1] == b"feedback":
            self._settle()
            self._begin_report()
            return data[found.start() :]
        prefix, namespace = self._prefix, self._namespace
        self._parser = self._new_parser()
        opening = f"<{prefix}:feedback>" if prefix else "<feedback>"
        self._parser.Parse(opening.encode(), False)
        self._namespace, self._fed, self._is_closed = namespace, len(opening.encode()), False
        return data[found.start() :]

    def close(self) -> None:
        """Nothing more comes."""
        from xml.parsers import expat

        try:
            if not self._is_seeking:
                self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            if not self._stack and self._report is None and not self._waiting:
                raise Refused("unreadable", f"is no XML ({_reason(error)})") from error
            if not self._is_closed:
                lost = ", and a row that begins there is lost" if RECORD in self._stack else ""
                self._notes.add("truncated", "warning", f"ends before its end{lost}", self._name, row=self.number + 1)
        self.give_up()

    def give_up(self) -> None:
        """Nothing more is read; the head of the report, and what waited for it, is what is known so far."""
        if HEAD in self._stack or POLICY in self._stack:
            self._keep_group()
        self._settle()


def _reason(error: Any) -> str:
    from xml.parsers import expat

    return expat.ErrorString(error.code) or "unknown error"


def rows_of(document: Document, *, notes: Notes, reports: list[Report]) -> Iterator[Row]:
    """The rows of one report as they are read; its head is added to `reports` before its first row comes."""
    reader = _Reader(document.name, notes, reports)
    try:
        for data in as_utf8(document.chunks, name=document.name, notes=notes):
            reader.feed(data)
            yield from reader.rows
            reader.rows.clear()
        reader.close()
    except Refused as refused:
        yield from reader.rows
        reader.rows.clear()
        notes.add(refused.word, "error", refused.reason, document.name)
        reader.give_up()
    yield from reader.rows
    if reader.number == 0:
        notes.add("empty", "warning", "has no records", document.name)
