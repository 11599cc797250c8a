"""Connecting, greeting, TLS and login, by aiosmtplib. I/O."""

from __future__ import annotations

import socket
import ssl
from functools import cache
from inspect import isawaitable
from typing import Final

import aiosmtplib

from mailkit.errors import TransportError
from mailkit.send.returns.reply import Phase
from mailkit.send.smtp.account import Account, SetupError, drop, garbage, no_answer, read_reply
from mailkit.send.smtp.offers import Offers
from mailkit.send.smtp.session import Line
from mailkit.send.transport import Refused

__all__ = ["connect"]

_NO_EHLO: Final = (500, 501, 502, 504)


async def connect(account: Account) -> Line | Refused:
    """Connect, greet, secure and log in; Refused if the server turns us away with a reply.

    Raises:
        SetupError: TLS or the login cannot work as they are set up.
        TransportError: The server cannot be reached, or is none.
    """
    client = aiosmtplib.SMTP(
        hostname=account.address or account.host,
        port=account.port,
        timeout=account.timeout.total_seconds(),
        use_tls=account.tls == "implicit",
        start_tls=False,
        tls_context=_context(account),
        local_hostname=account.local_hostname or _own_name(),
    )
    phase = Phase.CONNECT
    try:
        await client.connect()
        phase = Phase.EHLO
        await _greet(client)
        await _secure(client, account)
        await _log_in(client, account)
        return Line(client=client, account=account, offers=_offers(client))
    except aiosmtplib.SMTPResponseException as error:
        drop(client)
        if error.code < 0:
            raise TransportError(account.server, phase, garbage(error.message)) from error
        if error.code // 100 not in (4, 5):
            said = read_reply(error.code, error.message).line
            reason = f"its answer fits nothing that was said: {said!r}"
            raise TransportError(account.server, phase, reason) from error
        return Refused(reply=read_reply(error.code, error.message), phase=phase)
    except TransportError:
        drop(client)
        raise
    except (aiosmtplib.SMTPException, OSError, ValueError, OverflowError) as error:  # odd settings, odd challenges
        drop(client)
        raise _translated(error, account, phase) from error
    except BaseException:
        drop(client)
        raise


def _offers(client: aiosmtplib.SMTP) -> Offers:
    context = client.get_transport_info("sslcontext")
    is_proven = isinstance(context, ssl.SSLContext) and context.verify_mode is ssl.CERT_REQUIRED
    return Offers.of(client.esmtp_extensions, is_proven=is_proven)


async def _greet(client: aiosmtplib.SMTP) -> None:
    try:
        await client.ehlo()
    except aiosmtplib.SMTPHeloError as error:
        if error.code not in _NO_EHLO:
            raise
        await client.helo()


async def _secure(client: aiosmtplib.SMTP, account: Account) -> None:
    if account.tls in ("none", "implicit"):
        return
    if client.supports_extension("starttls"):
        await client.starttls(server_hostname=account.host)
        await _greet(client)
    elif account.tls == "starttls":
        reason = "TLS is required, and the server does not offer STARTTLS"
        raise SetupError(account.server, Phase.EHLO, reason)


async def _log_in(client: aiosmtplib.SMTP, account: Account) -> None:
    if not account.username:
        return
    if account.tls == "opportunistic" and client.get_transport_info("sslcontext") is None:
        reason = "the password would travel unencrypted, since the server offers no TLS; give tls='none' to allow it"
        raise SetupError(account.server, Phase.EHLO, reason)
    try:
        if account.token is None:
            await client.login(account.username, account.password)
        else:
            await _show_token(client, account)
    except aiosmtplib.SMTPAuthenticationError as error:
        if read_reply(error.code, error.message).is_permanent:
            reason = f"the login as {account.username!r} was refused: {error.code} {error.message}"
            raise SetupError(account.server, Phase.EHLO, reason) from error
        raise
    except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError):
        raise
    except aiosmtplib.SMTPResponseException:
        raise
    except aiosmtplib.SMTPException as error:
        reason = "a username is given, and the server offers no login that we know"
        raise SetupError(account.server, Phase.EHLO, reason) from error


async def _show_token(client: aiosmtplib.SMTP, account: Account) -> None:
    """Log in by XOAUTH2, with a token that is asked for now."""
    if "xoauth2" not in client.server_auth_methods:
        raise SetupError(account.server, Phase.EHLO, "a token is given, and the server offers no login by XOAUTH2")
    assert account.token is not None  # looked at by the caller
    try:
        given = account.token()
        token = await given if isawaitable(given) else given
    except Exception as error:  # whatever it is, letters are put off
        reason = f"no token for the login could be had ({type(error).__name__}: {error})"
        raise TransportError(account.server, Phase.EHLO, reason) from error
    await client.auth_xoauth2(account.username, token)


def _translated(error: Exception, account: Account, phase: Phase) -> TransportError:
    """A library's error as one sentence of ours."""
    cause = error.__cause__ or error
    if isinstance(cause, ssl.SSLCertVerificationError):
        reason = f"the server's certificate is not to be trusted ({cause.verify_message}); give tls_context= if you do"
        return SetupError(account.server, phase, reason)
    if isinstance(cause, ssl.SSLError):
        reason = f"TLS could not be agreed ({cause.reason or cause}); does the port speak it from the start?"
        return SetupError(account.server, phase, reason)
    if isinstance(error, TimeoutError):
        return TransportError(account.server, phase, no_answer(account.timeout))
    if isinstance(cause, socket.gaierror):
        return TransportError(account.server, phase, "the host's name could not be resolved")
    if isinstance(cause, ConnectionRefusedError):
        return TransportError(account.server, phase, "the connection was refused; is a server listening there?")
    if isinstance(cause, aiosmtplib.SMTPServerDisconnected | ConnectionResetError):
        return TransportError(account.server, phase, "the server closed the connection")
    return TransportError(account.server, phase, f"no connection could be made ({cause})")


def _context(account: Account) -> ssl.SSLContext | None:
    if account.tls_context is not None or account.tls == "none":
        return account.tls_context
    return _for_anybody() if account.tls == "opportunistic" else _for_the_known()


@cache
def _for_anybody() -> ssl.SSLContext:
    """TLS without proof of who it is: unauthenticated encryption beats none (RFC 7435)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@cache  # to load this machine's roots takes 25 ms, as much as a hundred letters
def _for_the_known() -> ssl.SSLContext:
    return ssl.create_default_context()


def _own_name() -> str:
    """What to call ourselves in EHLO: a name with a dot, or an address literal (RFC 5321, 4.1.3)."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"
