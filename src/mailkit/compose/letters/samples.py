"""Records for trying the ready letters: a made-up shop and its goods."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from mailkit.compose.letters.brand import Brand

__all__ = ["sample", "sample_brand"]

_SHOP: Final = "https://shop.example.com"
_WORDS: Final[dict[str, dict[str, Any]]] = {
    "en": {
        "name": "Anna",
        "currency": "EUR",
        "address": "12 Harbour Street\nLisbon 1100, Portugal",
        "goods": ("Linen notebook", "Desk lamp Ora", "Ceramic mug", "Wool blanket"),
        "prices": ("14.00", "89.50", "18.00", "120.00"),
        "delivery": "courier, 5 Rose Lane, Porto",
        "carrier": "Swift Courier",
        "plan": "the Studio plan",
        "offer": "Spring sale",
        "event": ("Evening of calm workplaces", "Three designers show how they arrange a desk on which one can think."),
        "place": "Atlas shop, 12 Harbour Street",
        "issue": ("Four things for a calm desk", "This month: light, paper, and a habit that takes two minutes."),
        "stories": (
            ("Where to put the lamp", "Light from the side tires the eyes least. We tried five places and measured."),
            ("Paper that likes ink", "Why some notebooks bleed through and others do not, told by a papermaker."),
        ),
    },
    "ru": {
        "name": "Анна",
        "currency": "RUB",
        "address": "ул. Портовая, 12\nКазань, 420021",
        "goods": ("Льняной блокнот", "Лампа «Ора»", "Керамическая кружка", "Шерстяной плед"),
        "prices": ("690.00", "8490.00", "1250.00", "11900.00"),
        "delivery": "курьером, Казань, ул. Розы, 5",
        "carrier": "«Быстрый курьер»",
        "plan": "тариф «Студия»",
        "offer": "Весенняя распродажа",
        "event": ("Вечер спокойных рабочих мест", "Три дизайнера покажут, как устроить стол, за которым думается."),
        "place": "магазин Atlas, ул. Портовая, 12",
        "issue": ("Четыре вещи для спокойного стола", "В этом месяце: свет, бумага и привычка на две минуты."),
        "stories": (
            ("Куда поставить лампу", "От света сбоку глаза устают меньше всего. Мы проверили пять мест."),
            ("Бумага, которая дружит с чернилами", "Почему одни блокноты промокают, а другие нет."),
        ),
    },
}


def sample_brand(lang: str = "en") -> Brand:
    """A made-up sender, for trying.

    >>> sample_brand("ru").currency
    'RUB'
    """
    words = _words(lang)
    return Brand(name="Atlas", href=f"{_SHOP}/", address=words["address"], currency=words["currency"])


def sample(lang: str = "en") -> dict[str, Any]:
    """A record with every field that a ready letter asks for, for trying.

    >>> from mailkit import compose
    >>> from mailkit.compose import letters
    >>> template = compose.compile(letters.cart(letters.sample_brand("ru"), lang="ru"))
    >>> template.render(letters.sample("ru")).subject
    'В вашей корзине 2 товара'
    """
    words = _words(lang)
    products = [
        {
            "name": name,
            "price": Decimal(price),
            "old_price": round(Decimal(price) * 5 / 4, -1),
            "quantity": 1,
            "image": f"{_SHOP}/pictures/{number}.png",
            "url": f"{_SHOP}/goods/{number}",
        }
        for number, (name, price) in enumerate(zip(words["goods"], words["prices"], strict=True), start=1)
    ]
    record: dict[str, Any] = {
        "name": words["name"],
        "zone": "Europe/Moscow" if words["currency"] == "RUB" else "Europe/Lisbon",
        "products": products,
        "product": products[1],
        "cart": products[:2],
        "cart_until": date(2026, 3, 8),
        "order": _order(words, products[:2]),
        "offer": {"title": words["offer"], "share": Decimal("0.15"), "code": "SPRING-15", "ends": date(2026, 3, 8)},
        "issue": _issue(words),
        "event": _event(words),
        "code": "482 913",
        "minutes": 30,
        "changed_at": datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
        "amount": products[0]["price"],
        "price": products[0]["price"],
        "plan": words["plan"],
        "retry_on": date(2026, 3, 4),
        "ends": date(2026, 3, 8),
    }
    links = ("cart", "confirm", "reset", "secure", "billing", "plans", "review", "stay", "unsubscribe", "preferences")
    return record | {f"{name}_url": f"{_SHOP}/{name}" for name in links}


def _words(lang: str) -> dict[str, Any]:
    return _WORDS.get(lang.split("-")[0].lower(), _WORDS["en"])


def _order(words: dict[str, Any], items: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "number": "A-1042",
        "items": items,
        "total": sum((one["price"] for one in items), Decimal(0)),
        "delivery": words["delivery"],
        "carrier": words["carrier"],
        "arrives": date(2026, 3, 5),
        "paid": date(2026, 3, 1),
        "url": f"{_SHOP}/orders/A-1042",
        "tracking_url": f"{_SHOP}/parcels/A-1042",
    }


def _issue(words: dict[str, Any]) -> dict[str, Any]:
    title, lead = words["issue"]
    stories = [
        {"title": head, "text": text, "image": f"{_SHOP}/pictures/story-{at}.png", "url": f"{_SHOP}/stories/{at}"}
        for at, (head, text) in enumerate(words["stories"], start=1)
    ]
    return {"title": title, "lead": lead, "stories": stories}


def _event(words: dict[str, Any]) -> dict[str, Any]:
    title, about = words["event"]
    starts = datetime(2026, 3, 12, 16, 0, tzinfo=UTC)
    return {"title": title, "about": about, "place": words["place"], "starts": starts, "url": f"{_SHOP}/events/1"}
