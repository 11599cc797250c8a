"""A letter that is being written: read anew after every change, in a thread of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

import attrs

from mailkit.cli.loading import LetterFile, Loaded, Trouble, signature, trouble
from mailkit.compose.preview import Client, Preview
from mailkit.errors import MailkitError
from mailkit.findings import Finding

__all__ = ["State", "Workshop"]

_LOOKS_EVERY: Final = 0.2
_MOST_RECORDS: Final = 500
_CLIPS_AT: Final = 102 * 1024
"""Bytes of HTML after which Gmail hides the rest of a letter."""
_NAMES: Final = ("email", "e-mail", "name", "first_name", "id")


@attrs.frozen(kw_only=True)
class State:
    """What came of reading the files once.

    Attributes:
        path: The letter's file.
        version: Which reading it was, from 1; 0 before the first.
        loaded: The letter as it last could be read; None if it never could.
        findings: What is to be said about it.
        trouble: What keeps the files from being read now; None if nothing does.
    """

    path: Path
    version: int = 0
    loaded: Loaded | None = None
    findings: tuple[Finding, ...] = ()
    trouble: Trouble | None = None

    def preview(self, client: Client, number: int | None) -> tuple[Preview | None, Trouble | None]:
        """The letter as a client shows it to the reader of a record, and what kept it from being made.

        Without a record, or where it cannot be rendered for it, the fields are as they are
        written; it is None if no letter could ever be read.
        """
        if self.loaded is None:
            return None, self.trouble
        template, sender = self.loaded.template, self.loaded.sender or None
        if number is not None and number < len(self.loaded.records):
            try:
                return template.preview(self.loaded.records[number], client=client, sender=sender), self.trouble
            except MailkitError as error:
                return template.preview(client=client, sender=sender), self.trouble or trouble(error, self.path)
        return template.preview(client=client, sender=sender), self.trouble

    def facts(self, number: int | None) -> dict[str, Any]:
        """What the page says beside the letter, as JSON can hold it."""
        shown, wrong = self.preview("desktop", number)
        facts: dict[str, Any] = {
            "file": self.path.name,
            "version": self.version,
            "trouble": attrs.asdict(wrong) if wrong else None,
            "findings": [_told(one) for one in self.findings],
            "records": [],
            "record_count": 0,
            "has_fields": bool(self.loaded and self.loaded.template.fields),
            "shown": None,
        }
        if self.loaded is not None:
            records = self.loaded.records
            facts["records"] = [_label(record, place) for place, record in enumerate(records[:_MOST_RECORDS])]
            facts["record_count"] = len(records)
        if shown is not None:
            facts["shown"] = {
                "sender": str(shown.sender.name or shown.sender.address) if shown.sender else "",
                "subject": shown.message.subject,
                "preheader": shown.preheader,
                "html_bytes": shown.html_bytes,
                "clips_at": _CLIPS_AT,
            }
        return facts


def _label(record: object, place: int) -> str:
    known = record if isinstance(record, Mapping) else getattr(record, "__dict__", {})
    values = [str(known[name]) for name in _NAMES if known.get(name)]
    return f"{place + 1}. {', '.join(values[:2]) or 'record'}"[:80]


def _told(finding: Finding) -> dict[str, str]:
    return {
        "severity": str(finding.severity),
        "place": str(finding.place),
        "message": finding.message,
        "evidence": finding.evidence[:200],
        "mend": finding.mend,
        "source": finding.source,
    }


class Workshop:
    """Keeps a letter's state up to date while its files change.

    Attributes:
        state: What came of the last reading; replaced as a whole, so that any thread may look.
    """

    def __init__(self, file: LetterFile) -> None:
        self._file = file
        self._signature: object = None
        self._is_over = Event()
        self.state = State(path=file.path)

    def start(self) -> None:
        """Begin to watch. A letter's file that never ends does not keep the process from ending."""
        Thread(target=self._watch, name="mailkit preview", daemon=True).start()

    def stop(self) -> None:
        """Stop watching."""
        self._is_over.set()

    def look(self) -> None:
        """Read the files if any of them was changed since the last look."""
        paths = [path for path in (self._file.path, self._file.records) if path is not None]
        now = signature(paths)
        if now != self._signature:
            self._signature = now
            self.state = self._read()

    def _watch(self) -> None:
        while not self._is_over.wait(0 if self.state.version == 0 else _LOOKS_EVERY):
            self.look()

    def _read(self) -> State:
        before = self.state
        try:
            loaded = self._file.load()
            findings = loaded.findings()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the author's own code may raise anything
            wrong = trouble(error, before.path)
            return attrs.evolve(before, version=before.version + 1, trouble=wrong)
        return State(path=before.path, version=before.version + 1, loaded=loaded, findings=tuple(findings))
