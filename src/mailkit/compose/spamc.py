"""SpamAssassin asked what it makes of a letter, by spamc's protocol 1.5 (spamd/PROTOCOL in its sources)."""

from __future__ import annotations

import re
from os import PathLike, fspath
from typing import TYPE_CHECKING, Final

import attrs

from mailkit.errors import InvalidValue, TransportError

if TYPE_CHECKING:
    import socket

__all__ = ["SpamRule", "SpamScore", "read_report", "spam_score"]

_STATUS: Final = re.compile(rb"SPAMD/\d+\.\d+ (\d{1,9}) ([^\r\n]*)\r?\n")
_SPAM: Final = re.compile(
    rb"^Spam: *(True|False|Yes|No) *; *(-?\d{1,9}(?:\.\d+)?) */ *(-?\d{1,9}(?:\.\d+)?)(?!\S)",
    re.IGNORECASE | re.MULTILINE,
)
_RULE: Final = re.compile(r" *(-?\d+(?:\.\d+)?) +([A-Z][A-Z0-9_]{2,}) +(.*)")
_MORE: Final = re.compile(r" {10,}(\S.*)")
_TABLE: Final = re.compile(r"^[ -]*-{4,}[ -]*-{10,}.*$", re.MULTILINE)
_LONGEST_ANSWER: Final = 1_000_000
_REASONS: Final = {
    64: "spamd did not understand the request", 65: "spamd could not read the letter", 69: "a service is unavailable",
    70: "spamd failed inside", 71: "spamd's system failed", 74: "spamd could not read or write",
    75: "spamd is busy; try again later", 76: "spamd speaks another protocol", 77: "spamd does not allow this host",
    78: "spamd's configuration is wrong", 79: "spamd took too long",
}  # fmt: skip


@attrs.frozen(kw_only=True)
class SpamRule:
    """A rule of SpamAssassin that spoke of a letter.

    Attributes:
        name: Its name.
        score: What it adds; below 0 for what speaks for the letter.
        description: What it looks for.

    >>> SpamRule(name="HTML_MESSAGE", score=0.0, description="BODY: HTML included in message").score
    0.0
    """

    name: str
    score: float
    description: str = ""


@attrs.frozen(kw_only=True)
class SpamScore:
    """What SpamAssassin makes of a letter.

    Attributes:
        score: The sum of its rules' scores.
        threshold: From which score on it is taken for spam.
        is_spam: Whether it is.
        rules: The rules that spoke, those that cost most first.

    >>> print(SpamScore(score=1.5, threshold=5.0, is_spam=False, rules=(SpamRule(name="MISSING_DATE", score=1.4),)))
    1.5 of 5.0: not spam
      1.4 MISSING_DATE
    """

    score: float
    threshold: float
    is_spam: bool
    rules: tuple[SpamRule, ...] = ()

    def __str__(self) -> str:
        head = f"{self.score:.1f} of {self.threshold:.1f}: {'spam' if self.is_spam else 'not spam'}"
        rules = (f"{rule.score:5.1f} {rule.name}  {rule.description}".rstrip() for rule in self.rules)
        return "\n".join((head, *rules))


def spam_score(
    raw: bytes,
    *,
    host: str = "127.0.0.1",
    port: int = 783,
    socket_path: str | PathLike[str] | None = None,
    user: str = "",
    timeout_seconds: float = 30.0,
) -> SpamScore:
    """What a SpamAssassin server makes of a finished letter.

    The letter is sent to that server and nowhere else; the server may look things up in the
    DNS, unless it was started with `--local`. A letter that was not received yet has no Received
    field, so rules that look at the way it came say nothing.

    Args:
        raw: The letter, as `Template.encode` makes it.
        host: Where spamd listens.
        port: At which port.
        socket_path: The Unix socket at which it listens, instead of host and port.
        user: Whose preferences it is to use; empty for its own.
        timeout_seconds: How long to wait for each step.

    Raises:
        InvalidValue: The letter is not bytes, or the user is no single line.
        TransportError: No server answers, it breaks off, or it answers with an error.

    >>> spam_score(b"Subject: Hello\\r\\n\\r\\nHello!\\r\\n", port=1)
    Traceback (most recent call last):
    mailkit.errors.TransportError: 127.0.0.1:1, connect: no spamd answers there (...); start one with: spamd --local
    """
    if not isinstance(raw, bytes):
        raise InvalidValue("spam_score", raw, "is not bytes", "give it what Template.encode makes")
    if not isinstance(user, str) or not user.isprintable():
        raise InvalidValue("spam_score, user", user, "is not one line of text")
    import socket

    server = fspath(socket_path) if socket_path is not None else f"{host}:{port}"
    head = f"REPORT SPAMC/1.5\r\nContent-length: {len(raw)}\r\n" + (f"User: {user}\r\n" if user else "")
    try:
        connection = _connected(host, port, socket_path, timeout_seconds)
    except OSError as error:
        reason = f"no spamd answers there ({error}); start one with: spamd --local"
        raise TransportError(server, "connect", reason) from error
    with connection:
        try:
            connection.sendall(head.encode() + b"\r\n" + raw)
            connection.shutdown(socket.SHUT_WR)
            answer = _answer(connection)
        except OSError as error:
            reason = f"the conversation broke off: {str(error) or type(error).__name__}"
            raise TransportError(server, "message", reason) from error
    return read_report(answer, server=server)


def read_report(answer: bytes, *, server: str = "spamd") -> SpamScore:
    r"""What spamd's answer to REPORT says.

    Raises:
        TransportError: It is an error, or no such answer.

    >>> read_report(b"SPAMD/1.1 0 EX_OK\r\nSpam: True ; 6.5 / 5.0\r\n\r\n").is_spam
    True
    """
    status = _STATUS.match(answer)
    if status is None:
        raise TransportError(server, "message", f"this is not a SpamAssassin server; it said {answer[:60]!r}")
    code = int(status[1])
    if code:
        said = status[2].decode("ascii", "replace")
        raise TransportError(server, "message", f"{_REASONS.get(code, 'spamd refused')} ({code} {said})")
    head, _, body = answer.partition(b"\r\n\r\n")
    verdict = _SPAM.search(head)
    if verdict is None:
        raise TransportError(server, "message", "spamd answered without a score; does it know the command REPORT?")
    return SpamScore(
        score=float(verdict[2]),
        threshold=float(verdict[3]),
        is_spam=verdict[1].lower() in (b"true", b"yes"),
        rules=_rules(body.decode("utf-8", "replace")),
    )


def _rules(report: str) -> tuple[SpamRule, ...]:
    """The rows below the report's line of dashes; a description may go on in the next line."""
    table = _TABLE.search(report)
    found: list[SpamRule] = []
    for line in report[table.end() :].splitlines() if table else ():
        if row := _RULE.match(line):
            found.append(SpamRule(name=row[2], score=float(row[1]), description=row[3].strip()))
        elif (more := _MORE.match(line)) and found:
            found[-1] = attrs.evolve(found[-1], description=f"{found[-1].description} {more[1].strip()}")
    return tuple(sorted(found, key=lambda rule: -rule.score))


def _connected(host: str, port: int, path: str | PathLike[str] | None, timeout_seconds: float) -> socket.socket:
    import socket

    if path is None:
        return socket.create_connection((host, port), timeout=timeout_seconds)
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(timeout_seconds)
        connection.connect(fspath(path))
    except BaseException:
        connection.close()
        raise
    return connection


def _answer(connection: socket.socket) -> bytes:
    received = bytearray()
    while chunk := connection.recv(65_536):
        received += chunk
        if len(received) > _LONGEST_ANSWER:
            break
    return bytes(received)
