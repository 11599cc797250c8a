"""CSS moved into `style` attributes, since some clients drop `<style>`.

The module is not called `inline`: the package has a function of that name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Final, Literal, Protocol, runtime_checkable

import attrs

from mailkit.compose.declaring import Rule
from mailkit.compose.effort import MOST_PIECES
from mailkit.compose.marks import Marks
from mailkit.compose.markup import Piece, pieces
from mailkit.compose.moving import Moved, move
from mailkit.compose.nesting import check_nesting
from mailkit.compose.opinions import doubted
from mailkit.errors import InvalidValue, TemplateError, did_you_mean
from mailkit.findings import Finding, Place, Severity

__all__ = ["Inlined", "Inliner", "InlinerName", "inline", "inline_once", "inliner_for"]

InlinerName = Literal["css-inline", "premailer"]
"""The inliners that come with mailkit."""


@runtime_checkable
class Inliner(Protocol):
    """What moves CSS into `style` attributes; any object with this method will do.

    It is a second opinion. mailkit matches selectors in the tree that browsers build, decides
    which declaration wins, and writes it; where an inliner would have given a rule to other
    elements, `compile` says so in a finding (`compose.inliner-differs`), and does as a browser
    does. An inliner gets the letter with numbered tags and without Jinja, and in its `<style>`
    each rule with one property that means nothing; it must move these to `style` attributes.

    >>> from mailkit.compose import compile
    >>> class Idle:
    ...     def inline(self, html: str) -> str:
    ...         return html  # or what a program of your own makes of it
    >>> letter = compile("<style>p { color: red }</style><p>Sale</p>", subject="Sale", inliner=Idle())
    >>> letter.findings[0].code, "color:red" in letter.render({}).html
    ('compose.inliner-differs', True)
    """

    def inline(self, html: str) -> str:
        """The HTML with its rules in `style` attributes."""
        ...


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


_STYLE: Final = re.compile("<style", re.IGNORECASE)
_INLINERS: Final[dict[str, type[_Premailer] | None]] = {"css-inline": None, "premailer": _Premailer}


def inliner_for(choice: InlinerName | Inliner) -> Inliner | None:
    """Who is asked for a second opinion; None for css-inline, in whose tree mailkit matches anyway.

    Raises:
        InvalidValue: There is none of that name.
    """
    if isinstance(choice, str):
        if choice not in _INLINERS:
            mend = did_you_mean(choice, _INLINERS).lstrip("; ") or "write 'css-inline' or 'premailer'"
            raise InvalidValue("inliner", choice, "is not an inliner", mend)
        made = _INLINERS[choice]
        return made() if made else None
    if not isinstance(choice, Inliner):
        raise InvalidValue("inliner", choice, "has no method inline(html)")
    return choice


def inline(html: str, *, inliner: InlinerName | Inliner = "css-inline") -> str:
    """Finished HTML with its CSS in `style` attributes.

    What the letter looks like does not change, with its `<style>` or without: specificity,
    order and `!important` decide as in a browser. `@media`, `@font-face`, `:hover` and whatever
    else only works in a `<style>` stays in one, and becomes important where it would else
    lose to what was inlined. All other text stays as it is. Given back unchanged are HTML
    without rules to inline, AMP documents, and HTML whose cascade layers change their order with
    conditions. For HTML with Jinja in it see `compile`.

    Args:
        html: A document.
        inliner: "css-inline", "premailer" or an `Inliner` of your own: checked and not asked. It
            would only give a second opinion, which `compile` tells in a finding and which has no
            place here.

    Raises:
        InvalidValue: There is no such inliner.
        TemplateError: The HTML is nested too deeply, or has far more elements or selectors than letters have.

    >>> print(inline("<style>p { color: red } @media print { p { color: black } }</style><p>Sale</p>"))
    <style> @media print { p { color: black !important } }</style><p style="color:red">Sale</p>
    """
    inliner_for(inliner)
    moved = _move(html, None)
    return html if moved is None else moved.html


@attrs.frozen(kw_only=True)
class Inlined:
    """What came of inlining a letter's HTML once for all readers.

    Attributes:
        html: The HTML with its marks; inlined unless that must be done for each reader.
        per_recipient: Whether it is inlined anew for each reader, after Jinja has run.
        findings: What is to be said about it.
    """

    html: str
    per_recipient: bool = False
    findings: tuple[Finding, ...] = ()


def inline_once(html: str, marks: Marks, asked: Inliner | None) -> Inlined:
    """Inline a letter's HTML so that it holds for every reader, or say that it must be done for each."""
    moved = _move(html, marks, asked)
    if moved is None:
        return Inlined(html=html)
    notes = [_weak(text) for text in moved.lost]
    if moved.stuck:
        notes.append(_stuck(moved.stuck))
    if moved.unsettled:
        notes.append(_unsettled(moved.unsettled))
    if moved.doubted:
        notes.append(_doubtful(moved.doubted, _name(asked)))
    if moved.reasons:
        return Inlined(html=html, per_recipient=True, findings=(*notes, _per_recipient("; ".join(moved.reasons))))
    return Inlined(html=moved.html, findings=tuple(notes))


def _move(html: str, marks: Marks | None, asked: Inliner | None = None) -> Moved | None:
    source = _counted(html)
    check_nesting(source)

    def doubts(pieces: Sequence[Piece], matched: Mapping[Rule, frozenset[int]]) -> Sequence[Rule]:
        return doubted(asked, _name(asked), pieces, matched) if asked else ()

    try:
        return move(source, marks, doubts if asked else None)
    except RecursionError as error:
        reason = "blocks of CSS stand too deeply inside of each other; are their ends missing?"
        raise TemplateError(reason, template="html") from error


def _counted(html: str) -> tuple[Piece, ...]:
    """The letter's pieces, unless they are more than can be inlined."""
    most = MOST_PIECES if _STYLE.search(html) else None
    source = tuple(islice(pieces(html), most))
    if most is not None and len(source) == most:
        line = 1 + sum(piece.text.count("\n") for piece in source[:-1])
        reason = f"a letter with style sheets has {MOST_PIECES:,} tags and texts or more"
        raise TemplateError(reason, template="html", line=line, excerpt=source[-1].text[:120])
    return source


def _name(asked: Inliner | None) -> str:
    return "premailer" if isinstance(asked, _Premailer) else type(asked).__name__


def _per_recipient(reason: str) -> Finding:
    return Finding(
        code="compose.inlined-per-recipient",
        severity=Severity.WARNING,
        message=f"the CSS is inlined for each reader anew, which is right but slow: {reason}",
        place=Place(source="html"),
        mend="write what depends on the reader as inline styles, or choose between whole elements",
    )


def _weak(selector: str) -> Finding:
    return Finding(
        code="compose.weak-media",
        severity=Severity.INFO,
        message="a rule in <style> wins or loses on some element where it did not before its CSS was inlined",
        place=Place(source="html"),
        evidence=selector,
        mend="give its declarations !important, or more weight to the selector that should win",
        source="CSS Cascading and Inheritance, 6.1",
    )


def _stuck(selectors: Sequence[str]) -> Finding:
    return Finding(
        code="compose.only-in-style",
        severity=Severity.INFO,
        message="some rules only work in a <style>, so that clients without it show the letter without them",
        place=Place(source="html"),
        evidence=", ".join(selectors)[:200],
        mend="nothing, if the letter looks right without them; write what it needs as elements with rules of their own",
    )


def _unsettled(layer: str) -> Finding:
    return Finding(
        code="compose.unsettled-layers",
        severity=Severity.WARNING,
        message="no CSS was inlined: a condition around the first mention of a layer decides which layer wins",
        place=Place(source="html"),
        evidence=f"@layer {layer}",
        mend="name the layers in their order at the beginning: @layer one, two;",
        source="CSS Cascading and Inheritance 5, 6.4.4.2",
    )


def _doubtful(selectors: Sequence[str], name: str) -> Finding:
    return Finding(
        code="compose.inliner-differs",
        severity=Severity.INFO,
        message=f"{name} holds some rules to be for other elements than browsers do; it was not followed",
        place=Place(source="html"),
        evidence=", ".join(selectors)[:200],
        mend="nothing, if the letter looks right; write the selectors with types, classes and ids to be sure",
    )
