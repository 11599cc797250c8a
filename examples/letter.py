"""A letter to look at while it is written: `python -m mailkit preview examples/letter.py`."""

from __future__ import annotations

from mailkit import compose
from mailkit.compose import blocks as b

letter = compose.Letter(
    subject="{{ name }}, {{ cart|length }} things are waiting in your cart",
    preheader="We keep them for you until Sunday.",
    blocks=[
        b.Heading("Still thinking it over?"),
        b.Text("Hello {{ name }}, you left a few things behind. They are **kept until Sunday**."),
        b.Products(each="cart", name="{{ item.name }}", text="{{ item.text }}", price='{{ item.price|money("EUR") }}'),
        b.Button("Finish the order", href="https://shop.example.com/cart"),
        b.If("vip", [b.Text("As a regular customer you pay nothing for delivery.")]),
        b.Divider(),
        b.Text("Changed your mind? [Empty the cart](https://shop.example.com/cart/empty), and we shall not ask again."),
        b.Footer(address="Books Ltd, 1 Main Street, Springfield", reason="You have an account at shop.example.com."),
    ],
)

sender = "Books <shop@example.com>"

records = [
    {
        "name": "Anna",
        "email": "anna@example.org",
        "vip": True,
        "cart": [
            {"name": "Atlas of the Seas", "text": "Hardcover, 320 pages", "price": 48},
            {"name": "A Field Guide to Clouds", "text": "With 140 photographs", "price": 19.5},
        ],
        "unsubscribe_url": "https://shop.example.com/leave/1",
    },
    {
        "name": "Борис О'Нил",
        "email": "boris@example.org",
        "vip": False,
        "cart": [{"name": "Словарь ветров", "text": "Твёрдый переплёт", "price": 12}],
        "unsubscribe_url": "https://shop.example.com/leave/2",
    },
]
