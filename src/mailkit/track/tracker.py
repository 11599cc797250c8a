"""The tracker: what an application sets up once, to turn links into tokens, and tokens into events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

import attrs

from mailkit.address import Address
from mailkit.clock import utc
from mailkit.errors import InvalidToken, InvalidValue
from mailkit.event import Event, Kind, Property
from mailkit.track.campaign import CampaignLinks
from mailkit.track.destinations import parse
from mailkit.track.links import LinkTable, MemoryLinkTable, TrackedCampaign
from mailkit.track.tokens import Keyring, Purpose, Token
from mailkit.track.unsubscribe import check_sender_id, default_list_id, default_sender_id, mail_tokens

__all__ = ["Tracker"]


def _base_url(text: str) -> str:
    parts = parse(text, what="Tracker.base_url")
    if parts.query or parts.fragment:
        raise InvalidValue(
            "Tracker.base_url", text, "has a query or a fragment", "write https://host or https://host/path"
        )
    if parts.scheme != "https" and not _is_loopback(parts.hostname or ""):
        reason = "is not https, so anybody on the way could read and use the tokens"
        raise InvalidValue("Tracker.base_url", text, reason, "http is for trials on 127.0.0.1 and localhost only")
    return parts.geturl().rstrip("/")


def _check_same(before: TrackedCampaign, now: TrackedCampaign) -> None:
    """Refuse to make another letter, or another scope, of a number that letters may have been sent with."""
    if (before.name, before.step) != (now.name, now.step):
        reason = f"is the number of the campaign {before.name!r}, step {before.step!r}, already"
        raise InvalidValue("campaign", now.number, reason, "give each step of each campaign its own")
    if (before.topic, before.brand) != (now.topic, now.brand):
        reason = f"is the number of letters on the topic {before.topic!r} of the brand {before.brand!r} already"
        mend = "give other letters a number of their own, or is_draft=True if none was sent"
        raise InvalidValue("campaign", now.number, reason, mend)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


@attrs.frozen(eq=False)
class Tracker:
    """What turns links into tokens, and visits into events.

    Persons and campaigns are numbers in tokens, which keeps them short and says nothing to a
    stranger. `people` turns a person's number back into the application's own id; an
    application whose ids are no numbers keeps such a table anyway, or adds a column.

    Attributes:
        base_url: Where the tracking app answers: https, with or without a path; http only on this machine.
        keys: What tokens are made and verified with.
        table: Where the links lead; in this process's memory unless given.
        people: The application's id of the person with a number, as in `Event.person`; empty for
            one who was erased: then nothing is remembered any more, and links still lead on.
        message_id: The Message-ID, without angle brackets, of a campaign's letter to a person,
            both by their numbers, so that reports can join events by it; empty if none is known.
        sender_id: The sender's name in Feedback-ID headers, 5 to 15 letters and digits; made
            of the host unless given.

    >>> from datetime import UTC
    >>> tracker = Tracker("https://t.example.com", keys=Keyring.generate())
    >>> links = tracker.campaign(7, name="lapsing-june", brand="Books & Co")
    >>> sent = datetime(2026, 6, 1, tzinfo=UTC)
    >>> token = tracker.keys.verify(links.unsubscribe(person=42, at=sent).rpartition("/")[2], Purpose.UNSUBSCRIBE)
    >>> event = tracker.unsubscribed(token, at=sent, evidence="page")
    >>> event.person, event.properties["brand"]
    ('42', 'Books & Co')
    """

    base_url: str = attrs.field(converter=_base_url)
    keys: Keyring = attrs.field(kw_only=True)
    table: LinkTable = attrs.field(kw_only=True, factory=MemoryLinkTable, repr=False)
    people: Callable[[int], str] = attrs.field(kw_only=True, default=str, repr=False)
    message_id: Callable[[int, int], str] | None = attrs.field(kw_only=True, default=None, repr=False)
    sender_id: str = attrs.field(
        kw_only=True, default=attrs.Factory(lambda self: default_sender_id(self.host), takes_self=True)
    )

    @keys.validator
    def _check_keys(self, attribute: object, value: Keyring) -> None:
        if not isinstance(value, Keyring):  # its type is told and not itself, since it may be the secret
            name = type(value).__name__
            raise InvalidValue("Tracker.keys", name, "is not a Keyring", "write Keyring.from_env('MAIL_KEYS')")

    @sender_id.validator
    def _check_sender_id(self, attribute: object, value: str) -> None:
        check_sender_id(value)

    @property
    def host(self) -> str:
        """The host at which the tracking app answers, without a port."""
        return urlsplit(self.base_url).hostname or ""

    def campaign(
        self,
        number: int,
        *,
        name: str,
        step: str = "",
        topic: str = "",
        brand: str = "",
        unsubscribe_mailto: Address | str | None = None,
        list_id: str = "",
        parameters: Mapping[str, str] | None = None,
        is_draft: bool = False,
    ) -> CampaignLinks:
        """The links of one campaign, or of one of its steps, for `compose.compile(links=...)`.

        Args:
            number: Its number, 0 to 2**32 - 1, never used for another letter: a step has a number of its own.
            name: The campaign's name, as in `Event.campaign`.
            step: The step's name, as in `Event.step`.
            topic: What the letters are about. Who unsubscribes leaves this topic, and reads its name on the page.
            brand: In whose name they are. Who unsubscribes from a letter without a topic leaves
                this brand; without either, everything.
            unsubscribe_mailto: Where a mail may be sent to leave; read it with `Tracker.unsubscribed_by_mail`.
            list_id: The List-Id (RFC 2919), to be kept for years; made of topic or brand and host unless given.
            parameters: What to add to the query of each destination. A value may name facts of the
                link: `{campaign}`, `{step}`, `{topic}`, `{brand}`, `{number}`, `{label}`, `{block}`.
            is_draft: Whether the letter has not been sent yet, so that all of this and where its links
                lead may still change.

        Raises:
            InvalidValue: A value cannot be used, or the number belongs to another letter already.
        """
        campaign = TrackedCampaign(number=number, name=name, step=step, topic=topic, brand=brand)
        links = CampaignLinks(
            base_url=self.base_url,
            keys=self.keys,
            table=self.table,
            campaign=campaign,
            sender_id=self.sender_id,
            unsubscribe_mailto=unsubscribe_mailto,
            list_id=list_id or default_list_id(topic or brand, self.host),
            parameters=parameters or {},
            is_draft=is_draft,
        )
        before = self.table.get_campaign(number)
        if before and not is_draft:
            _check_same(before, campaign)
        if before != campaign:
            self.table.put_campaign(campaign)
        return links

    def campaign_of(self, token: Token) -> TrackedCampaign:
        """The campaign that a token names; one named by its number if the table has forgotten it."""
        return self.table.get_campaign(token.campaign) or TrackedCampaign(
            number=token.campaign, name=str(token.campaign)
        )

    def event(
        self, kind: str, token: Token, *, at: datetime, properties: Mapping[str, Property], key: str = ""
    ) -> Event | None:
        """The fact that something happened to the letter that a token belongs to; None if its person was erased.

        Args:
            kind: What happened, as in `Event.kind`.
            token: What proved to be ours.
            at: When it happened.
            properties: More about it.
            key: What tells its repetitions; made from the content unless given.
        """
        person = self.people(token.person)
        if not person:
            return None
        campaign = self.campaign_of(token)
        return Event(
            kind=kind,
            person=person,
            at=at,
            message_id=self.message_id(token.campaign, token.person) if self.message_id else "",
            campaign=campaign.name,
            step=campaign.step,
            properties=properties,
            key=key,
        )

    def unsubscribed(self, token: Token, *, at: datetime, evidence: str, user_agent: str = "") -> Event | None:
        """The fact that a token's person left, as far as the campaign's topic or brand reaches.

        None if the person was erased. Repetitions within one second have one key. Later ones are
        facts of their own: who came back and leaves again by the same letter must be heard, and
        `mailkit.suppression` reads a hundred unsubscriptions like one.

        Args:
            token: A token made for `Purpose.UNSUBSCRIBE`.
            at: When it happened.
            evidence: How the person said it: "page", "one-click" or "mail".
            user_agent: The program that said it; empty if it is not known.

        Raises:
            InvalidToken: The token was made for another purpose.
        """
        if token.purpose is not Purpose.UNSUBSCRIBE:
            raise InvalidToken
        properties: dict[str, Property] = {**self.campaign_of(token).scope, "evidence": evidence}
        if user_agent:
            properties["user_agent"] = user_agent
        key = f"unsubscribed {token.campaign} {token.person} {utc(at):%Y-%m-%dT%H:%M:%SZ}"
        return self.event(Kind.UNSUBSCRIBED, token, at=at, properties=properties, key=key)

    def unsubscribed_by_mail(self, text: str, *, at: datetime) -> Event | None:
        """The fact that a person left by a mail to the campaign's `unsubscribe_mailto`; None if erased since.

        Args:
            text: The mail's subject, or all of it; the token is looked for.
            at: When the mail came.

        Raises:
            InvalidToken: There is no token in it that we made for this.
        """
        for found in mail_tokens(text):
            try:
                token = self.keys.verify_from_mail(found, Purpose.UNSUBSCRIBE)
            except InvalidToken:
                continue
            return self.unsubscribed(token, at=at, evidence="mail")
        raise InvalidToken
