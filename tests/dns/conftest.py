"""Certificates for tests: an authority made on the spot, and what it issues."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

NOW = datetime.now(UTC)


class Authority:
    """A certificate authority that nobody knows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name.from_rfc4514_string("CN=Test authority")
        self.certificate = self._signed(self.name, self.key, None, [(x509.BasicConstraints(True, None), True)])
        self.file = folder / "authority.pem"
        self.file.write_bytes(self.certificate.public_bytes(Encoding.PEM))

    def _signed(self, subject: Any, key: Any, days: tuple[int, int] | None, extensions: list[Any]) -> x509.Certificate:
        first, last = days or (-1, 30)
        builder = x509.CertificateBuilder(subject_name=subject, issuer_name=self.name, public_key=key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(NOW + timedelta(days=first)).not_valid_after(NOW + timedelta(days=last))
        identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        for extension, is_critical in [(identifier, False), (issuer, False), *extensions]:
            builder = builder.add_extension(extension, is_critical)
        return builder.sign(self.key, SHA256())

    def issue(
        self, *names: str, days: tuple[int, int] = (-1, 30), extensions: tuple[Any, ...] = (), subject: Any = None
    ) -> tuple[x509.Certificate, Any]:
        """A certificate for host names and addresses, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        named: list[x509.GeneralName] = [
            x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name) for name in names
        ]
        alternative = [(x509.SubjectAlternativeName(named), False)] if named else []
        subject = subject or x509.Name.from_rfc4514_string("CN=Test")
        return self._signed(subject, key, days, [*alternative, *((one, False) for one in extensions)]), key

    def context(self, *names: str, days: tuple[int, int] = (-1, 30)) -> ssl.SSLContext:
        """TLS as a server with such a certificate."""
        certificate, key = self.issue(*names, days=days)
        file = self.folder / f"{certificate.serial_number}.pem"
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        chain = certificate.public_bytes(Encoding.PEM) + self.certificate.public_bytes(Encoding.PEM)
        file.write_bytes(secret + chain)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that nobody knows; `authority.file` makes it known."""
    return Authority(tmp_path_factory.mktemp("authority"))


@contextmanager
def _serving(context: ssl.SSLContext | None, converse: Any) -> Iterator[int]:
    import asyncio
    import threading

    started, loops, ports = threading.Event(), [], []

    async def serve() -> None:
        stopping = asyncio.Event()
        loops.append((asyncio.get_running_loop(), stopping))
        tasks: set[asyncio.Task[None]] = set()

        async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task
            tasks.add(task)
            try:
                await converse(reader, writer)
            except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                pass
            finally:
                tasks.discard(task)
                writer.transport.abort()

        server = await asyncio.start_server(one, "127.0.0.1", 0, ssl=context)
        ports.append(server.sockets[0].getsockname()[1])
        started.set()
        await stopping.wait()
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    started.wait()
    yield ports[0]
    loop, stopping = loops[0]
    loop.call_soon_threadsafe(stopping.set)
    thread.join()


@pytest.fixture
def serving() -> Any:
    """A server on loopback that speaks as it is told: `with serving(tls_context, converse) as port`."""
    return _serving
