"""A letter's file, read anew each time: what it defines, and what went wrong where."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import Any, Final

import attrs

from mailkit import compose, contacts
from mailkit.errors import InvalidValue, MailkitError, TemplateError, UnreadableFile
from mailkit.findings import Findings

__all__ = ["LetterFile", "Loaded", "Trouble", "read_records", "signature", "trouble"]

_MODULE: Final = "mailkit_letter"
_WATCHED: Final = frozenset(
    {".py", ".html", ".htm", ".mjml", ".txt", ".css", ".j2", ".jinja", ".jinja2", ".json", ".csv", ".md", ".xhtml"}
)
_NOT_WATCHED: Final = frozenset({"node_modules", "venv", "site-packages"})
_MOST_FOLDERS: Final = 200
_MOST_LINTED: Final = 100
_NO_SUBJECT: Final = "(no subject)"


@attrs.frozen(kw_only=True)
class Loaded:
    """What a file defines.

    Attributes:
        template: The letter, compiled.
        source: What it is compiled from: a letter, or the path of its file; the template itself where a
            Python file compiled it.
        records: Whom it may be shown for.
        sender: From whom; empty if it is not said.
    """

    template: compose.Template
    source: compose.Letter | compose.Template | Path
    records: tuple[Any, ...] = ()
    sender: str = ""

    def findings(
        self,
        *,
        sender: str = "",
        fields: Iterable[str] | None = None,
        without: Iterable[str] = (),
        clients: Mapping[str, float] | None = None,
        is_transactional: bool = False,
    ) -> Findings:
        """What is to be said about the letter, looked at with some of the records; see `compose.lint`."""
        return compose.lint(
            self.source,
            sender=sender or self.sender,
            records=self.records[:_MOST_LINTED],
            fields=fields,
            without=without,
            clients=clients,
            is_transactional=is_transactional,
        )


@attrs.frozen(kw_only=True)
class Trouble:
    """What went wrong, for people.

    Attributes:
        what: The error.
        place: Where, as far as it is known.
        excerpt: The source there.
    """

    what: str
    place: str = ""
    excerpt: str = ""


class LetterFile:
    """A letter's file, and the one with the records to show it for.

    Attributes:
        path: The file.
        records: The file with the records; None for those that the letter's file gives.
    """

    def __init__(self, path: Path, *, name: str = "", records: Path | None = None) -> None:
        self.path, self.records = path, records
        self._name = name
        self._imported: set[str] = set()

    def load(self) -> Loaded:
        """Read it, and whatever lies beside it that it imports.

        What a Python file raises comes out as it is; `trouble` explains it.

        Raises:
            MailkitError: It cannot be read or compiled, or defines no letter.
        """
        loaded = (
            _of_module(self._run(), self.path, self._name) if self.path.suffix.lower() == ".py" else self._compiled()
        )
        return loaded if self.records is None else attrs.evolve(loaded, records=read_records(self.records))

    def _compiled(self) -> Loaded:
        try:
            return Loaded(template=compose.compile(self.path), source=self.path)
        except TemplateError as error:
            if error.template != "subject":
                raise
            return Loaded(template=compose.compile(self.path, subject=_NO_SUBJECT), source=self.path)

    def _run(self) -> ModuleType:
        try:
            source = self.path.read_bytes()
        except OSError as error:
            raise UnreadableFile(self.path.name, f"cannot be read: {error.strerror or error}") from error
        file = self.path.resolve()
        for name in self._imported:
            sys.modules.pop(name, None)
        importlib.invalidate_caches()
        sys.dont_write_bytecode = True  # whether a cached module is old is told by whole seconds only
        if str(file.parent) not in sys.path:
            sys.path.insert(0, str(file.parent))
        before = set(sys.modules)
        module = sys.modules[_MODULE] = ModuleType(_MODULE)
        module.__file__ = str(file)
        try:
            exec(compile(source, str(file), "exec"), module.__dict__)  # noqa: S102 - the author's own file
        finally:
            new = set(sys.modules) - before
            self._imported |= {name for name in new if _is_below(sys.modules[name], file.parent)}
        return module


def _is_below(module: object, folder: Path) -> bool:
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and Path(file).is_relative_to(folder) and "site-packages" not in file


def _of_module(module: ModuleType, path: Path, name: str) -> Loaded:
    names = [name] if name else ["letter", "template"]
    found = next((getattr(module, one) for one in names if hasattr(module, one)), None)
    if not isinstance(found, compose.Letter | compose.Template):
        others = [key for key, value in vars(module).items() if isinstance(value, compose.Letter | compose.Template)]
        mend = f"say --name {others[0]}" if others else "write letter = compose.Letter(…)"
        if found is None:
            raise UnreadableFile(path.name, f"defines no {' and no '.join(f'`{one}`' for one in names)}; {mend}")
        what = next(f"`{one}`" for one in names if getattr(module, one, None) is found)
        raise InvalidValue(f"{path.name}, {what}", found, "is neither a Letter nor a Template", mend)
    records = getattr(module, "records", ())
    return Loaded(
        template=found if isinstance(found, compose.Template) else compose.compile(found),
        source=found,
        records=tuple(records) if isinstance(records, list | tuple) else (),
        sender=str(getattr(module, "sender", "")),
    )


def read_records(path: Path) -> tuple[Any, ...]:
    """The records in a .csv or .xlsx file, or in a .json file that holds one or a list of them.

    Raises:
        UnreadableFile: It cannot be read.
    """
    kind = path.suffix.lower()
    if kind == ".xlsx":
        return tuple(contacts.read_xlsx(path, required=()).records)
    if kind not in (".json", ".csv", ".tsv", ".txt", ""):
        raise UnreadableFile(path.name, "is no table; give a .csv, .xlsx or .json file")
    if kind != ".json":
        return tuple(contacts.read_csv(path, required=()).records)
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise UnreadableFile(path.name, f"cannot be read: {error}") from error
    rows = data if isinstance(data, list) else [data]
    if not all(isinstance(row, Mapping) for row in rows):
        raise UnreadableFile(path.name, 'holds something else than objects; write [{"name": "Anna"}]')
    return tuple(rows)


def trouble(error: BaseException, path: Path) -> Trouble:
    """What went wrong, and the line of the author's own files where it did."""
    if isinstance(error, TemplateError):
        where = ", ".join(one for one in (error.template, f"line {error.line}" if error.line else "") if one)
        return Trouble(what=error.reason, place=where, excerpt=error.excerpt)
    if isinstance(error, SyntaxError):
        place = f"{Path(error.filename or path).name}, line {error.lineno}"
        return Trouble(what=f"{type(error).__name__}: {error.msg}", place=place, excerpt=(error.text or "").strip("\n"))
    what = str(error) if isinstance(error, MailkitError) else f"{type(error).__name__}: {error}"
    folder = path.resolve().parent
    own = [frame for frame in extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(folder)]
    if not own:
        return Trouble(what=what)
    return Trouble(what=what, place=f"{Path(own[-1].filename).name}, line {own[-1].lineno}", excerpt=own[-1].line or "")


def signature(paths: Iterable[Path]) -> tuple[tuple[str, int, int], ...]:
    """When files were changed, and those of such kinds beside and below them: another one after any change."""
    found = {}
    for file in (one for path in paths for one in _files(path.resolve())):
        try:
            status = file.stat()
        except OSError:  # just removed
            continue
        found[str(file)] = (status.st_mtime_ns, status.st_size)
    return tuple((name, *facts) for name, facts in sorted(found.items()))


def _files(path: Path) -> Iterator[Path]:
    yield path
    folders = [path.parent]
    for folder in folders:
        try:
            inside = sorted(folder.iterdir())
        except OSError:
            continue
        for one in inside:
            if one.suffix.lower() in _WATCHED:
                yield one
            elif (
                not one.name.startswith(".") and one.name not in _NOT_WATCHED and one.is_dir() and not one.is_symlink()
            ):
                folders += [one] if len(folders) < _MOST_FOLDERS else []
