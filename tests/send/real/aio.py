"""aiosmtpd in this process, in a thread of its own."""

from __future__ import annotations

import logging
from email.parser import BytesHeaderParser
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.send.real.certificate import contexts
from tests.send.real.servers import free_port

__all__ = ["Aiosmtpd"]

_LOG = logging.getLogger("mail.log")


class Aiosmtpd:
    """A server that knows neither PIPELINING nor CHUNKING; it refuses refused@ and puts off later@ any domain."""

    def __init__(self, *, login: tuple[str, str]) -> None:
        if not _LOG.handlers:
            _LOG.addHandler(logging.NullHandler())
        self.host, self.port = "127.0.0.1", free_port()
        self._login, self._taken = login, list[tuple[str, str]]()

    def __enter__(self) -> Self:
        self._controller = Controller(
            self,
            hostname=self.host,
            port=self.port,
            tls_context=contexts()[0],
            authenticator=self._authenticate,
            enable_SMTPUTF8=True,
            data_size_limit=60_000_000,
        )
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop()

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        """Answer by the name before the @."""
        answers = {"refused": "550 5.1.1 No such user", "later": "451 4.7.1 Greylisted"}
        said = answers.get(address.split("@")[0], "250 2.1.5 Ok")
        if said.startswith("2"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Take it."""
        message_id = str(BytesHeaderParser().parsebytes(envelope.original_content)["Message-ID"])
        self._taken += [(one, message_id.strip("<>")) for one in envelope.rcpt_tos]
        return "250 2.0.0 Ok"

    def settled(self, wanted: object = ()) -> list[tuple[str, str]]:
        """The recipient and Message-ID of each letter it took."""
        return list(self._taken)

    def _authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login.decode(), data.password.decode()) == self._login, handled=False)
