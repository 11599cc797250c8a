"""What a check may want besides the DNS: a page of the web, or to see how a mail server greets.

Who drives the check says who brings these; without anybody they end as `NotAsked`.
"""

from __future__ import annotations

import attrs

__all__ = ["Fetch", "Fetched", "Greet", "Greeted", "NotAsked"]


@attrs.frozen
class Fetch:
    """One page of the web to be read.

    Attributes:
        url: Its address; only https is fetched, and no redirect is followed unless `follows`.
        longest_bytes: How much of it is read at the most; a longer one is `Malformed`.
        follows: Whether redirects to other https addresses are followed, three at the most.

    >>> Fetch("https://mta-sts.example.com/.well-known/mta-sts.txt").longest_bytes
    65536
    """

    url: str
    longest_bytes: int = 65536
    follows: bool = False

    def __str__(self) -> str:
        return f"GET {self.url}"


@attrs.frozen
class Fetched:
    """A page that came, whatever its status.

    Attributes:
        status: Its HTTP status, such as 200.
        media_type: What it says to be, such as "text/plain"; in small letters, without parameters.
        body: Its content.

    >>> print(Fetched(status=404, media_type="text/plain", body=b""))
    status 404, 0 bytes
    """

    status: int
    media_type: str
    body: bytes = attrs.field(repr=False)

    def __str__(self) -> str:
        return f"status {self.status}, {len(self.body)} bytes"


@attrs.frozen
class Greet:
    """A mail server to be greeted: EHLO, STARTTLS where it is offered, and good-bye; nothing is sent.

    Attributes:
        host: Its name, which its certificate should bear.
        port: Its port.

    >>> print(Greet("mx.example.com"))
    EHLO mx.example.com:25
    """

    host: str
    port: int = 25

    def __str__(self) -> str:
        return f"EHLO {self.host}:{self.port}"


@attrs.frozen(kw_only=True)
class Greeted:
    """How a mail server greeted.

    Attributes:
        banner: The first line that it said.
        offers_starttls: Whether it offers STARTTLS.
        tls_version: The protocol that was agreed on, such as "TLSv1.3"; empty without TLS.
        certificate: Its certificate in DER; empty without TLS.
        chain: The certificates that it sent, its own first, in DER.
        is_trusted: Whether the certificate is valid for the host by this machine's roots; None without TLS.
        reason: What is wrong about it, or about STARTTLS; empty if nothing.

    >>> Greeted(banner="220 mx.example.com ESMTP", offers_starttls=False).is_trusted is None
    True
    """

    banner: str
    offers_starttls: bool
    tls_version: str = ""
    certificate: bytes = attrs.field(default=b"", repr=False)
    chain: tuple[bytes, ...] = attrs.field(default=(), repr=False)
    is_trusted: bool | None = None
    reason: str = ""


@attrs.frozen
class NotAsked:
    """Nobody was there to bring it: no fetcher, or no greeter, was given.

    >>> print(NotAsked())
    not asked
    """

    def __str__(self) -> str:
        return "not asked"
