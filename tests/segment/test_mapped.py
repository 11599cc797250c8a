import django
import pytest
from django.conf import settings

if not settings.configured:
    memory = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    settings.configure(
        USE_TZ=True, DATABASES={"default": memory, "elsewhere": {**memory, "TIME_ZONE": "Europe/Moscow"}}
    )
    django.setup()

import sqlalchemy as sa
from django.db import models
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mailkit.segment import Schema
from mailkit.segment import field as f


class Shop(models.Model):
    city = models.CharField(max_length=99, null=True)
    head = models.ForeignKey("self", models.CASCADE, null=True)

    class Meta:
        app_label = "mapped"


class Customer(models.Model):
    email = models.EmailField()
    shop = models.ForeignKey(Shop, models.CASCADE)
    seen = models.ManyToManyField(Shop, related_name="seen_by")
    born = models.DateField(null=True)
    joined_at = models.DateTimeField()
    spent = models.DecimalField(max_digits=9, decimal_places=2)
    more = models.JSONField(default=dict)
    is_vip = models.BooleanField()

    class Meta:
        app_label = "mapped"

    @property
    def is_loyal(self) -> bool:
        return True


def test_a_model_of_django_declares_its_fields_and_those_it_refers_to():
    schema = Schema.of(Customer)
    known = {".".join(path): (what.sort, what.is_nullable) for path, what in schema.fields.items() if len(path) < 3}
    assert known == {
        "id": ("integer", False),
        "pk": ("integer", False),
        "email": ("text", False),
        "shop": (None, False),
        "shop_id": ("integer", False),
        "shop.id": ("integer", False),
        "shop.pk": ("integer", False),
        "shop.city": ("text", True),
        "shop.head": (None, True),
        "shop.head_id": ("integer", True),
        "born": ("date", True),
        "joined_at": ("time", False),
        "spent": ("decimal", False),
        "more": (None, False),
        "is_vip": ("truth", False),
        "is_loyal": ("truth", False),
    }
    schema.check((f.shop.head.city == "Kazan") & (f.more.whatever == 5) & f.is_loyal)
    assert "did you mean 'city'" in schema.faults(f.shop.citi == "x")[0].reason


class Odd(sa.types.UserDefinedType):
    @property
    def python_type(self) -> type:
        raise NotImplementedError


people = sa.Table(
    "people",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("city", sa.Text),
    sa.Column("spent", sa.Numeric(9, 2), nullable=False),
    sa.Column("height", sa.Float),
    sa.Column("joined_at", sa.DateTime(timezone=True), key="joined"),
    sa.Column("more", sa.JSON),
    sa.Column("odd", Odd()),
    sa.Column("key", sa.Uuid),
)


def test_a_table_of_sqlalchemy_declares_its_columns():
    fields = Schema.of(people).fields
    assert {path[0]: what.sort for path, what in fields.items()} == {
        "id": "integer",
        "city": "text",
        "spent": "decimal",
        "height": "float",
        "joined": "time",
        "more": None,
        "odd": None,
        "key": "text",
    }
    assert fields["city",].is_nullable
    assert not fields["spent",].is_nullable


class Base(DeclarativeBase): ...


class Person(Base):
    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    town: Mapped[str | None] = mapped_column("city")


def test_a_mapped_class_declares_its_attributes():
    fields = Schema.of(Person).fields
    assert {path[0]: (what.sort, what.is_nullable) for path, what in fields.items()} == {
        "id": ("integer", False),
        "town": ("text", True),
    }


def test_a_plain_class_is_no_model():
    class Plain:
        city: str

    assert list(Schema.of(Plain).fields) == [("city",)]
    with pytest.raises(ValueError, match="declares no fields"):
        Schema.of(int)
