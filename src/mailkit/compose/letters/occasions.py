"""Letters for an occasion: news, a season, a birthday, an event, a farewell."""

from __future__ import annotations

from mailkit.compose import blocks as b
from mailkit.compose.letter import Letter
from mailkit.compose.letters.brand import Brand
from mailkit.compose.letters.drafts import Draft

__all__ = ["birthday", "event_invitation", "goodbye", "newsletter", "reactivation", "seasonal_offer"]


def newsletter(brand: Brand, *, lang: str = "en") -> Letter:
    """An issue with any number of stories.

    Fields:
        issue: With `title`, `lead` (a sentence or two) and `stories`, each with `title`, `text`, `url`
            and, where there is one, `image`.

    >>> from mailkit.compose.letters import sample_brand
    >>> newsletter(sample_brand()).subject
    '{{ issue.title }}'
    """
    draft = Draft(brand, lang, "newsletter")
    story: list[b.Block] = [
        b.Divider(),
        b.If("story.image|default('', true)", [b.Image(src="{{ story.image }}", alt="", href="{{ story.url }}")]),
        b.Heading("{{ story.title }}", level=2),
        b.Text("{{ story.text }}"),
        draft.button("{{ story.url }}", "more", kind="secondary"),
    ]
    return draft.letter(draft.text(), b.If("issue.stories|required", [b.Each("issue.stories", story, item="story")]))


def seasonal_offer(brand: Brand, *, lang: str = "en") -> Letter:
    """An offer for some days, with a choice of products.

    Fields:
        name: The reader's name; may be absent or empty.
        offer: With `title`, `share` (0..1), `code` and `ends` (the last day).
        products: Things with `name`, `price`, `url` and, where there is one, `image`; an even number looks best.

    >>> from mailkit.compose.letters import sample_brand
    >>> seasonal_offer(sample_brand()).preheader
    'Our choice for you, and a code for everything else.'
    """
    draft = Draft(brand, lang, "seasonal_offer")
    return draft.letter(draft.hello(), draft.text(), draft.cards("products"), draft.button())


def birthday(brand: Brand, *, lang: str = "en") -> Letter:
    """A present on the reader's birthday.

    Fields:
        name: The reader's name; may be absent or empty.
        offer: With `share` (0..1), `code` and `ends` (the last day).

    >>> from mailkit.compose.letters import sample_brand
    >>> birthday(sample_brand(), lang="ru").subject
    'С днём рождения! Подарок от Atlas'
    """
    draft = Draft(brand, lang, "birthday")
    return draft.letter(
        draft.hello(), draft.text(), draft.code("offer.code"), draft.text("after", muted=True), draft.button()
    )


def event_invitation(brand: Brand, *, lang: str = "en") -> Letter:
    """An invitation, with time and place.

    Fields:
        name: The reader's name; may be absent or empty.
        event: With `title`, `about`, `starts` (an aware datetime), `place` and `url`.
        zone: The time zone in which the time is told, such as "Europe/Moscow".

    >>> from mailkit.compose.letters import sample_brand
    >>> event_invitation(sample_brand()).preheader
    '{{ event.place }}, {{ event.starts|time(zone=zone) }}.'
    """
    draft = Draft(brand, lang, "event_invitation")
    when = "{{ event.starts|datetime(zone=zone) }}"
    facts = b.Text(f"**{draft.line('when')}:** {when}\n\n**{draft.line('where')}:** {{{{ event.place }}}}")
    return draft.letter(draft.hello(), draft.text(), facts, draft.button("{{ event.url }}"))


def reactivation(brand: Brand, *, lang: str = "en") -> Letter:
    """To customers who have not come for some months: what is new.

    Fields:
        name: The reader's name; may be absent or empty.
        products: Things with `name`, `price`, `url` and, where there is one, `image`; an even number looks best.

    >>> from mailkit.compose.letters import sample_brand
    >>> reactivation(sample_brand(), lang="ru").subject
    'Давно не виделись: вот что у нас нового'
    """
    draft = Draft(brand, lang, "reactivation")
    return draft.letter(draft.hello(), draft.text(), draft.cards("products"), draft.button())


def goodbye(brand: Brand, *, lang: str = "en") -> Letter:
    """The last letter to those who no longer read: they stay by a click. Keep its promise.

    Fields:
        name: The reader's name; may be absent or empty.
        stay_url: Where the answer "yes" leads.

    >>> from mailkit.compose.letters import sample_brand
    >>> goodbye(sample_brand()).preheader
    'If you do not answer, we will stop.'
    """
    draft = Draft(brand, lang, "goodbye")
    return draft.letter(draft.hello(), draft.text(), draft.button("{{ stay_url }}"))
