"""Letters about goods: a cart left behind, a price, a choice made for the reader.

An empty list of products is refused when the letter is rendered: choose its readers by it.
"""

from __future__ import annotations

from mailkit.compose.letter import Letter
from mailkit.compose.letters.brand import Brand
from mailkit.compose.letters.drafts import Draft

__all__ = ["back_in_stock", "cart", "cart_last", "cart_questions", "price_drop", "recommendations", "review_request"]


def cart(brand: Brand, *, lang: str = "en") -> Letter:
    """A cart was left behind; the first letter, some hours later.

    Fields:
        name: The reader's name; may be absent or empty.
        cart: The products in it, each with `name`, `quantity`, `price` (of all pieces together), `url`
            and, where there is one, `image`.
        cart_url: Where it is.

    >>> from mailkit.compose.letters import sample_brand
    >>> cart(sample_brand()).preheader
    'We have saved your cart: you can go on where you left off.'
    """
    return _cart(brand, lang, "cart")


def cart_questions(brand: Brand, *, lang: str = "en") -> Letter:
    """The second letter about a cart, a day later: an offer to help.

    Fields:
        name: The reader's name; may be absent or empty.
        cart: The products in it, each with `name`, `quantity`, `price` (of all pieces together), `url`
            and, where there is one, `image`.
        cart_url: Where it is.

    >>> from mailkit.compose.letters import sample_brand
    >>> cart_questions(sample_brand(), lang="ru").subject
    'Помочь с заказом?'
    """
    return _cart(brand, lang, "cart_questions")


def cart_last(brand: Brand, *, lang: str = "en") -> Letter:
    """The third and last letter about a cart: until when it is kept. Send it only if that is true.

    Fields:
        name: The reader's name; may be absent or empty.
        cart: The products in it, each with `name`, `quantity`, `price` (of all pieces together), `url`
            and, where there is one, `image`.
        cart_url: Where it is.
        cart_until: The last day on which it is kept.

    >>> from mailkit.compose.letters import sample_brand
    >>> cart_last(sample_brand()).preheader
    'After that the items go back on the shelf.'
    """
    return _cart(brand, lang, "cart_last")


def _cart(brand: Brand, lang: str, name: str) -> Letter:
    draft = Draft(brand, lang, name)
    return draft.letter(draft.hello(), draft.text(), draft.rows("cart"), draft.button("{{ cart_url }}"))


def recommendations(brand: Brand, *, lang: str = "en") -> Letter:
    """What goes well with the reader's orders.

    Fields:
        name: The reader's name; may be absent or empty.
        products: Things with `name`, `price`, `url` and, where there is one, `image`; an even number looks best.

    >>> from mailkit.compose.letters import sample_brand
    >>> recommendations(sample_brand(), lang="ru").subject
    'Подобрали для вас'
    """
    draft = Draft(brand, lang, "recommendations")
    return draft.letter(draft.hello(), draft.text(), draft.cards("products"), draft.button())


def back_in_stock(brand: Brand, *, lang: str = "en") -> Letter:
    """What the reader waits for is there again.

    Fields:
        name: The reader's name; may be absent or empty.
        product: What it is, with `name`, `price`, `url` and, where there is one, `image`.

    >>> from mailkit.compose.letters import sample_brand
    >>> back_in_stock(sample_brand()).subject
    'Back in stock: {{ product.name }}'
    """
    draft = Draft(brand, lang, "back_in_stock")
    return draft.letter(draft.hello(), draft.text(), draft.product(), draft.button("{{ product.url }}"))


def price_drop(brand: Brand, *, lang: str = "en") -> Letter:
    """What the reader has saved costs less.

    Fields:
        name: The reader's name; may be absent or empty.
        product: What it is, with `name`, `price`, `old_price`, `url` and, where there is one, `image`.

    >>> from mailkit.compose.letters import sample_brand
    >>> price_drop(sample_brand()).subject
    "{{ product.name }} now costs {{ product.price|money('EUR') }}"
    """
    draft = Draft(brand, lang, "price_drop")
    goods = draft.product(has_old_price=True)
    return draft.letter(draft.hello(), draft.text(), goods, draft.button("{{ product.url }}"))


def review_request(brand: Brand, *, lang: str = "en") -> Letter:
    """The wish for a review, when the reader has had time to try.

    Fields:
        name: The reader's name; may be absent or empty.
        product: What was bought, with `name`.
        review_url: Where a review can be written.

    >>> from mailkit.compose.letters import sample_brand
    >>> review_request(sample_brand()).subject
    'How do you like {{ product.name }}?'
    """
    draft = Draft(brand, lang, "review_request")
    return draft.letter(draft.hello(), draft.text(), draft.button("{{ review_url }}"))
