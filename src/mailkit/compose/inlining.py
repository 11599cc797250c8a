"""CSS moved into `style` attributes, since some clients drop `<style>`.

The module is not called `inline`: the package has a function of that name.
"""

from __future__ import annotations

from typing import Final, Literal, Protocol, runtime_checkable

import attrs

from mailkit.compose.marks import Marks
from mailkit.compose.markup import pieces
from mailkit.compose.masking import mask, tangled
from mailkit.errors import InvalidValue, TemplateError, did_you_mean
from mailkit.findings import Finding, Place, Severity

__all__ = ["Inlined", "Inliner", "InlinerName", "inline", "inline_once", "inliner_for"]

InlinerName = Literal["css-inline", "premailer"]
"""The inliners that come with mailkit."""


@runtime_checkable
class Inliner(Protocol):
    """What moves CSS into `style` attributes; any object with this method will do.

    It gets a whole document whose `<style>` elements hold nothing but rules to inline, and
    may drop those elements. It must keep comments and text where they are.

    >>> class Shout:
    ...     def inline(self, html: str) -> str:
    ...         return html.replace("<style>p { color: red }</style>", "").replace("<p>", '<p style="color: red">')
    >>> inline("<style>p { color: red }</style><p>Sale</p>", inliner=Shout())
    '<p style="color: red">Sale</p>'
    """

    def inline(self, html: str) -> str:
        """The HTML with its rules in `style` attributes."""
        ...


@attrs.frozen
class _CssInline:
    """css-inline (Rust), told to read no files and to fetch nothing."""

    def inline(self, html: str) -> str:
        from css_inline import CSSInliner

        inliner = CSSInliner(keep_style_tags=False, keep_link_tags=True, load_remote_stylesheets=False)
        return str(inliner.inline(html))


@attrs.frozen
class _Premailer:
    """premailer (lxml and cssutils), told to fetch nothing and to leave links and pictures alone.

    Sizes are not copied to attributes: `width="{{ w }}px"` would not be a size.
    """

    def inline(self, html: str) -> str:
        from logging import CRITICAL

        from premailer import Premailer

        return str(
            Premailer(
                html,
                keep_style_tags=False,
                strip_important=False,
                allow_network=False,
                align_floating_images=False,
                disable_validation=True,
                disable_link_rewrites=True,
                disable_basic_attributes=["width", "height"],
                cssutils_logging_level=CRITICAL,
            ).transform()
        )


_INLINERS: Final[dict[str, type[_CssInline] | type[_Premailer]]] = {"css-inline": _CssInline, "premailer": _Premailer}


def inliner_for(choice: InlinerName | Inliner) -> Inliner:
    """The inliner of a name, or the one given.

    Raises:
        InvalidValue: There is none of that name.
    """
    if isinstance(choice, str):
        found = _INLINERS.get(choice)
        if found is None:
            mend = did_you_mean(choice, _INLINERS).lstrip("; ") or "write 'css-inline' or 'premailer'"
            raise InvalidValue("inliner", choice, "is not an inliner", mend)
        return found()
    if not isinstance(choice, Inliner):
        raise InvalidValue("inliner", choice, "has no method inline(html)")
    return choice


def inline(html: str, *, inliner: InlinerName | Inliner = "css-inline") -> str:
    """Finished HTML with its CSS in `style` attributes.

    `@media`, `@font-face`, `:hover` and whatever else only works in a `<style>` stays in one.
    HTML without rules to inline is given back as it is. For HTML with Jinja in it see `compile`.

    Args:
        html: A document.
        inliner: "css-inline", "premailer" or an `Inliner` of your own.

    Raises:
        TemplateError: The inliner cannot read the HTML, or lost a part of it.

    >>> print(inline("<html><head><style>p { color: red } @media print { p { color: black } }</style></head>"
    ...              "<body><p>Sale</p></body></html>"))
    <html><head><style>
    @media print { p { color: black } }
    </style></head><body><p style="color: red;">Sale</p></body></html>
    """
    backend = inliner_for(inliner)
    masked = mask(html, Marks())
    if not masked.has_rules:
        return html
    done = masked.restore(_run(backend, masked.html))
    if done is None:
        raise TemplateError(f"{_name(backend)} lost a part of the HTML", template="html")
    return done


@attrs.frozen(kw_only=True)
class Inlined:
    """What came of inlining a letter's HTML once for all readers.

    Attributes:
        html: The HTML with its marks; inlined unless `per_recipient`.
        per_recipient: Whether it must be inlined anew for each reader, after Jinja has run.
        findings: What is to be said about it.
    """

    html: str
    per_recipient: bool = False
    findings: tuple[Finding, ...] = ()


def inline_once(html: str, marks: Marks, backend: Inliner) -> Inlined:
    """Inline a letter's HTML so that it holds for every reader, or say that it must be done for each."""
    masked = mask(html, marks)
    if not masked.has_rules:
        return Inlined(html=html)
    notes = tuple(_weak(head) for head in masked.weak)
    reasons = masked.reasons
    if not reasons:
        done = masked.restore(_run(backend, masked.html))
        if done is not None and not tangled(list(pieces(done)), marks):
            return Inlined(html=done, findings=notes)
        reasons = (f"{_name(backend)} moved or lost template tags",)
    return Inlined(html=html, per_recipient=True, findings=(*notes, *(_per_recipient(reason) for reason in reasons)))


def _run(backend: Inliner, html: str) -> str:
    try:
        done = backend.inline(html)
    except Exception as error:  # inliners raise errors of their parsers, of many kinds
        reason = f"{_name(backend)} cannot inline this: {type(error).__name__}: {error}"
        raise TemplateError(reason, template="html") from error
    if not isinstance(done, str):
        raise TemplateError(f"{_name(backend)} gave back {type(done).__name__} and not HTML", template="html")
    return done


def _name(backend: Inliner) -> str:
    return next((name for name, made in _INLINERS.items() if isinstance(backend, made)), type(backend).__name__)


def _per_recipient(reason: str) -> Finding:
    return Finding(
        code="compose.inlined-per-recipient",
        severity=Severity.WARNING,
        message=f"the CSS is inlined for each reader anew, which is right but slow: {reason}",
        place=Place(source="html"),
        mend="write what depends on the reader as inline styles, or choose between whole elements",
    )


def _weak(head: str) -> Finding:
    return Finding(
        code="compose.weak-media",
        severity=Severity.INFO,
        message="an inlined declaration beats one that stays in <style> without !important",
        place=Place(source="html"),
        evidence=head,
        mend="add !important to its declarations",
        source="CSS Cascading and Inheritance, 6.1",
    )
