"""The links and header fields of one campaign's letter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import attrs

from mailkit.address import Address
from mailkit.errors import InvalidValue
from mailkit.track.destinations import fill, is_web_link, with_parameters
from mailkit.track.links import LinkTable, PlacedLink, TrackedCampaign, TrackedLink
from mailkit.track.tokens import Keyring, Purpose
from mailkit.track.unsubscribe import check_list_id, feedback_id, unsubscribe_headers

__all__ = ["CampaignLinks"]

_OURS: Final = ("/o/", "/c/", "/u/")


def _checked_address(value: Address | str | None) -> Address | None:
    return Address.parse(value) if isinstance(value, str) else value


def _own_copy(parameters: Mapping[str, str]) -> dict[str, str]:
    if not isinstance(parameters, Mapping) or not all(isinstance(name, str) for name in parameters):
        raise InvalidValue("parameters", parameters, "is not values by name", "write {'utm_source': 'mail'}")
    return dict(parameters)


@attrs.frozen(kw_only=True, eq=False)
class CampaignLinks:
    """The links of one campaign's letter; what `compose.compile(links=...)` asks for.

    Made by `Tracker.campaign`, which says what the attributes mean.

    >>> from datetime import UTC
    >>> from mailkit.track import Tracker
    >>> tracker = Tracker("https://t.example.com", keys=Keyring({1: bytes(range(32))}))
    >>> links = tracker.campaign(7, name="lapsing-june", topic="news", unsubscribe_mailto="leave@example.com")
    >>> for name, value in links.headers(person=42, at=datetime(2026, 6, 1, tzinfo=UTC)):
    ...     print(f"{name}: {value}")
    List-Unsubscribe: <https://t.example.com/u/...>, <mailto:leave@example.com?subject=unsubscribe%20...>
    List-Unsubscribe-Post: List-Unsubscribe=One-Click
    List-Id: <news.t.example.com>
    Feedback-ID: 7:news:texamplecom
    """

    base_url: str
    keys: Keyring
    table: LinkTable = attrs.field(repr=False)
    campaign: TrackedCampaign
    sender_id: str
    unsubscribe_mailto: Address | None = attrs.field(default=None, converter=_checked_address)
    list_id: str = attrs.field()
    parameters: Mapping[str, str] = attrs.field(factory=dict, converter=_own_copy)
    is_draft: bool = False

    @list_id.validator
    def _check_list_id(self, attribute: object, value: str) -> None:
        check_list_id(value)

    @parameters.validator
    def _check_parameters(self, attribute: object, value: Mapping[str, str]) -> None:
        for template in value.values():
            fill(template, self._facts(number=1, label="", block=""))

    def place(self, link: PlacedLink) -> bool:
        """Take note of a link while a letter is compiled; say whether it is to be replaced by `url`.

        What is no address on the web (`mailto:`, `tel:`, an anchor) is left alone, and so is
        what leads to the tracker anyway.

        Raises:
            InvalidValue: The destination hides a line break or another host; or letters may have
                been sent in which this number leads elsewhere.
        """
        ours = tuple(self.base_url + path for path in _OURS)
        if not is_web_link(link.href) or link.href.strip().startswith(ours):
            return False
        facts = self._facts(number=link.number, label=link.label, block=link.block)
        added = {name: fill(template, facts) for name, template in self.parameters.items()}
        destination = with_parameters(link.href, added, what=f"link {link.number}")
        placed = TrackedLink(number=link.number, destination=destination, label=link.label, block=link.block)
        before = self.table.get(self.campaign.number, link.number)
        if before and before.destination != placed.destination and not self.is_draft:
            reason = f"would lead elsewhere than in letters sent before, which is to {before.destination}"
            mend = "give the changed letter a campaign number of its own, or is_draft=True if none was sent"
            raise InvalidValue(f"link {link.number} of campaign {self.campaign.number}", link.href, reason, mend)
        if before != placed:
            self.table.put(self.campaign.number, placed)
        return True

    def url(self, number: int, *, person: int, at: datetime) -> str:
        """The address to put in place of link `number` in the letter that `person` gets, sent `at`."""
        campaign = self.campaign.number
        token = self.keys.mint(Purpose.CLICK, campaign=campaign, person=person, link=number, at=at)
        return f"{self.base_url}/c/{token}"

    def pixel(self, *, person: int, at: datetime) -> str:
        """The address of the picture that tells of an opening."""
        token = self.keys.mint(Purpose.OPEN, campaign=self.campaign.number, person=person, at=at)
        return f"{self.base_url}/o/{token}.gif"

    def unsubscribe(self, *, person: int, at: datetime) -> str:
        """The address of the page on which this person leaves."""
        token = self.keys.mint(Purpose.UNSUBSCRIBE, campaign=self.campaign.number, person=person, at=at)
        return f"{self.base_url}/u/{token}"

    def headers(self, *, person: int, at: datetime) -> tuple[tuple[str, str], ...]:
        """The header fields of one person's letter, for `Envelope.headers`: List-Unsubscribe and its kin.

        A signature must cover them (RFC 8058, 4). Letters that the person's own act asked for,
        such as a receipt, have none of these.
        """
        campaign = self.campaign
        mail_token = ""
        if self.unsubscribe_mailto:
            mail_token = self.keys.mint_for_mail(Purpose.UNSUBSCRIBE, campaign=campaign.number, person=person, at=at)
        counted = feedback_id(
            campaign=campaign.number,
            step=campaign.step,
            kind=campaign.topic or campaign.brand,
            sender=self.sender_id,
        )
        return (
            *unsubscribe_headers(self.unsubscribe(person=person, at=at), self.unsubscribe_mailto, mail_token),
            ("List-Id", f"<{self.list_id}>"),
            ("Feedback-ID", counted),
        )

    def _facts(self, *, number: int, label: str, block: str) -> dict[str, object]:
        named = self.campaign
        return {
            "campaign": named.name,
            "step": named.step,
            "topic": named.topic,
            "brand": named.brand,
            "number": number,
            "label": label,
            "block": block,
        }
