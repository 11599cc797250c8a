"""Letters about an account: codes, passwords and payments. They answer the reader, so one cannot unsubscribe."""

from __future__ import annotations

from mailkit.compose.letter import Letter
from mailkit.compose.letters.brand import Brand
from mailkit.compose.letters.drafts import Draft

__all__ = ["password_changed", "password_reset", "payment_failed", "sign_in_code", "trial_ending"]


def sign_in_code(brand: Brand, *, lang: str = "en") -> Letter:
    """A code to sign in with, also in the subject, where a telephone shows it.

    Fields:
        code: The code, as text.
        minutes: How long it is valid.

    >>> from mailkit.compose.letters import sample_brand
    >>> sign_in_code(sample_brand()).subject
    '{{ code }} is your sign-in code'
    """
    draft = Draft(brand, lang, "sign_in_code")
    return draft.letter(draft.text(), draft.code("code"), draft.text("after", muted=True), is_asked_for=True)


def password_reset(brand: Brand, *, lang: str = "en") -> Letter:
    """A link to choose a new password.

    Fields:
        name: The reader's name; may be absent or empty.
        reset_url: Where the link leads.
        minutes: How long it is valid.

    >>> from mailkit.compose.letters import sample_brand
    >>> password_reset(sample_brand(), lang="ru").subject
    'Новый пароль'
    """
    draft = Draft(brand, lang, "password_reset")
    return draft.letter(
        draft.hello(), draft.text(), draft.button("{{ reset_url }}"), draft.text("after", muted=True), is_asked_for=True
    )


def password_changed(brand: Brand, *, lang: str = "en") -> Letter:
    """A notice that the password was changed, with a way out if it was someone else.

    Fields:
        name: The reader's name; may be absent or empty.
        changed_at: When, as an aware datetime.
        zone: The reader's time zone, such as "Europe/Moscow".
        secure_url: Where an account can be secured.

    >>> from mailkit.compose.letters import sample_brand
    >>> password_changed(sample_brand()).subject
    'Your password has been changed'
    """
    draft = Draft(brand, lang, "password_changed")
    return draft.letter(
        draft.hello(),
        draft.text(),
        draft.button("{{ secure_url }}", kind="secondary"),
        draft.text("after", muted=True),
        is_asked_for=True,
    )


def payment_failed(brand: Brand, *, lang: str = "en") -> Letter:
    """A payment by subscription that did not go through.

    Fields:
        name: The reader's name; may be absent or empty.
        amount: How much.
        plan: What for.
        retry_on: The day on which it will be tried again.
        billing_url: Where the card can be changed.

    >>> from mailkit.compose.letters import sample_brand
    >>> payment_failed(sample_brand(), lang="ru").subject
    'Не удалось списать оплату'
    """
    draft = Draft(brand, lang, "payment_failed")
    return draft.letter(draft.hello(), draft.text(), draft.button("{{ billing_url }}"), is_asked_for=True)


def trial_ending(brand: Brand, *, lang: str = "en") -> Letter:
    """The end of a trial, some days before.

    Fields:
        name: The reader's name; may be absent or empty.
        ends: The last day.
        price: What a month costs.
        plans_url: Where a plan can be chosen.

    >>> from mailkit.compose.letters import sample_brand
    >>> trial_ending(sample_brand()).preheader
    'What happens next, and how to go on.'
    """
    draft = Draft(brand, lang, "trial_ending")
    return draft.letter(draft.hello(), draft.text(), draft.button("{{ plans_url }}"), is_asked_for=True)
