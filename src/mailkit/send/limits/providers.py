"""Who runs a mailbox: told from the domain, or from its MX hosts.

How to think about it. Limits go with the receiving servers, and thousands of domains share those of
one provider. The table is `providers.toml`; every look-up is one in a dictionary for the domain, and one
for each label of an MX host, so a program can ask for each job.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import attrs

from mailkit.errors import InvalidValue

__all__ = ["Providers", "provider_of"]


@attrs.frozen
class Providers:
    """A table of providers.

    Attributes:
        by_domain: The provider of each domain that is a provider's own.
        by_mx: The provider of each name under which its mail servers lie.

    >>> providers = Providers.shipped().adding("our-host", mx=["mx.hosting.example"])
    >>> providers.of("customer.example", ["mx1.mx.hosting.example"]), providers.of("gmail.com")
    ('our-host', 'gmail')
    """

    by_domain: Mapping[str, str] = attrs.field(hash=False, repr=False)
    by_mx: Mapping[str, str] = attrs.field(hash=False, repr=False)

    @classmethod
    def shipped(cls) -> Providers:
        """The table of `providers.toml`."""
        return _shipped()

    def adding(self, name: str, *, mx: Iterable[str] = (), domains: Iterable[str] = ()) -> Providers:
        """This table with another provider, or with more of one; what was another's before is this one's then."""
        if isinstance(mx, str) or isinstance(domains, str):
            raise InvalidValue("Providers", mx or domains, "is a text, not a row of names", "write ['mx.example.net']")
        by_mx = {**self.by_mx, **{_plain(host): name for host in mx}}
        return Providers({**self.by_domain, **{_plain(domain): name for domain in domains}}, by_mx)

    def of(self, domain: str, mx_hosts: Iterable[str] = ()) -> str:
        """The provider's name; empty if it is not known.

        Args:
            domain: The domain in A-labels, such as `Domain.ascii`.
            mx_hosts: The names of its MX hosts, the most preferred first; without them, only providers' own
                domains are known. Of several providers, the first host's counts.
        """
        found = self.by_domain.get(domain) or self.by_domain.get(_plain(domain))
        if found:
            return found
        for host in mx_hosts:
            found = self._of_host(_plain(host))
            if found:
                return found
        return ""

    def _of_host(self, host: str) -> str:
        while host:
            found = self.by_mx.get(host)
            if found:
                return found
            host = host.partition(".")[2]
        return ""


def provider_of(domain: str, mx_hosts: Iterable[str] = ()) -> str:
    """Who runs the mailboxes of a domain, such as "gmail"; empty if that is not known. See `Providers.of`.

    >>> provider_of("bk.ru"), provider_of("shop.example", ["aspmx.l.google.com"]), provider_of("shop.example")
    ('mail.ru', 'gmail', '')
    >>> provider_of("shop.example", ["shop-example.mail.protection.outlook.com"]), provider_of("hotmail.com")
    ('microsoft365', 'outlook')
    """
    return _shipped().of(domain, mx_hosts)


def _plain(name: str) -> str:
    return name.lower().strip().removesuffix(".")


@cache
def _shipped() -> Providers:
    rows: list[dict[str, Any]] = tomllib.loads(
        files("mailkit.send.limits").joinpath("providers.toml").read_text("utf-8")
    )["provider"]
    return Providers(
        {domain: row["name"] for row in rows for domain in row.get("domains", ())},
        {host: row["name"] for row in rows for host in row["mx"]},
    )
