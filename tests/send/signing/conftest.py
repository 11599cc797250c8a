"""Keys, made once: those of RFC 8463, appendix A, and fresh ones."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable

import attrs
import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mailkit.dns.dkim import verify_sync
from mailkit.send.signing import DKIMKey

SEED = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
PUBLISHED_SEED = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


def pem(bits: int) -> str:
    key = generate_private_key(public_exponent=65537, key_size=bits)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@attrs.frozen
class Keys:
    """Keys by selector, and what is published of them."""

    rsa: DKIMKey
    ed25519: DKIMKey

    def record(self, name: str) -> bytes | None:
        selector = name.partition(".")[0]
        for key in (self.rsa, self.ed25519):
            if key.selector == selector and key.public:
                kind = key.algorithm.partition("-")[0]
                return f"v=DKIM1; k={kind}; p={b64encode(key.public).decode()}".encode()
        return None


@pytest.fixture(scope="session")
def rsa_pem() -> str:
    return pem(2048)


@pytest.fixture(scope="session")
def keys(rsa_pem: str) -> Keys:
    return Keys(rsa=DKIMKey("rsa", rsa_pem), ed25519=DKIMKey("ed", SEED))


@pytest.fixture(scope="session")
def verified(keys: Keys) -> Callable[..., list[bool]]:
    """Whether dkimpy and `mailkit.dns` verify each signature of a letter; that they agree is asserted."""

    def verify(signed: bytes, *, signatures: int, domain: str = "example.com") -> list[bool]:
        def answer(name: bytes | str, timeout: int = 5) -> bytes | None:
            return keys.record(name.decode() if isinstance(name, bytes) else name)

        theirs = []
        for place in range(signatures):
            try:
                theirs.append(dkim.DKIM(signed).verify(idx=place, dnsfunc=answer))
            except dkim.DKIMException:
                theirs.append(False)
        zone = {
            (f"{selector}._domainkey.{domain}", "TXT"): (keys.record(selector) or b"").decode()
            for selector in ("rsa", "ed")
        }
        results = verify_sync(signed, resolver=zone).results
        ours = [result.result == "pass" for result in results]
        assert len(results) == signatures
        assert ours == theirs, [str(result) for result in results]
        return theirs

    return verify
