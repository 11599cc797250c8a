"""Letters to new subscribers: the question whether they are, and a series of three."""

from __future__ import annotations

from mailkit.compose.letter import Letter
from mailkit.compose.letters.brand import Brand
from mailkit.compose.letters.drafts import Draft

__all__ = ["confirm_subscription", "welcome", "welcome_favourites", "welcome_offer"]


def confirm_subscription(brand: Brand, *, lang: str = "en") -> Letter:
    """The question whether the reader wants the letters (double opt-in).

    Fields:
        confirm_url: Where the answer "yes" leads.

    >>> from mailkit.compose.letters import sample_brand
    >>> confirm_subscription(sample_brand(), lang="ru").subject
    'Подтвердите подписку'
    """
    draft = Draft(brand, lang, "confirm_subscription")
    return draft.letter(
        draft.text(),
        draft.button("{{ confirm_url }}"),
        draft.text("after", muted=True),
        is_asked_for=True,
    )


def welcome(brand: Brand, *, lang: str = "en") -> Letter:
    """The first letter, at once: who writes, what about, and how to reach them.

    Fields:
        name: The reader's name; may be absent or empty.

    >>> from mailkit.compose.letters import sample_brand
    >>> welcome(sample_brand(), lang="ru").subject
    'Добро пожаловать в Atlas'
    """
    draft = Draft(brand, lang, "welcome")
    return draft.letter(draft.hello(), draft.text(), draft.button())


def welcome_favourites(brand: Brand, *, lang: str = "en") -> Letter:
    """The second, some days later: what others like.

    Fields:
        name: The reader's name; may be absent or empty.
        products: Things with `name`, `price`, `url` and, where there is one, `image`; an even number looks best.

    >>> from mailkit.compose.letters import sample_brand
    >>> welcome_favourites(sample_brand()).preheader
    'A good place to begin.'
    """
    draft = Draft(brand, lang, "welcome_favourites")
    return draft.letter(draft.hello(), draft.text(), draft.cards("products"), draft.button())


def welcome_offer(brand: Brand, *, lang: str = "en") -> Letter:
    """The third, a week later, to those who have not ordered: a code for the first order.

    Fields:
        name: The reader's name; may be absent or empty.
        offer: With `share` (0..1), `code` and `ends` (the last day).

    >>> from mailkit.compose.letters import sample_brand
    >>> welcome_offer(sample_brand()).subject
    '{{ offer.share|percent }} off your first order'
    """
    draft = Draft(brand, lang, "welcome_offer")
    return draft.letter(
        draft.hello(),
        draft.text(),
        draft.code("offer.code"),
        draft.text("after", muted=True),
        draft.button(),
    )
