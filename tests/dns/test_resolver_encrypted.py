"""DNS over TLS (RFC 7858) and over HTTPS (RFC 8484), against servers on the loopback address."""

from __future__ import annotations

import asyncio
import contextlib
import http.server
import ipaddress
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mailkit import dns as mdns
from mailkit.dns import Answer, Malformed, NoSuchDomain, Outcome, Query, ServerFailure, TimedOut
from mailkit.errors import InvalidValue
from mailkit.testing import DNSZone

ZONE: dict[str, Any] = {
    "example.com": {"TXT": ["one"]},
    "long.example.com": {"TXT": ["x" * 60000]},
    "dead.example.com": {"TIMEOUT": True},
}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for dns.example and 127.0.0.1, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "dns.example")])
    names = [x509.DNSName("dns.example"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "dns.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path


def over_tcp(zone: DNSZone, message: bytes) -> bytes:
    """The zone's answer; empty for silence."""
    with socket.create_connection((zone.host, zone.port), timeout=0.3) as upstream:
        upstream.sendall(struct.pack("!H", len(message)) + message)
        try:
            (size,) = struct.unpack("!H", upstream.recv(2, socket.MSG_WAITALL))
            return upstream.recv(size, socket.MSG_WAITALL)
        except TimeoutError:
            return b""


class Handler(http.server.BaseHTTPRequestHandler):
    zone: DNSZone
    lie: str = ""
    hosts: list[str]

    def do_POST(self) -> None:
        assert self.path == "/dns-query"
        self.hosts.append(self.headers["host"])
        question = self.rfile.read(int(self.headers["content-length"]))
        body = over_tcp(self.zone, question)
        if self.lie == "other":
            body = over_tcp(self.zone, question.replace(b"example", b"elsewhe"))
        if self.lie == "long":
            body = b"x" * 70000
        self.send_response(503 if self.lie == "status" else 200)
        self.send_header("content-type", "text/html" if self.lie == "type" else "application/dns-message")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


class Quiet(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        pass  # those who do not like the certificate hang up


@contextlib.contextmanager
def https_server(zone: DNSZone, certificate: Path, lie: str = "") -> Iterator[tuple[int, list[str]]]:
    hosts: list[str] = []
    handler = type("Its", (Handler,), {"zone": zone, "lie": lie, "hosts": hosts})
    with Quiet(("127.0.0.1", 0), handler) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server.server_address[1], hosts
        server.shutdown()
        thread.join(5)


@contextlib.contextmanager
def tls_server(zone: DNSZone, certificate: Path) -> Iterator[tuple[int, list[str]]]:
    """A server that hands each question of a TLS connection to the zone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        stopped = threading.Event()
        listening.settimeout(0.02)

        def serve() -> None:
            while not stopped.is_set():
                with contextlib.suppress(OSError):
                    plain, _ = listening.accept()
                    plain.settimeout(2)
                    with contextlib.closing(plain), context.wrap_socket(plain, server_side=True) as held:
                        (size,) = struct.unpack("!H", held.recv(2))
                        answer = over_tcp(zone, held.recv(size))
                        held.sendall(struct.pack("!H", len(answer)) + answer if answer else b"")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1], []
        stopped.set()
        thread.join(5)


SERVERS = {"tls": tls_server, "https": https_server}


def ask(is_async: bool, query: Query, **settings: Any) -> Outcome:
    settings = {"nameservers": ["127.0.0.1"], "timeout": timedelta(seconds=20), "tries": 1, **settings}
    if is_async:
        return asyncio.run(mdns.AsyncResolver(**settings).resolve(query))
    return mdns.BlockingResolver(**settings).resolve(query)


@pytest.fixture(params=[True, False], ids=["async", "blocking"])
def is_async(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(params=["tls", "https"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_questions_go_over_an_encrypted_channel(transport: str, is_async: bool, certificate: Path) -> None:
    with DNSZone(ZONE, is_signed=True) as zone, SERVERS[transport](zone, certificate) as (port, hosts):
        settings: dict[str, Any] = {"transport": transport, "port": port, "ca_file": certificate}
        found = ask(is_async, Query("example.com"), **settings)
        assert found == Answer(["one"])
        assert isinstance(found, Answer)
        assert found.is_authenticated
        assert ask(is_async, Query("long.example.com"), **settings, server_name="dns.example") == Answer(["x" * 60000])
        assert ask(is_async, Query("nowhere.example.com"), **settings) == NoSuchDomain()
        if transport == "https":
            assert hosts[:2] == [f"127.0.0.1:{port}", f"dns.example:{port}"]


def test_a_certificate_that_nobody_vouches_for_ends_it(transport: str, is_async: bool, certificate: Path) -> None:
    with DNSZone(ZONE) as zone, SERVERS[transport](zone, certificate) as (port, _):
        unknown = ask(is_async, Query("example.com"), transport=transport, port=port)
        assert isinstance(unknown, ServerFailure)
        other = {"ca_file": certificate, "server_name": "other.example"}
        assert isinstance(ask(is_async, Query("example.com"), transport=transport, port=port, **other), ServerFailure)
        assert not zone.asked


def test_silence_is_a_time_out(is_async: bool, certificate: Path) -> None:
    with DNSZone(ZONE) as zone, socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        for transport in SERVERS:
            settings: dict[str, Any] = {"transport": transport, "port": port, "timeout": timedelta(seconds=0.2)}
            assert ask(is_async, Query("example.com"), **settings, ca_file=certificate) == TimedOut()
        assert not zone.asked


@pytest.mark.parametrize(
    ("lie", "kind"), [("status", ServerFailure), ("type", Malformed), ("other", Malformed), ("long", Malformed)]
)
def test_what_is_no_answer_over_https_is_told(lie: str, kind: Any, is_async: bool, certificate: Path) -> None:
    with DNSZone(ZONE) as zone, https_server(zone, certificate, lie) as (port, _):
        found = ask(is_async, Query("example.com"), transport="https", port=port, ca_file=certificate)
        assert isinstance(found, kind), found


def test_a_file_without_certificates_is_refused(tmp_path: Path) -> None:
    empty = tmp_path / "none.pem"
    empty.write_text("nothing")
    for path in (empty, tmp_path / "absent.pem"):
        with pytest.raises(InvalidValue):
            ask(True, Query("example.com"), transport="tls", ca_file=path)
