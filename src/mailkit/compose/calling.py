"""What is said to those who call a class of a letter by other names than its own."""

from __future__ import annotations

import functools
import inspect
from typing import Any, Final, TypeVar

from mailkit.errors import did_you_mean

__all__ = ["well_called"]

K = TypeVar("K", bound=type)

# What the same is called in HTML, in CSS and elsewhere; the first that the class has is meant.
_MEANT: Final[dict[str, tuple[str, ...]]] = {
    "url": ("href", "src", "icon"),
    "link": ("href",),
    "to": ("href",),
    "image": ("src", "poster"),
    "img": ("src", "image", "poster"),
    "background_image": ("src",),
    "width": ("width_px",),
    "height": ("height_px",),
    "size": ("height_px", "level"),
    "gap": ("gap_px",),
    "padding": ("padding_px",),
    "style": ("kind",),
    "color": ("foreground", "accent"),
    "background_color": ("background",),
    "label": ("text",),
    "title": ("text", "name"),
    "content": ("text", "blocks"),
    "body": ("blocks",),
    "children": ("blocks",),
    "items": ("each", "links"),
    "author": ("by",),
    "condition": ("test",),
    "else_": ("otherwise",),
    "orelse": ("otherwise",),
    "language": ("lang",),
    "preview": ("preheader",),
}


def well_called(kind: K) -> K:
    """Make a class say which argument was meant, where it is called by one that it does not have.

    >>> import attrs
    >>> @well_called
    ... @attrs.frozen
    ... class Button:
    ...     text: str
    ...     href: str = attrs.field(kw_only=True)
    >>> Button("Buy", url="https://shop.example.com/")
    Traceback (most recent call last):
    TypeError: Button has no argument 'url'; did you mean 'href'?
    >>> Button("Buy", "https://shop.example.com/")
    Traceback (most recent call last):
    TypeError: Button takes 1 argument without a name, and 2 were given; write e.g. href=…
    """
    plain = kind.__init__  # type: ignore[misc] # its own, which attrs made

    @functools.wraps(plain)
    def initialise(self: object, *args: Any, **named: Any) -> None:
        try:
            plain(self, *args, **named)
        except TypeError:
            reason = _reason(kind, len(args), named)
            if not reason:
                raise
            raise TypeError(reason) from None

    kind.__init__ = initialise  # type: ignore[misc] # in one place for all, and seen by no type checker
    return kind


def _reason(kind: type, count: int, named: dict[str, Any]) -> str:
    """What is wrong with the arguments; empty if something else is."""
    takes = inspect.signature(kind).parameters
    names = [name for name, one in takes.items() if one.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    for name in named:
        if name not in takes:
            meant = next((one for one in _MEANT.get(name, ()) if one in takes and one not in named), "")
            hint = f"; did you mean {meant!r}?" if meant else did_you_mean(name, takes)
            known = "; it has " + ", ".join(takes) if takes else ""
            return f"{kind.__name__} has no argument {name!r}{hint or known}"
    given = (*names[:count], *named)
    if count > len(names):
        left = next((name for name in takes if name not in given), "")
        arguments = "1 argument" if len(names) == 1 else f"{len(names) or 'no'} arguments"
        were = "1 was" if count == 1 else f"{count} were"
        hint = f"; write e.g. {left}=…" if left else ""
        return f"{kind.__name__} takes {arguments} without a name, and {were} given{hint}"
    missing = [name for name, one in takes.items() if one.default is inspect.Parameter.empty and name not in given]
    return f"{kind.__name__} needs {' and '.join(f'{name}=…' for name in missing)}" if missing else ""
