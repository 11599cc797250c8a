"""A segment as a `Q` of Django, which asks the database behind it exactly what plain Python would answer.

How to think about it. A value of the tree becomes a *term*, an expression of Django whose sort is
known from the model, or a constant, which is worked out at once. Every comparison also says that
its terms are not null, so that each is true or false and `~` is the true complement. Events become
subqueries of the model that keeps them. What the database cannot answer exactly is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from mailkit.segment import nodes
from mailkit.segment.in_django.asking import Asking
from mailkit.segment.in_django.conditions import Conditions

__all__ = ["to_q"]


def to_q(
    node: nodes.Condition,
    model: Any,
    *,
    events: Mapping[str, Any] | None = None,
    now: datetime | None = None,
    key: str = "id",
    using: str | None = None,
    assume_zone: tzinfo | str | None = None,
) -> Any:
    """The condition as a `Q` over the model; see `Segment.to_q`."""
    asking = Asking(model, events=events, now=now, key=key, using=using, assume_zone=assume_zone)
    return Conditions(asking).condition(node, asking.person)
