"""Ready letters for the work that people do, in English and Russian: a few lines of blocks each.

Each function makes a `Letter` from who writes and in which language. Which fields a record must
have is told by the function's docstring, and by `fields` of the compiled template. The letter is
a value: take its blocks, change them, and `attrs.evolve` it. How a language is added is told in the how-to page
on letters in several languages.

>>> from mailkit import compose
>>> from mailkit.compose import letters
>>> brand = letters.Brand(name="Atlas", href="https://shop.example.com/", address="1 Main Street, Kazan")
>>> template = compose.compile(letters.password_reset(brand, lang="ru"))
>>> record = {"name": "Анна", "minutes": 21, "reset_url": "https://shop.example.com/reset/1"}
>>> print(template.render(record).text.split("\\n\\n")[3])
Вы попросили сменить пароль в Atlas. Ссылка действует 21 минуту.
"""

from __future__ import annotations

from mailkit.compose.letters.account import (
    password_changed,
    password_reset,
    payment_failed,
    sign_in_code,
    trial_ending,
)
from mailkit.compose.letters.brand import Brand
from mailkit.compose.letters.occasions import (
    birthday,
    event_invitation,
    goodbye,
    newsletter,
    reactivation,
    seasonal_offer,
)
from mailkit.compose.letters.orders import order_cancelled, order_confirmed, order_delivered, order_shipped, receipt
from mailkit.compose.letters.samples import sample, sample_brand
from mailkit.compose.letters.shop import (
    back_in_stock,
    cart,
    cart_last,
    cart_questions,
    price_drop,
    recommendations,
    review_request,
)
from mailkit.compose.letters.texts import LANGUAGES
from mailkit.compose.letters.welcome import confirm_subscription, welcome, welcome_favourites, welcome_offer

__all__ = [
    "LANGUAGES",
    "Brand",
    "back_in_stock",
    "birthday",
    "cart",
    "cart_last",
    "cart_questions",
    "confirm_subscription",
    "event_invitation",
    "goodbye",
    "newsletter",
    "order_cancelled",
    "order_confirmed",
    "order_delivered",
    "order_shipped",
    "password_changed",
    "password_reset",
    "payment_failed",
    "price_drop",
    "reactivation",
    "receipt",
    "recommendations",
    "review_request",
    "sample",
    "sample_brand",
    "seasonal_offer",
    "sign_in_code",
    "trial_ending",
    "welcome",
    "welcome_favourites",
    "welcome_offer",
]
