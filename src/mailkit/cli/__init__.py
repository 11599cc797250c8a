"""What mailkit does from a terminal: `python -m mailkit --help`."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mailkit.cli import domain, drain
from mailkit.errors import MailkitError

__all__ = ["main"]

_ABOUT_FILES = """\
FILE is a Python file in which `letter` is a compose.Letter or `template` a compose.Template, a file of HTML or MJML,
or a letter as JSON (.json). A Python file may also give `records`, a list of mappings, and `sender`, as in
"Books <shop@example.com>".
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the arguments say, those of the process if there are none; give back its exit status.

    2 says that it could not be done, 1 that the letter or the domain has errors.
    """
    given = _parser().parse_args(argv)
    try:
        return int(given.run(given))
    except MailkitError as error:
        print(f"mailkit: {error}", file=sys.stderr)  # noqa: T201 - the terminal is what this is for
        return 2
    except KeyboardInterrupt:
        return 0


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="mailkit",
        description="Letters and domains, looked at before anything is sent; and what is to be sent, sent.",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    preview = _command(commands, "preview", "show a letter in the browser, anew whenever its file changes")
    preview.set_defaults(run=_preview)
    preview.add_argument("--port", type=int, default=0, help="where to listen, on 127.0.0.1 only")
    preview.add_argument("--open", action="store_true", help="open the browser, too")
    lint = _command(commands, "lint", "say what is wrong with a letter; the exit status is 1 if there are errors")
    lint.set_defaults(run=_lint)
    lint.add_argument("--transactional", action="store_true", help="it answers what its reader did, as a receipt does")
    lint.add_argument("--without", type=_listed, default=[], metavar="CODES", help="rules to leave out, as a,b")
    lint.add_argument("--sender", default="", help='from whom it comes, as "Books <shop@example.com>"')
    lint.add_argument("--fields", type=_listed, metavar="NAMES", help="the fields that records have, as name,city")
    lint.add_argument(
        "--clients", type=_shares, metavar="SHARES", help="who uses which client, as gmail=0.5,mail-ru=0.3"
    )
    domain.add_to(commands)
    drain.add_to(commands)
    return parser


def _command(commands: Any, name: str, what: str) -> ArgumentParser:
    command: ArgumentParser = commands.add_parser(
        name, help=what, description=what + ".", epilog=_ABOUT_FILES, formatter_class=RawDescriptionHelpFormatter
    )
    command.add_argument("file", type=Path, metavar="FILE", help="the letter")
    command.add_argument("--records", type=Path, metavar="FILE", help="whom it is for: a .csv, .xlsx or .json file")
    command.add_argument(
        "--name", default="", help="which variable of a Python file it is, if not `letter` or `template`"
    )
    return command


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _shares(text: str) -> dict[str, float]:
    pairs = (one.partition("=") for one in _listed(text))
    return {name.strip(): float(share) for name, _, share in pairs}


def _preview(given: Namespace) -> int:
    from mailkit.cli.loading import LetterFile
    from mailkit.cli.server import serve
    from mailkit.compose.files import not_there

    for path in (given.file, given.records):
        if path is not None and not path.exists():
            raise not_there(path)
    serve(LetterFile(given.file, name=given.name, records=given.records), port=given.port, opens=given.open)
    return 0


def _lint(given: Namespace) -> int:
    from mailkit.cli.loading import LetterFile, trouble
    from mailkit.findings import Severity, worst

    try:
        findings = (
            LetterFile(given.file, name=given.name, records=given.records)
            .load()
            .findings(
                sender=given.sender,
                fields=given.fields,
                without=given.without,
                clients=given.clients,
                is_transactional=given.transactional,
            )
        )
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the author's own code may raise anything
        wrong = trouble(error, given.file)
        lines = (": ".join(one for one in ("mailkit", wrong.place, wrong.what) if one), wrong.excerpt.strip())
        print("\n    ".join(line for line in lines if line), file=sys.stderr)  # noqa: T201
        return 2
    print(findings)  # noqa: T201
    return 1 if worst(findings) is Severity.ERROR else 0
