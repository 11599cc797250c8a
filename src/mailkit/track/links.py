"""Where the links of letters lead.

A token names a campaign and a link by their numbers, and the link table knows the
destination. So nobody can make a link of ours that leads elsewhere, and a link lives as
long as its row: whatever else of a campaign is deleted, keep its rows here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol, runtime_checkable

import attrs

from mailkit.checks import one_line
from mailkit.errors import InvalidValue
from mailkit.track.destinations import parse

__all__ = ["LinkTable", "MemoryLinkTable", "PlacedLink", "TrackedCampaign", "TrackedLink"]

_LARGEST_CAMPAIGN: Final = 2**32 - 1
_LARGEST_LINK: Final = 2**16 - 1


def _whole(least: int, most: int) -> Callable[[object, Any, Any], None]:
    def check(instance: object, attribute: Any, value: Any) -> None:
        if not isinstance(value, int) or not least <= value <= most:
            name = f"{type(instance).__name__}.{attribute.name}"
            raise InvalidValue(name, value, f"is not a whole number from {least} to {most}")

    return check


def _destination(href: str) -> str:
    return parse(href, what="TrackedLink.destination").geturl()


@runtime_checkable
class PlacedLink(Protocol):
    """What a compiler of letters says of one link; `mailkit.compose.Link` is one."""

    @property
    def number(self) -> int:
        """Its place in the letter, from 1."""
        ...

    @property
    def href(self) -> str:
        """Its destination as written."""
        ...

    @property
    def label(self) -> str:
        """The text that the reader presses."""
        ...

    @property
    def block(self) -> str:
        """The block in which it stands; may be empty."""
        ...


@attrs.frozen(kw_only=True)
class TrackedCampaign:
    """What the table remembers of a campaign, or of one step of one, which has a number of its own.

    Attributes:
        number: The number by which tokens name it, 0 to 2**32 - 1.
        name: Its name in events.
        step: The step's name in events; empty if there is only one.
        topic: What its letters are about. Who unsubscribes, leaves this topic.
        brand: In whose name they are. Who unsubscribes from a letter without a topic, leaves this brand.

    >>> TrackedCampaign(number=7, name="lapsing-june", brand="Books & Co").scope
    {'scope': 'brand', 'brand': 'Books & Co'}
    """

    number: int = attrs.field(validator=_whole(0, _LARGEST_CAMPAIGN))
    name: str = attrs.field(validator=one_line)
    step: str = attrs.field(default="", validator=one_line)
    topic: str = attrs.field(default="", validator=one_line)
    brand: str = attrs.field(default="", validator=one_line)

    @property
    def scope(self) -> dict[str, str]:
        """How far an unsubscription from it reaches, in the properties that `mailkit.suppression` reads."""
        if self.topic:
            return {"scope": "topic", "topic": self.topic}
        return {"scope": "brand", "brand": self.brand} if self.brand else {"scope": "everywhere"}


@attrs.frozen(kw_only=True)
class TrackedLink:
    """What the table remembers of a link.

    Attributes:
        number: Its place in the letter, 1 to 65535.
        destination: Where it leads: http or https, in ASCII, fit for a Location header (RFC 9110, 10.2.2).
        label: The text that the reader presses.
        block: The block in which it stands; may be empty.

    >>> TrackedLink(number=1, destination="https://shop.example.com/книги").destination
    'https://shop.example.com/%D0%BA%D0%BD%D0%B8%D0%B3%D0%B8'
    >>> TrackedLink(number=1, destination="javascript:alert(1)")
    Traceback (most recent call last):
    mailkit.errors.InvalidValue: TrackedLink.destination: 'javascript:alert(1)' is not an address on the web; ...
    """

    number: int = attrs.field(validator=_whole(1, _LARGEST_LINK))
    destination: str = attrs.field(converter=_destination)
    label: str = ""
    block: str = ""


@runtime_checkable
class LinkTable(Protocol):
    """Remembers campaigns and links by their numbers, for ever.

    The methods may block: they are called while letters are compiled, and in threads while
    requests are answered. `MemoryLinkTable` forgets with its process, so it is for trials.

    >>> isinstance(MemoryLinkTable(), LinkTable)
    True
    """

    def put(self, campaign: int, link: TrackedLink) -> None:
        """Remember a link of a campaign, in place of one with its number."""
        ...

    def get(self, campaign: int, number: int) -> TrackedLink | None:
        """The link; None if there is no such link."""
        ...

    def put_campaign(self, campaign: TrackedCampaign) -> None:
        """Remember a campaign, in place of one with its number."""
        ...

    def get_campaign(self, number: int) -> TrackedCampaign | None:
        """The campaign; None if there is none with that number."""
        ...


class MemoryLinkTable:
    """A link table in this process's memory.

    >>> table = MemoryLinkTable()
    >>> table.put(7, TrackedLink(number=1, destination="https://shop.example.com/sale", label="See the sale"))
    >>> table.get(7, 1).label, table.get(7, 2)
    ('See the sale', None)
    """

    def __init__(self) -> None:
        self._links: dict[tuple[int, int], TrackedLink] = {}
        self._campaigns: dict[int, TrackedCampaign] = {}

    def put(self, campaign: int, link: TrackedLink) -> None:
        """Remember a link of a campaign, in place of one with its number."""
        self._links[campaign, link.number] = link

    def get(self, campaign: int, number: int) -> TrackedLink | None:
        """The link; None if there is no such link."""
        return self._links.get((campaign, number))

    def put_campaign(self, campaign: TrackedCampaign) -> None:
        """Remember a campaign, in place of one with its number."""
        self._campaigns[campaign.number] = campaign

    def get_campaign(self, number: int) -> TrackedCampaign | None:
        """The campaign; None if there is none with that number."""
        return self._campaigns.get(number)
