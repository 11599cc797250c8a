"""Mail servers greeted, for checks that want to see their TLS: EHLO, STARTTLS, and good-bye.

Nothing is sent but the greeting. A server whose certificate is not trusted is greeted a second
time, without verification, so that its certificate can be looked at (and matched with DANE).
"""

from __future__ import annotations

import asyncio
import re
import ssl
from typing import Any, Final

import attrs

from mailkit.dns.errands import Greet, Greeted
from mailkit.dns.lookup import Failure
from mailkit.dns.reaching import Reach, Refused, trouble
from mailkit.errors import InvalidValue

__all__ = ["SMTPGreeter"]

_REPLY: Final = re.compile(r"([2-5][0-9]{2})(?:([ -])(.*))?\Z", re.DOTALL)
_MOST_LINES: Final = 100
_DER: Final = 2  # _ssl.ENCODING_DER


def _name(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9.:\[\]-]{1,255}", value):
        raise InvalidValue("SMTPGreeter.name", value, "is not the name of a machine", "write 'check.example.com'")
    return value


@attrs.frozen(kw_only=True)
class SMTPGreeter(Reach):
    """Greets mail servers, and tells what they offer and what certificate they have.

    Attributes:
        name: What the greeter calls itself in EHLO; it should be this machine's name.
        timeout: How long one server may take, both greetings included.
        allow_private: Whether addresses are reached that nobody outside can: loopback, private and reserved ones.
        ca_file: A file of certificates (PEM) that are trusted in place of this machine's roots; empty for these.
        routes: Host names to (address, port), reached instead of what the DNS says: for what is not published yet.

    >>> import asyncio
    >>> print(asyncio.run(SMTPGreeter().greet(Greet("127.0.0.1"))))
    malformed: 127.0.0.1 leads to 127.0.0.1, which is not an address that anybody can reach
    """

    name: str = attrs.field(default="localhost", converter=_name)

    async def greet(self, server: Greet) -> Greeted | Failure:
        """How the server greeted; a failure if it did not."""
        try:
            async with asyncio.timeout(self.timeout.total_seconds()):
                return await self._greet(server)
        except Exception as error:  # noqa: BLE001 - sorted in trouble, which raises what it does not know
            return trouble(error, "mail server")

    async def _greet(self, server: Greet) -> Greeted:
        try:
            return await self._converse(server, verifies=True)
        except ssl.SSLCertVerificationError as error:
            found = await self._converse(server, verifies=False)
            return attrs.evolve(found, is_trusted=False, reason=f"certificate: {error.verify_message}")

    async def _converse(self, server: Greet, *, verifies: bool) -> Greeted:
        reader, writer = await self.connect(server.host, server.port)
        try:
            banner = await _reply(reader, 220)
            offers = await self._offers(reader, writer)
            found = Greeted(banner=banner[0][:500], offers_starttls="STARTTLS" in offers)
            if found.offers_starttls:
                found = await self._upgrade(reader, writer, server, found, verifies=verifies)
            await _leave(reader, writer)
            return found
        finally:
            writer.transport.abort()

    async def _offers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> set[str]:
        """The extensions that the server offers; none if it only knows HELO (RFC 5321, 4.1.4)."""
        try:
            lines = await _command(reader, writer, f"EHLO {self.name}", 250)
        except Refused:
            await _command(reader, writer, f"HELO {self.name}", 250)
            return set()
        return {line[4:].upper().split(" ")[0].strip() for line in lines[1:]}

    async def _upgrade(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        server: Greet,
        found: Greeted,
        *,
        verifies: bool,
    ) -> Greeted:
        try:
            await _command(reader, writer, "STARTTLS", 220)
        except Refused as refusal:
            return attrs.evolve(found, reason=f"STARTTLS: {refusal}")
        try:
            await writer.start_tls(
                self.context(verifies=verifies),
                server_hostname=server.host,
                ssl_handshake_timeout=self.timeout.total_seconds() / 2,
            )
        except ssl.SSLCertVerificationError:
            raise
        except (ssl.SSLError, ConnectionError) as error:
            return attrs.evolve(found, reason=f"TLS: {getattr(error, 'reason', '') or error}")
        tls: Any = writer.get_extra_info("ssl_object")
        chain = _chain(tls)
        return attrs.evolve(
            found, tls_version=tls.version() or "", certificate=chain[0], chain=chain, is_trusted=verifies
        )


async def _command(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: str, code: int) -> list[str]:
    writer.write(f"{line}\r\n".encode("ascii"))
    await writer.drain()
    return await _reply(reader, code)


async def _reply(reader: asyncio.StreamReader, code: int) -> list[str]:
    """The lines of a reply.

    Raises:
        Refused: It is not one, or has another code.
    """
    lines: list[str] = []
    while len(lines) < _MOST_LINES:
        line = (await reader.readuntil(b"\n")).decode("latin-1").rstrip("\r\n")
        matched = _REPLY.match(line)
        if not matched:
            raise Refused(f"the server does not speak SMTP: {line[:80]!r}")
        lines.append(line)
        if matched[2] != "-":
            if matched[1] != str(code):
                raise Refused(f"the server answers {line[:200]!r}")
            return lines
    raise Refused("the server's reply does not end")


async def _leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say good-bye; what the server makes of it does not matter any more."""
    try:
        await _command(reader, writer, "QUIT", 221)
    except (OSError, Refused, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return


def _chain(tls: Any) -> tuple[bytes, ...]:
    """The certificates that the server sent, in DER; only its own where Python does not tell the others."""
    inner = getattr(tls, "_sslobj", tls)  # public as SSLObject.get_unverified_chain from Python 3.13 on
    told = getattr(inner, "get_unverified_chain", lambda: None)() or ()
    sent = tuple(one if isinstance(one, bytes) else bytes(one.public_bytes(_DER)) for one in told)
    return sent or (tls.getpeercert(binary_form=True),)
