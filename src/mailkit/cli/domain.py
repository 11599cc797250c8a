"""`mailkit dns example.com`: is the domain ready to send, for people at a terminal and for monitoring."""

from __future__ import annotations

import math
import re
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from mailkit.errors import InvalidValue

if TYPE_CHECKING:
    from mailkit.dns import DomainReport

__all__ = ["add_to"]

_STATUSES: Final = """\
The exit status is 0 if the domain is ready to send, 1 if something is wrong or it says that it sends no mail, 3 if
nothing is known to be wrong but not everything was answered (ask again), and 2 if it could not be checked at all. With
--before it is 4 where nothing is wrong, but something has changed.
"""

_OPTIONS: Final = {
    "sends_through": "--sends-through",
    "selectors": "--selector",
    "sample": "--sample",
    "helo": "--helo",
    "blocklists": "--blocklist",
    "greeter": "--greet",
}
"""What the arguments of `dns.check` are called here."""
_ARGUMENT: Final = re.compile(rf"(?<![\w.;-])({'|'.join(_OPTIONS)})=(?:\[\.\.\.\])?(?![\w\"'])")
_LONGEST_SECONDS: Final = 86400.0


def add_to(commands: Any) -> None:
    """Add the command."""
    command: ArgumentParser = commands.add_parser(
        "dns",
        help="say whether a domain is ready to send, why not, and what to publish",
        description="Check a domain's SPF, DKIM, DMARC, MX, TLS and names, and print what to publish.",
        epilog=_STATUSES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=_run)
    command.add_argument("domain", metavar="DOMAIN", help="the domain behind the @ of the letters' From")
    more: dict[str, Any] = {"action": "append", "default": [], "metavar": "NAME"}
    command.add_argument("--selector", help="a DKIM selector; may be given again", **more)
    command.add_argument("--sends-through", help="an address or a vendor that sends; may be given again", **more)
    command.add_argument("--sample", type=Path, metavar="FILE", help="a letter as it was received (.eml); - for stdin")
    command.add_argument("--helo", default="", metavar="NAME", help="the name that the sending machines greet with")
    command.add_argument("--blocklist", help="a block list to ask, such as spamcop; may be given again", **more)
    command.add_argument("--greet", action="store_true", help="greet the domain's mail servers, to see their TLS")
    command.add_argument("--no-fetch", action="store_true", help="fetch nothing from the web")
    command.add_argument("--nameserver", help="the IP address of a name server to ask; may be given again", **more)
    command.add_argument("--port", type=int, default=53, help="the name servers' port")
    command.add_argument("--deadline", type=float, default=10.0, metavar="SECONDS", help="how long it may take")
    command.add_argument("--as", dest="form", choices=_FORMS, default="text", help="how to print (default: text)")
    command.add_argument("--before", type=Path, metavar="FILE", help="an earlier report as JSON: say what has changed")


def _run(given: Namespace) -> int:
    from mailkit.dns import check_sync
    from mailkit.dns.fetcher import HttpsFetcher
    from mailkit.dns.greeter import SMTPGreeter
    from mailkit.dns.resolver import AsyncResolver

    deadline = _deadline(given.deadline)
    if not 1 <= given.port <= 65535:
        raise InvalidValue("--port", given.port, "is not a port, 1 to 65535", "leave it out for 53")
    report = check_sync(
        given.domain,
        selectors=given.selector,
        sends_through=given.sends_through,
        sample=_sample(given.sample),
        helo=given.helo,
        blocklists=given.blocklist,
        resolver=AsyncResolver(nameservers=given.nameserver, port=given.port),
        fetcher=None if given.no_fetch else HttpsFetcher(),
        greeter=SMTPGreeter() if given.greet else None,
        deadline=deadline,
    )
    changed = _print_changes(report, given.before) if given.before else False
    if not given.before or given.form != "text":
        print(_FORMS[given.form](report if given.form == "json" else _with_options(report)))  # noqa: T201 - the terminal is what this is for
    if report.is_ready:
        return 4 if changed else 0
    return 3 if not report.is_complete and "not ready" not in report.verdict else 1


def _deadline(seconds: float) -> timedelta:
    if not math.isfinite(seconds) or not 0 < seconds <= _LONGEST_SECONDS:
        raise InvalidValue("--deadline", seconds, "is not a number of seconds, up to a day", "write 10")
    return timedelta(seconds=seconds)


def _with_options(report: DomainReport) -> DomainReport:
    """The report with this command's options for the arguments of `dns.check`; what was found stays as it is."""
    findings = [attrs.evolve(one, message=_optional(one.message), mend=_optional(one.mend)) for one in report.findings]
    readiness = tuple(
        attrs.evolve(
            one, demands=tuple(attrs.evolve(asked, evidence=_optional(asked.evidence)) for asked in one.demands)
        )
        for one in report.readiness
    )
    return attrs.evolve(report, findings=findings, readiness=readiness)


def _optional(text: str) -> str:
    return _ARGUMENT.sub(lambda matched: _OPTIONS[matched[1]], text)


def _print_changes(report: DomainReport, path: Path) -> bool:
    found = report.diff(_text(path))
    print(found, file=sys.stdout)  # noqa: T201
    return not found.is_empty


def _sample(path: Path | None) -> bytes:
    if path is None:
        return b""
    if str(path) == "-":
        return sys.stdin.buffer.read()
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidValue("--sample", str(path), f"cannot be read: {error.strerror}") from error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidValue("--before", str(path), f"cannot be read: {error}") from error


def _zone(report: DomainReport) -> str:
    from mailkit.dns.publishing import zone_text

    return zone_text(report.records)


def _table(report: DomainReport) -> str:
    from mailkit.dns.publishing import table

    return table(report.records)


def _terraform(report: DomainReport) -> str:
    from mailkit.dns.publishing import terraform

    return terraform(report.records)


def _octodns(report: DomainReport) -> str:
    from mailkit.dns.publishing import octodns_yaml

    return octodns_yaml(report.records, zone=report.domain.ascii)


def _tree(report: DomainReport) -> str:
    from mailkit.dns.spf.drawing import tree_text

    return tree_text(report.spf_tree)


def _providers(report: DomainReport) -> str:
    return "\n".join(map(str, report.readiness))


_FORMS: Final[dict[str, Callable[[DomainReport], str]]] = {
    "text": str,
    "json": lambda report: report.to_json(),
    "spf-tree": _tree,
    "providers": _providers,
    "zone": _zone,
    "table": _table,
    "terraform": _terraform,
    "octodns": _octodns,
}
"""How a report can be printed: whole, or in parts to paste."""
