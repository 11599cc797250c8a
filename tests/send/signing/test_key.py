"""Keys are read in the forms people have them in, and what is no key says what it is."""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as elliptic
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from mailkit.dns.dkim import generate
from mailkit.errors import InvalidValue
from mailkit.send.signing import DKIMKey, DKIMSigner

# The private key of RFC 8463, appendix A.2, and what it publishes.
SEED = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
PUBLISHED = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
SHORT = """
-----BEGIN RSA PRIVATE KEY-----
MIIBzAIBAAJhAOfaJChTl6upGngVP2sUpmkii8Rzkxgco+sbnj6rR+kFG7OtsDGk
BfPu0ohKou69zWuxDj24zRaJSwBlw42fA9sfg3reCVtAZdN91z9UTt9TdOpoGe0Y
1O9bqHm14WLZdwIDAQABAmAu8EbpsyK9qhqlvQd90kxudIP/Xbal5wZ4jrrWzS5d
yp71HXDSW/aoj+0nkpSx6NLPF6A+/ES8IVgvx7inP4VzzBhhryeAlUh3oOmbd/Qw
CvWFd9BK1ai9bANj1WBzGCECMQD2WBstPTzvHg5mxweCtdpEAst9Y7AontW1g9/s
hxCxA0cj03gzHtjMwh70Ytrj7yUCMQDw8J4Kc+2IKQMA4t/fiIWZjVF2lFWnE+u1
wl+8+AGYmqAlQKC/zeyj29FMqSaXwWsCMQCxWLqv9e9BQkUh7tVUX7Ez10NCERuI
EtlN5RO3R4FXvkFf5GUbgHCZ8IKyc9ybzdUCMQCWeoEKIDsy9gJFNG0D6/0c2NEP
ETepgNyPCVXH7ND6YWAxw/phsJfiAvDmQyKyVv8CMQC5llfHwEqwFKD/89QM6Nw+
uAhKxo5MC+pfbTU6Bk0M5Vu8co2ZtxuSFDE2/WvjkFE=
-----END RSA PRIVATE KEY-----
"""


def test_the_seed_of_rfc_8463_publishes_what_it_says() -> None:
    key = DKIMKey("brisbane", SEED)
    assert b64encode(key.public or b"").decode() == PUBLISHED
    assert (key.algorithm, key.bits, key.is_slow) == ("ed25519-sha256", 256, False)


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_pem_is_read_in_both_forms_as_text_or_bytes(rsa_pem: str, form: PrivateFormat) -> None:
    loaded = load_pem_private_key(rsa_pem.encode(), None)
    data = loaded.private_bytes(Encoding.PEM, form, NoEncryption())
    assert DKIMKey("a", data).public == DKIMKey("a", data.decode()).public == DKIMKey("a", f"\n{rsa_pem}\n").public


@pytest.mark.parametrize("algorithm", ["rsa", "ed25519"])
def test_what_dns_generates_signs_and_is_what_it_publishes(algorithm: Any) -> None:
    pair = generate("example.com", "news", algorithm=algorithm)
    key = DKIMKey(pair.selector, pair.private_key)
    assert key.public == pair.record.key
    assert key.algorithm == f"{algorithm}-sha256"
    assert "PRIVATE" not in repr(key)


def test_a_function_signs_as_the_key_itself_does(rsa_pem: str) -> None:
    letter = b"From: shop@example.com\r\n\r\nHello\r\n"
    for private in (rsa_pem, SEED):
        key = DKIMKey("news", private)
        elsewhere = DKIMKey("news", key.sign_digest, algorithm=key.algorithm)
        assert elsewhere.is_slow
        assert elsewhere.public is None
        assert not elsewhere.findings
        now = datetime(2026, 3, 1, tzinfo=UTC)
        signed = [DKIMSigner("example.com", one).sign(letter, now=now) for one in (key, elsewhere)]
        assert signed[0] == signed[1]


@pytest.mark.parametrize("algorithm", ["rsa-sha256", "ed25519-sha256"])
@pytest.mark.parametrize("signature", [b"", b"short", "text", None])
def test_what_a_function_gives_must_be_a_signature(algorithm: Any, signature: Any) -> None:
    key = DKIMKey("news", lambda digest: signature, algorithm=algorithm)
    with pytest.raises(InvalidValue, match="is no signature of"):
        key.sign_digest(b"0" * 32)


def test_what_a_function_raises_is_raised() -> None:
    def sign(digest: bytes) -> bytes:
        raise TimeoutError("the KMS is away")

    with pytest.raises(TimeoutError):
        DKIMSigner("example.com", DKIMKey("a", sign, algorithm="rsa-sha256")).sign(b"From: a@example.com\r\n\r\n")


def test_an_unusual_size_is_a_finding() -> None:
    key = generate_private_key(public_exponent=65537, key_size=1024)
    short = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    long = Path(__file__).with_name("rsa5120.pem").read_bytes()  # to make one takes long, too
    for bits, data in ((1024, short), (5120, long)):
        (finding,) = DKIMKey("news", data).findings
        assert f"{bits} bits" in finding.message


def test_less_than_1024_bits_are_refused() -> None:
    with pytest.raises(InvalidValue, match="768 bits"):
        DKIMKey("news", SHORT)


def private(kind: str, rsa_pem: str) -> Any:
    key = load_pem_private_key(rsa_pem.encode(), None)
    pem = Encoding.PEM
    curve = elliptic(SECP256R1())
    return {
        "curve": curve.private_bytes(pem, PrivateFormat.PKCS8, NoEncryption()),
        "locked": key.private_bytes(pem, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")),
        "locked, PKCS #1": key.private_bytes(pem, PrivateFormat.TraditionalOpenSSL, BestAvailableEncryption(b"x")),
        "cut": rsa_pem[:300] + rsa_pem[400:],
        "one line": rsa_pem.replace("\n", "\\n"),
        "public": "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
        "certificate": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "path": "keys/news.pem",
        "long": "no key! " * 100,
        "short seed": b64encode(b"0" * 31).decode(),
        "number": 17,
        "nothing": "",
    }[kind]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("curve", "is neither an RSA nor an Ed25519 key"),
        ("locked", "is encrypted"),
        ("locked, PKCS #1", "is encrypted"),
        ("cut", "cannot be read as a key"),
        ("one line", "in place of line breaks"),
        ("public", "is a public key"),
        ("certificate", "holds no private key"),
        ("path", "path.read_text"),
        ("long", "is neither PEM nor base64"),
        ("short seed", "base64 of 31 bytes"),
        ("number", "is not a key"),
        ("nothing", "base64 of 0 bytes"),
    ],
)
def test_what_is_no_key_is_named_and_not_shown(kind: str, reason: str, rsa_pem: str) -> None:
    given = private(kind, rsa_pem)
    with pytest.raises(InvalidValue, match=reason) as caught:
        DKIMKey("news", given)
    assert str(given)[40:60] not in str(caught.value) or len(str(given)) < 60
    assert caught.value.mend


@pytest.mark.parametrize("selector", ["", "a b", "a..b", "-a", "ключ", "a" * 64, None, "a;b"])
def test_what_is_no_selector_is_refused(selector: Any) -> None:
    with pytest.raises(InvalidValue, match="is not a selector"):
        DKIMKey(selector, SEED)


def test_an_algorithm_must_be_one_fit_the_key_and_be_said_for_a_function() -> None:
    with pytest.raises(InvalidValue, match="did you mean 'rsa-sha256'"):
        DKIMKey("a", SEED, algorithm="rsa-sha1")  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match="write 'rsa-sha256' or"):
        DKIMKey("a", SEED, algorithm="?")  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match="does not fit the key"):
        DKIMKey("a", SEED, algorithm="rsa-sha256")
    with pytest.raises(InvalidValue, match="must be said"):
        DKIMKey("a", b64decode)
    assert DKIMKey("a", SEED, algorithm="ed25519-sha256").bits == 256
