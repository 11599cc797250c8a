"""A letter's files put together before anything else is done: `{% include %}`, `{% extends %}` and blocks.

How to think about it. To inline CSS once for all readers, all of the HTML must be there when a
letter is compiled. So the files are joined as text, in the form that `Marks.read` gives them,
where every tag still knows its file and line. That needs names that are written out; one that
comes from a record could only be known for each reader.

The meaning is Jinja's, with these differences: a block sees the variables around it, as if it
were `scoped`; what a file that extends another says outside of its blocks is never shown, not
even by an include; and what `{% import %}` brings is not to be had.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Protocol

import attrs

from mailkit.compose.marks import MARK, Kind, Marks, Token
from mailkit.errors import UnreadableFile

__all__ = ["Files", "assemble"]

LONGEST_SOURCE: Final = 5_000_000
"""How many characters a letter's files may have together, each as often as it is included."""
_FILE_COSTS: Final = 5_000  # so that there are at most a thousand, however short
_BLOCK_COSTS: Final = 50
_DEEPEST: Final = 50
_CUT: Final = re.compile(f"({MARK.pattern})")
_NAMED: Final = r"""\s*(?P<quote>["'])(?P<name>[^"'\\]+)(?P=quote)\s*"""
_INCLUDE: Final = re.compile(rf"include{_NAMED}(?P<may_lack>ignore\s+missing)?\s*(with\s+context)?")
_EXTENDS: Final = re.compile(rf"extends{_NAMED}")
_BLOCK: Final = re.compile(r"block\s+(?P<name>\w+)(?P<kinds>(\s+(scoped|required))*)")
_SUPER: Final = re.compile(r"super\s*\(\s*\)")
_SELF: Final = re.compile(r"self\s*\.\s*(?P<name>\w+)\s*\(\s*\)")
_USES_SUPER: Final = re.compile(r"\bsuper\s*\(|\bself\s*\.\s*\w+\s*\(")
_OF_FILES: Final = frozenset({"include", "extends", "block", "import", "from"})
_SET_BLOCK: Final = re.compile(r"set\s+[^=]*\Z|set\s+\w+\s*\|")
_HOLDING: Final = frozenset({"macro", "call", "filter"})
_DOCTYPE: Final = re.compile(r"\s*<!doctype[^>]*>", re.IGNORECASE)


class Files(Protocol):
    """Where the files are that a letter includes."""

    def read(self, name: str) -> str:
        """The text of a file; `UnreadableFile` if it cannot be had."""
        ...


@attrs.frozen
class _Block:
    name: str
    token: Token
    parts: tuple[str | _Block, ...]
    is_required: bool


@attrs.frozen
class _File:
    """A file: what it is made of, all its blocks, and the tag by which it extends another."""

    parts: tuple[str | _Block, ...]
    blocks: dict[str, _Block]
    extends: Token | None


def assemble(marked: str, marks: Marks, files: Files | None) -> str:
    """The source with everything in it that it includes or extends, and its blocks in their places.

    Args:
        marked: The source, as `marks.read` gives it.
        marks: The letter's tags.
        files: Where the other files are; None if there are none.

    Raises:
        TemplateError: A file cannot be had, its name is not written out, files include each
            other in a ring, or blocks cannot be put together.
    """
    if not any(_is_of_files(marks[mark]) for mark in MARK.findall(marked)):
        return marked
    return _Assembler(marks, files).whole(marked, ())


def _is_of_files(token: Token) -> bool:
    return token.kind is Kind.STATEMENT and token.word in _OF_FILES


class _Assembler:
    def __init__(self, marks: Marks, files: Files | None) -> None:
        self._marks, self._files = marks, files
        self._room = LONGEST_SOURCE

    def whole(self, marked: str, inside: tuple[str, ...]) -> str:
        """One file, with the files that it extends and includes; `inside` names those that it stands in."""
        levels = [self._parsed(marked)]
        names = [*inside]
        while (token := levels[-1].extends) is not None:
            name, text = self._file(token, _EXTENDS, tuple(names))
            names.append(name)
            levels.append(self._parsed(text))
        blocks: dict[str, list[_Block]] = {}
        for level in levels:
            for name, block in level.blocks.items():
                blocks.setdefault(name, []).append(block)
        page = _Page(self, blocks, tuple(names))
        prelude = page.filled(tuple(part for level in levels[:-1] for part in self._prelude(level)))
        text = page.filled(levels[-1].parts)
        found = _DOCTYPE.match(text)
        start = found.end() if found else 0
        return text[:start] + prelude + text[start:]

    def _parsed(self, marked: str) -> _File:
        blocks: dict[str, _Block] = {}
        extends = None
        stack: list[list[str | _Block]] = [[]]
        begun: list[Token] = []
        for part in _CUT.split(marked):
            token = self._marks[part] if MARK.fullmatch(part) else None
            word = token.word if token and token.kind is Kind.STATEMENT else ""
            if token and word == "block":
                begun.append(token)
                stack.append([])
            elif token and word == "endblock":
                block = _block(begun.pop(), stack.pop())
                if block.name in blocks:
                    raise block.token.spot.error(f"block {block.name!r} defined twice")
                blocks[block.name] = block
                stack[-1].append(block)
            elif token and word == "extends":
                if extends is not None or begun:
                    raise token.spot.error("a letter extends one other file, and says so once, outside of any block")
                extends = token
            else:
                stack[-1].append(part)
        return _File(tuple(stack[0]), blocks, extends)

    def _prelude(self, file: _File) -> Iterator[str]:
        """What a file that extends another says outside of its blocks: variables and macros; text is not shown."""
        depth = 0
        for part in file.parts:
            if not isinstance(part, str):
                continue
            token = self._marks[part] if MARK.fullmatch(part) else None
            body = token.body if token and token.kind is Kind.STATEMENT else ""
            word = token.word if token and body else ""
            depth -= word in ("endset", *(f"end{name}" for name in _HOLDING))
            if depth or (body and word != "include"):
                yield part
            depth += word in _HOLDING or bool(_SET_BLOCK.match(body))

    def _file(self, token: Token, form: re.Pattern[str], inside: tuple[str, ...]) -> tuple[str, str]:
        """The name and the marked text of the file that a tag asks for."""
        found = form.fullmatch(token.body)
        if found is None:
            example = f"{{% {token.word} 'parts/footer.html' %}}"
            raise token.spot.error(
                f"a letter's files are joined before there is a reader: write a name, as in {example}"
            )
        name = found["name"]
        if self._files is None:
            reason = f"there is no folder to look for {name!r} in: compile(Path(…)) reads beside the file"
            raise token.spot.error(f"{reason}, or give templates=…")
        if name in inside or len(inside) >= _DEEPEST:
            raise token.spot.error(f"files ask for each other without end: {' → '.join((*inside, name)[-5:])}")
        try:
            text = self._files.read(name)
        except UnreadableFile as error:
            raise token.spot.error(str(error)) from error
        self.take(len(text) + _FILE_COSTS, token)
        return name, self._marks.read(text, name, is_file=True)

    def included(self, token: Token, inside: tuple[str, ...]) -> str:
        """What an include brings."""
        form = _INCLUDE.fullmatch(token.body)
        if form and form["may_lack"] and self._files is not None:
            try:
                self._files.read(form["name"])
            except UnreadableFile:
                return ""
        name, text = self._file(token, _INCLUDE, inside)
        return self.scoped(self.whole(text, (*inside, name)), token)

    def scoped(self, text: str, token: Token) -> str:
        """The text, such that the variables that it sets end with it."""
        if not any(self._marks[mark].word in ("set", "macro") for mark in MARK.findall(text)):
            return text
        begin = self._marks.add(Kind.STATEMENT, "with", token.spot)
        return begin + text + self._marks.add(Kind.STATEMENT, "endwith", token.spot)

    def take(self, length: int, token: Token) -> None:
        """Use up some of what the files may have together."""
        self._room -= length
        if self._room < 0:
            reason = f"include each other too often, or have more than {LONGEST_SOURCE:,} characters together"
            raise token.spot.error(f"the letter's files {reason}")

    def token(self, part: str) -> Token | None:
        """The tag that a part is; None if it is text."""
        return self._marks[part] if MARK.fullmatch(part) else None


class _Page:
    """A file and those that it extends: which block is filled by what."""

    def __init__(self, assembler: _Assembler, blocks: dict[str, list[_Block]], inside: tuple[str, ...]) -> None:
        self._assembler, self._blocks, self._inside = assembler, blocks, inside
        self._open: list[tuple[str, int]] = []

    def filled(self, parts: tuple[str | _Block, ...], within: _Block | None = None, level: int = 0) -> str:
        """The parts, with all blocks filled; `within` is the block whose definition number `level` they are."""
        return "".join(self._part(part, within, level) for part in parts)

    def _part(self, part: str | _Block, within: _Block | None, level: int) -> str:
        if isinstance(part, _Block):
            return self._block(part.name, 0, part.token)
        token = self._assembler.token(part)
        if token is None:
            return part
        if token.kind is Kind.STATEMENT and token.word == "include":
            return self._assembler.included(token, self._inside)
        if token.kind is Kind.STATEMENT and token.word in ("import", "from"):
            raise token.spot.error("import is not for letters; include the file, or write the macro into this one")
        if token.kind is Kind.EXPRESSION and _USES_SUPER.search(token.body):
            return self._called(token, within, level)
        return part

    def _called(self, token: Token, within: _Block | None, level: int) -> str:
        if _SUPER.fullmatch(token.body):
            if within is None:
                raise token.spot.error("super() is for blocks, and this stands in none")
            return self._block(within.name, level + 1, token)
        found = _SELF.fullmatch(token.body)
        if found is None:
            raise token.spot.error("a block is put in whole: write {{ super() }} or {{ self.name() }} and nothing more")
        return self._block(found["name"], 0, token)

    def _block(self, name: str, level: int, token: Token) -> str:
        definitions = self._blocks.get(name, [])
        if level >= len(definitions):
            what = "no file that this one extends has" if level else "there is no"
            raise token.spot.error(f"{what} block {name!r}")
        if (name, level) in self._open or len(self._open) >= _DEEPEST:
            raise token.spot.error(f"block {name!r} holds itself")
        block = definitions[level]
        if block.is_required:
            raise block.token.spot.error(f"block {name!r} is required: a file that extends this one must fill it")
        self._open.append((name, level))
        text = self._assembler.scoped(self.filled(block.parts, block, level), block.token)
        self._open.pop()
        self._assembler.take(len(text) + _BLOCK_COSTS, token)
        return text


def _block(token: Token, parts: list[str | _Block]) -> _Block:
    found = _BLOCK.fullmatch(token.body)
    assert found, "Jinja has read it"
    return _Block(found["name"], token, tuple(parts), "required" in found["kinds"])
