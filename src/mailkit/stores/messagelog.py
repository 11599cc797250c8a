"""The message log: whose letter a Message-ID belongs to."""

from __future__ import annotations

from datetime import datetime

import attrs
from sqlalchemy import Engine, select

from mailkit.address import Address
from mailkit.stores.faults import translated
from mailkit.stores.rows import instant
from mailkit.stores.schema import messages
from mailkit.stores.trusted import address

__all__ = ["MessageEntry", "MessageLog"]


@attrs.frozen(kw_only=True)
class MessageEntry:
    """What is known of a letter by its Message-ID.

    Attributes:
        message_id: The Message-ID, without angle brackets.
        person: The application's id of the person.
        campaign: The campaign; empty if it belongs to none.
        step: The step of that campaign.
        recipient: To which address it went.
        queued_at: When it came into the outbox.

    >>> from datetime import UTC
    >>> entry = MessageEntry(message_id="1@example.com", person="17", campaign="spring", step="", queued_at=
    ...     datetime(2026, 3, 1, tzinfo=UTC), recipient=Address.parse("anna@example.org"))
    >>> entry.person
    '17'
    """

    message_id: str
    person: str
    campaign: str
    step: str
    recipient: Address
    queued_at: datetime


class MessageLog:
    """Every letter that came into the outbox, by Message-ID; the outbox itself fills it.

    A report, a complaint or an answer names a Message-ID, and this says who is meant.
    Comes with a store: `stores.open("shop.db").messages`.

    Args:
        reading: The engine to read with.
        place: The database as messages name it.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from mailkit import stores
    >>> with TemporaryDirectory() as folder, stores.open(Path(folder, "shop.db")) as store:
    ...     print(store.messages.find("<somebody-elses@example.net>"))
    None
    """

    def __init__(self, reading: Engine, place: str) -> None:
        self._reading, self._place = reading, place

    def find(self, message_id: str) -> MessageEntry | None:
        """Whose letter it is; None if it is none of ours. Angle brackets and blanks around it do not matter.

        None too if letters to several people were given one Message-ID: then it says nothing, and
        nobody is to be blamed for another's bounce. Of several letters to one person, the newest.
        """
        same = messages.c.message_id == message_id.strip("<> \t\r\n")
        wanted = select(messages).where(same).order_by(messages.c.job_id)
        with translated(self._place), self._reading.connect() as connection:
            rows = connection.execute(wanted).all()
        if len({row.person for row in rows}) != 1:
            return None
        row = rows[-1]
        return MessageEntry(
            message_id=row.message_id,
            person=row.person,
            campaign=row.campaign,
            step=row.step,
            recipient=address(row.recipient),
            queued_at=instant(row.queued_at),
        )
