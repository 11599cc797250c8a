"""What is asked of which models of Django, as of when, and how their fields are reached."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

import attrs
from django.db import connections, router
from django.db.models import F, OuterRef

from mailkit.clock import SystemClock
from mailkit.errors import NotPortable, SegmentError, did_you_mean, shorten
from mailkit.segment import nodes
from mailkit.segment.declared.mapped import is_model, sort_in_django
from mailkit.segment.language.text import sentence
from mailkit.segment.sorts import Sort
from mailkit.segment.values import instant, zone

__all__ = ["Asking", "Scope", "Term"]

_VENDORS: Final = ("sqlite", "postgresql")
_TEXTS: Final = ("CharField", "TextField", "SlugField", "EmailField", "URLField", "FilePathField")
_MOST_DIGITS: Final = 15
"""Up to so many digits, SQLite's numbers of 64 bits keep every decimal apart."""


@attrs.frozen(kw_only=True)
class Term:
    """An expression of Django.

    Attributes:
        expression: What Django takes.
        sort: Of which sort its values are.
        digits: Of decimals, how many there are at most; None for any.
        places: Of decimals, how many of these stand behind the point.
        is_scaled: Whether decimals are given as whole numbers of their least parts.
    """

    expression: Any
    sort: Sort
    digits: int | None = None
    places: int = 0
    is_scaled: bool = False


class Asking:
    """The models, the database and the present of one question; its arguments are those of `Segment.to_q`."""

    def __init__(
        self,
        model: Any,
        *,
        events: Mapping[str, Any] | None,
        now: datetime | None,
        key: str,
        using: str | None,
        assume_zone: tzinfo | str | None,
    ) -> None:
        if not isinstance(model, type) or not is_model(model):
            raise SegmentError(f"{shorten(model)} is not a model of Django")
        if events is not None and not isinstance(events, Mapping):
            mend = "give {'model': Purchase, 'person': 'customer', 'kind': 'kind', 'at': 'at'}, or such by kind"
            raise SegmentError(f"events={shorten(events)} does not say where events are kept; {mend}")
        self.assumed = zone(assume_zone)
        self.now = SystemClock().now() if now is None else instant(now, self.assumed)
        self.events, self.key = events, key
        self.database: str = using or router.db_for_read(model)
        self._connection = connections[self.database]
        self.vendor: str = self._connection.vendor
        self.person = Scope(self, model)

    def check(self, node: nodes.Node) -> None:
        """Refuse a database of which it is not known how it compares."""
        if self.vendor not in _VENDORS:
            raise self.refusal(node, f"only {' and '.join(_VENDORS)} are known to compare as Python does")

    def check_times(self, node: nodes.Node) -> None:
        """Refuse times that are kept on a clock that is changed."""
        from django.conf import settings  # here, since to look at it anywhere else may be to need it

        if not settings.USE_TZ:
            raise self.refusal(node, "with USE_TZ = False, the database has times without a zone")
        if self.vendor == "sqlite" and self._connection.timezone is not UTC:
            raise self.refusal(node, "its times are not in UTC, and clocks elsewhere are changed")

    def refusal(self, node: nodes.Node, reason: str) -> NotPortable:
        """The error that says that this cannot be asked exactly."""
        return NotPortable(node, self.vendor, reason, text=sentence(node))


class Scope:
    """How fields are reached: those of a model, from the question about it or from one within.

    Args:
        asking: The question.
        model: Whose fields.
        names: What properties are called in the model, where that differs.
        is_outside: Whether the question is one within, and the fields are those of the record outside.
    """

    def __init__(
        self, asking: Asking, model: Any, *, names: Mapping[str, str] | None = None, is_outside: bool = False
    ) -> None:
        self.asking, self.model, self.is_outside = asking, model, is_outside
        self._names = names or {}

    def outside(self) -> Scope:
        """The same fields, seen from a question within."""
        return Scope(self.asking, self.model, names=self._names, is_outside=True)

    def reference(self, path: str) -> Any:
        """Django's expression for a path of field names."""
        return OuterRef(path) if self.is_outside else F(path)

    def term(self, node: nodes.Field) -> Term:
        """The field, of a sort that is compared."""
        path, field = self.reached(node.path, node)
        if field.is_relation and not path.endswith(field.attname):
            mend = f"ask for one of its fields, such as {sentence(node)}.id"
            raise SegmentError(f"{sentence(node)} is a record; {mend}", text=sentence(node))
        return self._of_field(path, field, node)

    def reached(self, names: tuple[str, ...], node: nodes.Node) -> tuple[str, Any]:
        """The path of a field in Django's notation, and the field.

        Raises:
            SegmentError: There is none.
        """
        first = self._names.get(names[0], names[0])
        names = (*first.split("__"), *names[1:])
        model, steps = self.model, []
        for place, name in enumerate(names):
            field = self._field(model, name, node)
            steps.append(field.attname if name == "pk" or name == field.attname else field.name)
            if place < len(names) - 1:
                if not field.is_relation or name == field.attname:
                    reason = f"{'.'.join(names[: place + 1])} has no fields within it"
                    raise SegmentError(reason, text=sentence(node))
                model = field.related_model
        return "__".join(steps), field

    def _field(self, model: Any, name: str, node: nodes.Node) -> Any:
        known = {field.attname: field for field in model._meta.concrete_fields}
        known |= {field.name: field for field in model._meta.concrete_fields} | {"pk": model._meta.pk}
        if name in known:
            return known[name]
        if isinstance(getattr(model, name, None), property):
            raise self.asking.refusal(node, f"{name} is worked out in Python")
        mend = did_you_mean(name, known) or f"; there are {', '.join(known)}"
        raise SegmentError(f"{model.__name__} has no field {name!r}{mend}", text=sentence(node))

    def _of_field(self, path: str, field: Any, node: nodes.Node) -> Term:
        while field.is_relation:
            field = field.target_field
        kind, sort = field.get_internal_type(), sort_in_django(field)
        if sort is None or (sort is Sort.TEXT and kind not in _TEXTS) or sort is Sort.LIST:
            raise self.asking.refusal(node, f"it is not known how a {kind} compares with others")
        if hasattr(field, "from_db_value"):
            raise self.asking.refusal(node, "its field makes another value of what the database has")
        if getattr(field, "db_collation", None):
            raise self.asking.refusal(node, f"its texts are compared by the collation {field.db_collation}")
        if sort is Sort.TIME:
            self.asking.check_times(node)
        if sort is not Sort.DECIMAL:
            return Term(expression=self.reference(path), sort=sort)
        if self.asking.vendor == "sqlite" and field.max_digits > _MOST_DIGITS:
            raise self.asking.refusal(node, f"it rounds decimals of more than {_MOST_DIGITS} digits")
        return Term(expression=self.reference(path), sort=sort, digits=field.max_digits, places=field.decimal_places)
