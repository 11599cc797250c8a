"""Signing: `DKIMSigner` against dkimpy and against the bare operation of the key, on a letter of 10 KB."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from statistics import median
from time import process_time

import dkim as dkimpy
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from mailkit.dns.dkim import generate
from mailkit.send.signing import DKIMKey, DKIMSigner

ROUNDS = 7
NOW = datetime(2026, 3, 1, tzinfo=UTC)
HEAD = (
    b"From: Books <shop@example.com>\r\nTo: Anna <anna%d@example.org>\r\nSubject: Your books of May, Anna\r\n"
    b"Date: Sun, 01 Mar 2026 12:00:00 +0000\r\nMessage-ID: <%d.june@example.com>\r\nReply-To: help@example.com\r\n"
    b"List-Id: News <news.example.com>\r\nList-Unsubscribe: <https://example.com/u/%d>,\r\n"
    b" <mailto:u%d@example.com>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nFeedback-ID: june:shop\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative; boundary="--=_1"\r\n\r\n'
)
BODY = b"A line of a letter in quoted-printable, about as long as lines of letters are.=\r\n" * 120


def _letter(number: int) -> bytes:
    return HEAD % (number, number, number, number) + BODY


def _timed(work: object, count: int) -> float:
    """CPU of one call in microseconds."""
    started = process_time()
    for number in range(count):
        work(number)  # type: ignore[operator]
    return (process_time() - started) / count * 1e6


def main() -> list[tuple[str, float]]:
    """Run all in turn, print a table, and give the ratios; above 1 is in our favour."""
    pair = generate("example.com", "rsa")
    rsa = load_pem_private_key(pair.private_key.encode(), None)
    pem = rsa.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    seed = b64encode(Ed25519PrivateKey.generate().private_bytes_raw())
    keys = {"rsa-2048": DKIMKey("rsa", pem), "ed25519": DKIMKey("ed", seed)}
    signers = {name: DKIMSigner("example.com", key) for name, key in keys.items()}
    signers["both"] = DKIMSigner("example.com", list(keys.values()))
    digest = sha256(b"").digest()
    letters = [_letter(number) for number in range(300)]

    def theirs(secret: bytes, algorithm: bytes) -> object:
        return lambda number: dkimpy.sign(
            letters[number % 300],
            b"s",
            b"example.com",
            secret,
            signature_algorithm=algorithm,
            canonicalize=(b"relaxed", b"relaxed"),
        )

    rows = {
        "SHA-256 of the body": (lambda number: sha256(BODY).digest(), 2000),
        "bare operation, rsa-2048": (lambda number: keys["rsa-2048"].sign_digest(digest), 200),
        "bare operation, ed25519": (lambda number: keys["ed25519"].sign_digest(digest), 2000),
        **{
            f"DKIMSigner, {name}": (lambda number, one=signer: one.sign(letters[number % 300], now=NOW), 1000)
            for name, signer in signers.items()
        },
        "dkimpy, rsa-2048": (theirs(pem, b"rsa-sha256"), 20),
        "dkimpy, ed25519": (theirs(seed, b"ed25519-sha256"), 100),
    }
    times: dict[str, list[float]] = {name: [] for name in rows}
    for _ in range(ROUNDS):
        for name, (work, count) in rows.items():
            times[name].append(_timed(work, count))
    found = {name: median(row) for name, row in times.items()}
    print(f"{'sign, 10 KB':<44}{'CPU, µs':>12}")
    for name, value in found.items():
        print(f"  {name:<42}{value:>12.1f}")
    return [
        (f"sign: DKIMSigner against dkimpy, {name}", found[f"dkimpy, {name}"] / found[f"DKIMSigner, {name}"])
        for name in ("rsa-2048", "ed25519")
    ]


if __name__ == "__main__":
    print(main())
