"""How the mail server for tests talks to one client (RFC 5321, 3030, 2920, 3207, 4954).

How to think about it. Every answer is asked for by its phase: `Choice` may put another in its
place, and only if what was said is positive does the conversation go on as if nothing had happened.
A letter is a return path, recipients and octets; DATA and BDAT differ only in how these come.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from mailkit.testing.answers import Answer
from mailkit.testing.login import MECHANISMS, decoded, log_in
from mailkit.testing.offers import path_and_parameters, wrong_parameter
from mailkit.testing.wire import Gone, Idle, Wire

if TYPE_CHECKING:
    from mailkit.testing.server import SMTPServer

__all__ = ["Conversation"]

_OK: Final = "250 2.0.0 Ok"
_NAME: Final = "mail.example.com"


class Conversation:
    """One client's conversation with the server."""

    def __init__(self, server: SMTPServer, wire: Wire) -> None:
        self._server, self._wire = server, wire
        self._letters, self._rested = 0, 0.0
        self._is_greeted = self._is_secure = self._is_logged_in = False
        self._forget()

    async def run(self) -> None:
        """Talk until one of them hangs up."""
        self._is_secure = self._server.speaks_tls_at_once
        await self._say("connect", f"220 {_NAME} ESMTP mailkit", done=self._server.connections - 1)
        while True:
            self._wire.idle = self._server.patience
            try:
                line = await self._wire.line()
            except Idle:
                await self._be_idle()
            else:
                self._rested, self._wire.idle = 0.0, self._server.idle
                await self._obey(line)

    async def _obey(self, line: bytes) -> None:
        word, _, argument = line.decode("utf-8", "surrogateescape").strip().partition(" ")
        match word.upper():
            case "EHLO" | "HELO" as word:
                await self._greet(word, argument)
            case "MAIL":
                await self._mail(argument)
            case "RCPT":
                await self._rcpt(argument)
            case "DATA":
                await self._data()
            case "BDAT":
                await self._bdat(argument)
            case "RSET":
                if _is_positive(await self._say("rset", _OK)):
                    self._forget()
            case "NOOP":
                await self._say("noop", _OK)
            case "QUIT":
                await self._say("quit", "221 2.0.0 Bye")
                raise Gone
            case "STARTTLS":
                await self._starttls()
            case "AUTH":
                await self._auth(argument)
            case "VRFY":
                await self._say("noop", "252 2.5.2 Send something, and see")
            case _:
                self._write("500 5.5.2 That is no command")

    def _forget(self) -> None:
        """Begin a new letter."""
        self._sender: str | None = None
        self._options: list[str] = []
        self._recipients: list[str] = []
        self._octets = bytearray()
        self._is_in_pieces = self._is_spoilt = False

    def _write(self, reply: str) -> None:
        *before, last = reply.split("\n")
        lines = [f"{last[:3]}-{_text(line)}" if line[:3].isdigit() else f"{last[:3]}-{line}" for line in before]
        self._wire.write("".join(f"{line}\r\n" for line in [*lines, last]).encode("utf-8", "surrogateescape"))

    async def _say(self, phase: str, usual: str, *, recipient: str = "", done: int | None = None) -> str:
        """Give the answer that was told for this phase, or the usual one; return what was said."""
        answer = self._server.choice.of(phase, recipient, self._letters if done is None else done)
        if answer is None:
            self._write(usual)
            return usual
        return await self._act(answer, usual, recipient)

    async def _act(self, answer: Answer, usual: str, recipient: str = "", content: bytes = b"") -> str:
        """Do what an answer tells, after its delay, and note what it means for a recipient."""
        said = answer.raw.decode("latin-1") or answer.reply or usual
        if recipient and (answer.drop or not answer.accepts):
            verdict = "dropped" if answer.drop else "deferred" if said.startswith("4") else "refused"
            self._server.note(recipient, verdict, said, content)
        await self._carry_out(answer, said)
        return said

    async def _carry_out(self, answer: Answer, said: str) -> None:
        if answer.delay and answer.phase != "idle":
            await self._wire.flush()
            await asyncio.sleep(answer.delay)
        if answer.drop:
            await self._wire.flush()  # what it said before
            self._wire.abort()
            raise Gone
        if answer.is_silent:
            await self._wire.hear_out()
        if answer.raw:
            self._wire.write(answer.raw)
        else:
            self._write(said)
        if said.startswith("421"):
            await self._wire.flush()
            raise Gone
        if answer.half_closes:
            await self._wire.flush()
            self._wire.end_writing()
            await self._wire.hear_out()

    async def _be_idle(self) -> None:
        self._rested += self._wire.idle
        answer = self._server.choice.of("idle", "", self._letters)
        if answer is not None:
            await self._carry_out(answer, answer.reply or "421 4.4.2 Idle for too long")
        elif self._rested >= self._server.idle:
            raise Gone

    # -- greeting, TLS, login --

    async def _greet(self, word: str, name: str) -> None:
        self._forget()
        self._is_greeted = True
        lines = [_NAME, *(self._offers() if word == "EHLO" else ())]
        usual = "\n".join(f"250{' ' if line is lines[-1] else '-'}{line}" for line in lines)
        if not name:
            usual = f"501 5.5.4 {word} who?"
        self._is_greeted = _is_positive(await self._say("ehlo", usual))

    def _offers(self) -> list[str]:
        server = self._server
        offers = ["PIPELINING", f"SIZE {server.size_limit}", "8BITMIME", "ENHANCEDSTATUSCODES", "SMTPUTF8", "CHUNKING"]
        offers.append("DSN")
        if server.tls_context is not None:
            offers.append("REQUIRETLS" if self._is_secure else "STARTTLS")
        if server.wants_login:
            offers.append(f"AUTH {' '.join(MECHANISMS)}")
        without = {name.upper() for name in server.without}
        return [offer for offer in offers if offer.split()[0] not in without]

    def _offered(self) -> set[str]:
        return {offer.split()[0] for offer in self._offers()}

    async def _starttls(self) -> None:
        context = self._server.tls_context
        if context is None or self._is_secure or "STARTTLS" not in self._offered():
            self._write("502 5.5.1 There is no TLS here")
            return
        answer = self._server.choice.of("starttls", "", self._letters)
        if answer is not None and answer.changes_what_is_said:
            await self._act(answer, "")
            return
        if answer is not None:
            await asyncio.sleep(answer.delay)
        await self._wire.start_tls(context, b"220 2.0.0 Go ahead\r\n")
        self._is_secure, self._is_greeted = True, False
        self._forget()

    async def _auth(self, argument: str) -> None:
        mechanism, _, initial = argument.partition(" ")
        login = self._server.login
        if login is None or mechanism.upper() not in MECHANISMS or self._is_logged_in or self._sender is not None:
            self._write("503 5.5.1 Not now" if self._is_logged_in else "504 5.5.4 There is no such login")
            return
        first = decoded(initial.encode()) if initial else None
        dialogue = log_in(mechanism.upper(), first, login[0].encode(), login[1].encode())
        try:
            challenge = next(dialogue)
            while True:
                self._write(f"334 {base64.b64encode(challenge).decode()}")
                given = decoded(await self._wire.line())
                if given is None:
                    self._write("501 5.5.2 That cannot be read")
                    return
                challenge = dialogue.send(given)
        except StopIteration as end:
            usual = "235 2.7.0 Welcome" if end.value else "535 5.7.8 That is not you"
            self._is_logged_in = _is_positive(await self._say("auth", usual)) and bool(end.value)

    # -- the letter --

    async def _mail(self, argument: str) -> None:
        read = path_and_parameters(argument)
        if not self._is_greeted or self._sender is not None:
            self._write("503 5.5.1 One letter after the other" if self._is_greeted else "503 5.5.1 Say EHLO first")
        elif self._server.wants_login and not self._is_logged_in:
            self._write("530 5.7.0 Authentication required")
        elif self._letters == self._server.letters_per_connection:
            self._write("421 4.7.0 Enough letters for one connection")
            await self._wire.flush()
            raise Gone
        elif wrong := self._why_not("MAIL", read):
            self._write(wrong)
        elif read is not None and _is_positive(await self._say("mail", "250 2.1.0 Ok")):
            self._sender, self._options = read[0], list(read[1])

    async def _rcpt(self, argument: str) -> None:
        read = path_and_parameters(argument)
        if self._sender is None or self._is_in_pieces:
            self._write("503 5.5.1 Say MAIL first")
        elif wrong := self._why_not("RCPT", read):
            self._write(wrong)
        elif read is not None:
            if not read[0]:
                self._write("501 5.1.3 For whom?")
            elif _is_positive(await self._say("rcpt", "250 2.1.5 Ok", recipient=read[0], done=len(self._recipients))):
                self._recipients.append(read[0])
                self._options += read[1]

    def _why_not(self, command: str, read: tuple[str, Sequence[str]] | None) -> str:
        """The reply to a path or parameters that cannot be taken; empty if they can."""
        if read is None:
            return f"501 5.5.4 {command} what?"
        path, parameters = read[0], tuple(read[1])
        wrong = wrong_parameter(command, parameters, self._offered() if parameters else ())
        options = parameters if command == "MAIL" else self._options
        if not wrong and not path.isascii() and "SMTPUTF8" not in map(str.upper, options):
            return "553 5.6.7 Say SMTPUTF8 first"
        size = next((int(one[5:]) for one in parameters if one.upper().startswith("SIZE=") and not wrong), 0)
        return "552 5.3.4 That is too large" if size > self._server.size_limit else wrong

    async def _data(self) -> None:
        if not self._recipients or self._is_in_pieces:
            self._write("503 5.5.1 Say RCPT first" if not self._recipients else "503 5.5.1 BDAT was begun")
            return
        if not (await self._say("data", "354 End with a dot", recipient=self._recipients[0])).startswith("354"):
            return
        early = self._early()
        if early is not None:
            early = early if await self._wire.upto(early.after) else None
        if early is not None:
            await self._act(early, "552 5.2.2 Enough", self._recipients[0])
        content = await self._wire.message()
        if early is None:
            await self._finish(content)
        self._forget()

    async def _bdat(self, argument: str) -> None:
        count, _, last = argument.partition(" ")
        if not count.isdecimal() or last.upper() not in ("", "LAST"):
            self._write("501 5.5.4 BDAT what? Bye, as nobody knows what follows")
            raise Gone
        octets = await self._wire.octets(int(count))
        if self._sender is None or not self._recipients or self._is_spoilt:
            self._write("503 5.5.1 There is nobody to take that")
            self._spoil(is_last=bool(last))
            return
        if not self._is_in_pieces:
            self._is_in_pieces = True
            if not _is_positive(await self._first_piece()):
                self._spoil(is_last=bool(last))
                return
        self._octets += octets
        if last:
            await self._finish(bytes(self._octets))
            self._forget()
        else:
            self._write(f"250 2.0.0 {count} octets")

    async def _first_piece(self) -> str:
        """What the answers say to a message that comes by BDAT; nothing is said if they are content."""
        answer = self._server.choice.of("data", self._recipients[0], self._letters)
        if answer is None or not answer.changes_what_is_said:
            await asyncio.sleep(answer.delay if answer else 0)
            return _OK
        return await self._act(answer, _OK, self._recipients[0])

    def _spoil(self, *, is_last: bool) -> None:
        """After a BDAT that failed, all the others of its letter fail, until RSET or a new one (RFC 3030, 2)."""
        self._is_spoilt = True
        if is_last:
            self._forget()

    def _early(self) -> Answer | None:
        """The answer that comes within the message, once enough of it has come."""
        return self._server.choice.of("content", self._recipients[0], self._server.size_limit)

    async def _finish(self, content: bytes) -> None:
        """Answer a whole message; take it and write the log first."""
        recipient = self._recipients[0]
        if len(content) > self._server.size_limit:
            self._server.note(recipient, "refused", reply := "552 5.3.4 That is too large", content)
            self._write(reply)
            return
        answer = self._server.choice.of("message", recipient, self._letters)
        if answer is not None and not answer.accepts:
            await self._act(answer, _OK, recipient, content)
            return
        self._letters += 1
        said = _OK if answer is None else answer.reply or _OK
        for one in self._recipients:
            self._server.take(self._sender or "", one, content, tuple(self._options))
            self._server.note(one, "accepted", said, content)
        if answer is None:
            self._write(said)
        else:
            await self._carry_out(answer, said)


def _is_positive(said: str) -> bool:
    return said.startswith("2")


def _text(line: str) -> str:
    return line[4:]
