"""Which clients a list's readers use, and what share of them cannot show a thing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

import attrs

from mailkit.errors import InvalidValue, did_you_mean

__all__ = ["DEFAULT_CLIENTS", "Feature", "Support", "client_names", "shares", "support"]

DEFAULT_CLIENTS: Final[Mapping[str, float]] = MappingProxyType(
    {
        "apple-mail": 0.36,
        "gmail": 0.34,
        "outlook-windows": 0.06,
        "outlook-com": 0.06,
        "yahoo": 0.05,
        "mail-ru": 0.05,
        "samsung-email": 0.03,
        "outlook-ios": 0.02,
        "outlook-android": 0.01,
        "gmx": 0.01,
        "thunderbird": 0.01,
    }
)
"""An assumption, for those who have not measured: what shares of readers use which client."""


@attrs.frozen
class Feature:
    """What clients make of one feature of HTML or CSS.

    Attributes:
        slug: Its name at caniemail.com.
        title: What it is called.
        tested: When it was last tested, as a date.
        cells: For each client one letter: y, a (in part), n, or u (unknown).
    """

    slug: str
    title: str
    tested: str
    cells: str


@attrs.frozen
class Support:
    """caniemail's table.

    Attributes:
        clients: The names of its columns.
        features: The rows by slug.
        date: When the data were published.
    """

    clients: tuple[str, ...]
    features: Mapping[str, Feature]
    date: str

    def without(self, slug: str, weights: Mapping[str, float]) -> tuple[float, tuple[str, ...]]:
        """The share of readers whose client cannot do it, and those clients, the most used first."""
        cells = self.features[slug].cells
        lacking = [
            client for client, cell in zip(self.clients, cells, strict=True) if cell == "n" and weights.get(client)
        ]
        lacking.sort(key=lambda client: -weights[client])
        return sum(weights[client] for client in lacking), tuple(lacking)


@cache
def support() -> Support:
    """The table, read once."""
    from importlib.resources import files

    lines = files(__package__).joinpath("data", "support.tsv").read_text(encoding="utf-8").splitlines()
    date = lines[0].partition("of ")[2].strip()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    clients = tuple(rows[0][3].split())
    features = {row[0]: Feature(row[0], row[1], row[2], row[3]) for row in rows[1:]}
    return Support(clients, features, date)


def client_names() -> tuple[str, ...]:
    """The names that `clients=` understands: of one client, or of all of a family."""
    known = support().clients
    families = {_family(name) for name in known}
    return tuple(sorted({*known, *families, "outlook-com"}))


def shares(clients: Mapping[str, float] | None) -> dict[str, float]:
    """The share of each client of the table; a family's is spread evenly over its clients.

    Raises:
        InvalidValue: A client is not known, or a share is not one.

    >>> round(shares({"gmail": 0.8, "outlook-windows": 0.2})["gmail-ios"], 2)
    0.2
    """
    given = DEFAULT_CLIENTS if clients is None else clients
    if not isinstance(given, Mapping):
        raise InvalidValue("lint, clients", given, "is not a mapping", "write {'gmail': 0.5, 'outlook-windows': 0.1}")
    spread: dict[str, float] = {}
    for name, share in given.items():
        members = [one for one in support().clients if name in (one, _family(one))]
        if not members:
            mend = did_you_mean(str(name), client_names()).lstrip("; ") or "write e.g. 'gmail' or 'outlook-windows'"
            raise InvalidValue("lint, clients", name, "is not a client that caniemail.com knows", mend)
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise InvalidValue("lint, clients", share, "is not a share between 0 and 1")
        for one in members:
            spread[one] = spread.get(one, 0.0) + share / len(members)
    if sum(spread.values()) > 1.001:
        raise InvalidValue("lint, clients", dict(given), "adds up to more than 1", "give shares of all readers")
    return spread


def _family(client: str) -> str:
    for name in ("apple-mail", "samsung-email", "mail-ru", "web-de", "t-online-de", "free-fr", "ionos-1and1", "wp-pl"):
        if client.startswith(name):
            return name
    return client.partition("-")[0]
