"""Letters about an order. They answer the reader, so one cannot unsubscribe.

An order without items is refused when the letter is rendered.
"""

from __future__ import annotations

from mailkit.compose import blocks as b
from mailkit.compose.letter import Letter
from mailkit.compose.letters.brand import Brand
from mailkit.compose.letters.drafts import Draft

__all__ = ["order_cancelled", "order_confirmed", "order_delivered", "order_shipped", "receipt"]


def order_confirmed(brand: Brand, *, lang: str = "en") -> Letter:
    """An order was placed: what was ordered, and how it will come.

    Fields:
        name: The reader's name; may be absent or empty.
        order: With `number`, `total`, `delivery` (where and how, as text), `url` and `items`, each with
            `name`, `quantity`, `price` (of all pieces together), `url` and, where there is one, `image`.

    >>> from mailkit.compose.letters import sample_brand
    >>> order_confirmed(sample_brand(), lang="ru").subject
    'Заказ {{ order.number }} оформлен'
    """
    draft = Draft(brand, lang, "order_confirmed")
    return draft.letter(
        draft.hello(),
        draft.text(),
        draft.rows("order.items"),
        _total(draft),
        draft.text("delivery"),
        draft.button("{{ order.url }}"),
        is_asked_for=True,
    )


def order_shipped(brand: Brand, *, lang: str = "en") -> Letter:
    """An order is on its way.

    Fields:
        name: The reader's name; may be absent or empty.
        order: With `number`, `carrier`, `arrives` (a date), `tracking_url` and `items`, each with
            `name`, `quantity`, `price` (of all pieces together), `url` and, where there is one, `image`.

    >>> from mailkit.compose.letters import sample_brand
    >>> order_shipped(sample_brand()).subject
    'Your order {{ order.number }} is on its way'
    """
    draft = Draft(brand, lang, "order_shipped")
    return draft.letter(
        draft.hello(),
        draft.text(),
        draft.button("{{ order.tracking_url }}"),
        draft.rows("order.items"),
        is_asked_for=True,
    )


def order_delivered(brand: Brand, *, lang: str = "en") -> Letter:
    """An order has arrived.

    Fields:
        name: The reader's name; may be absent or empty.
        order: With `number` and `url`.

    >>> from mailkit.compose.letters import sample_brand
    >>> order_delivered(sample_brand()).preheader
    'Is everything as it should be?'
    """
    draft = Draft(brand, lang, "order_delivered")
    return draft.letter(draft.hello(), draft.text(), draft.button("{{ order.url }}"), is_asked_for=True)


def order_cancelled(brand: Brand, *, lang: str = "en") -> Letter:
    """An order was cancelled, and what becomes of the payment.

    Fields:
        name: The reader's name; may be absent or empty.
        order: With `number`, `total` and `url`.

    >>> from mailkit.compose.letters import sample_brand
    >>> order_cancelled(sample_brand()).preheader
    'What happens to your payment.'
    """
    draft = Draft(brand, lang, "order_cancelled")
    return draft.letter(
        draft.hello(), draft.text(), draft.button("{{ order.url }}", kind="secondary"), is_asked_for=True
    )


def receipt(brand: Brand, *, lang: str = "en") -> Letter:
    """A payment was received: what was paid for, as a table. Not what a tax office calls a receipt.

    Fields:
        name: The reader's name; may be absent or empty.
        order: With `number`, `total`, `paid` (a date), `url` and `items`, each with `name`, `quantity`
            and `price` (of all pieces together).

    >>> from mailkit.compose.letters import sample_brand
    >>> receipt(sample_brand(), lang="ru").subject
    'Оплата заказа {{ order.number }} прошла'
    """
    draft = Draft(brand, lang, "receipt")
    columns = (
        b.TableColumn(draft.line("item"), cell="{{ item.name }}"),
        b.TableColumn(draft.line("quantity"), cell="{{ item.quantity|number }}", numeric=True),
        b.TableColumn(draft.line("price"), cell=draft.price("item.price"), numeric=True),
    )
    table = b.Table(columns, each="order.items", total=(draft.line("total"), "", draft.price("order.total")))
    lines = b.If("order.items|required", [table])
    return draft.letter(
        draft.hello(), draft.text(), lines, draft.button("{{ order.url }}", kind="secondary"), is_asked_for=True
    )


def _total(draft: Draft) -> b.Text:
    return b.Text(f"**{draft.line('total')}: {draft.price('order.total')}**", align="end")
