"""The tree of an SPF record as people look at it: what each term costs, whose record it leads to, what is wrong there.

>>> from mailkit.dns.drive import run_sync
>>> from mailkit.dns.spf.tree import walk
>>> zone = {("example.com", "TXT"): ["v=spf1 include:_spf.google.com a:mx.example.com -all"],
...         ("_spf.google.com", "TXT"): ["v=spf1 ip4:192.0.2.0/24 ~all"]}
>>> print(tree_text(run_sync(walk("example.com"), resolver=zone)))
example.com: 2 of 10 look-ups
├─ include:_spf.google.com (Google Workspace): 1
└─ a:mx.example.com: 1, finds nothing
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final

from mailkit.dns.lookup import Absence, Failure
from mailkit.dns.spf.limits import label
from mailkit.dns.spf.tree import MOST_LOOKUPS, Branch, Leaf, Stop
from mailkit.dns.tags import plain

__all__ = ["tree_html", "tree_text"]

_MOST_DRAWN: Final = 40
"""Terms of one record that are drawn; a hostile one of 64 KB has thousands."""

_STOPS: Final = {
    Stop.LOOP: "leads in a circle",
    Stop.MACRO: "depends on the letter",
    Stop.LIMIT: "not read: too many",
    Stop.BAD_NAME: "no name that could exist",
}


def tree_text(tree: Branch) -> str:
    """The tree for a terminal: one line for each term that costs look-ups, with what it and those below it cost."""
    return "\n".join([_head(tree), *_lines(tree, "")])


def tree_html(tree: Branch) -> str:
    """The tree as nested HTML lists, for notebooks and reports; without a script, for light and dark pages.

    >>> from mailkit.dns.lookup import TimedOut
    >>> "not known" in tree_html(Branch(name="<b>.example", outcome=TimedOut())), "<b>" in tree_html(Branch(name="<b>"))
    (True, False)
    """
    over = tree.lookups > MOST_LOOKUPS
    meter = (
        f'<meter min="0" max="{MOST_LOOKUPS}" high="8" low="5" optimum="0" value="{min(tree.lookups, MOST_LOOKUPS)}" '
        f'style="width:10em"></meter> '
    )
    hue = "color:#b3261e;font-weight:600" if over else "font-weight:600"
    return (
        '<div class="mailkit-spf-tree" style="font-family:system-ui,sans-serif;line-height:1.5;text-align:left">'
        f'<p style="margin:.4em 0">{meter}<span style="{hue}">{escape(_head(tree))}</span></p>{_list(tree)}</div>'
    )


def _head(tree: Branch) -> str:
    note = _note(tree)
    cost = f"{tree.lookups} of {MOST_LOOKUPS} look-ups" if tree.record else ""
    return f"{plain(tree.name, longest=120)}: {', '.join(part for part in (cost, note) if part)}"


def _lines(branch: Branch, indent: str) -> Iterator[str]:
    drawn, more = branch.children[:_MOST_DRAWN], len(branch.children) - _MOST_DRAWN
    for number, child in enumerate(drawn):
        is_last = number == len(drawn) - 1 and more <= 0
        yield f"{indent}{'└─' if is_last else '├─'} {_words(child)}"
        if isinstance(child, Branch):
            yield from _lines(child, indent + ("   " if is_last else "│  "))
    if more > 0:
        yield f"{indent}└─ and {more} more"


def _list(branch: Branch) -> str:
    if not branch.children:
        return ""
    items = "".join(_item(child) for child in branch.children[:_MOST_DRAWN])
    more = len(branch.children) - _MOST_DRAWN
    rest = f'<li style="opacity:.75">and {more} more</li>' if more > 0 else ""
    return f'<ul style="margin:0;padding-left:1.4em">{items}{rest}</ul>'


def _item(child: Branch | Leaf) -> str:
    note = _note(child)
    hue = "opacity:.75" if not note or child.stop is Stop.MACRO else "color:#b3261e"
    said = f' <span style="{hue}">{escape(note)}</span>' if note else ""
    below = _list(child) if isinstance(child, Branch) else ""
    return (
        f'<li><code style="overflow-wrap:anywhere">{escape(plain(label(child), longest=120))}</code> '
        f"<b>{_cost(child)}</b>{said}{below}</li>"
    )


def _words(child: Branch | Leaf) -> str:
    note = _note(child)
    return f"{plain(label(child), longest=120)}: {_cost(child)}{f', {note}' if note else ''}"


def _cost(child: Branch | Leaf) -> int:
    return 1 + (child.lookups if isinstance(child, Branch) else 0)


def _note(node: Branch | Leaf) -> str:
    """What is wrong at this place; empty if nothing is."""
    if node.stop:
        return _STOPS[node.stop]
    if isinstance(node, Leaf):
        failed = [outcome for outcome in node.outcomes if isinstance(outcome, Failure)]
        return f"not known: {failed[0]}" if failed else "finds nothing" if node.is_void else ""
    if isinstance(node.outcome, Failure):
        return f"not known: {node.outcome}"
    if len(node.texts) > 1:
        return f"{len(node.texts)} records where one is allowed"
    if node.record is None:
        return "no SPF record" if not isinstance(node.outcome, Absence) else f"no SPF record: {node.outcome}"
    return "has terms that cannot be read" if node.record.broken else ""
