"""Comparisons of the right sorts that cannot mean what was meant, since they are true of nobody, or of everybody.

They are refused where a segment is written in Python or checked against a schema. A tree may have
them all the same, and is run as it stands.
"""

from __future__ import annotations

from mailkit.segment import nodes
from mailkit.segment.nodes import Operator, TextMatch, sentence

__all__ = ["hopeless"]


def hopeless(node: nodes.Condition) -> str:
    """Why the condition cannot be meant, or nothing.

    >>> from mailkit.segment import field as f
    >>> share = nodes.Comparison(left=f.id.bucket("x")._node, operator="<", right=nodes.Constant(value=20))
    >>> hopeless(share)
    'a bucket is from 0 up to below 1, so 20 is beside all of them; 20 % is 0.2'
    """
    match node:
        case nodes.Comparison(left=nodes.Bucket(), right=nodes.Constant(value=number)):
            return _beside(number)
        case nodes.Comparison(
            left=nodes.Folded(), operator=Operator.EQ | Operator.NE, right=nodes.Constant(value=text)
        ):
            return _unfolded(text)
        case nodes.OneOf(value=nodes.Folded(), options=options):
            return next(filter(None, (_unfolded(option.value) for option in options)), "")
        case nodes.TextTest(value=nodes.Folded(), match=match, what=what) if match is not TextMatch.MATCHES:
            return _unfolded(what.value)
    return ""


def _beside(number: object) -> str:
    if isinstance(number, bool | str) or not hasattr(number, "__float__") or 0 <= float(number) <= 1:
        return ""
    shown = sentence(nodes.Constant(value=number))
    percent = f"; {shown} % is {float(number) / 100:g}" if 0 < float(number) <= 100 else ""
    return f"a bucket is from 0 up to below 1, so {shown} is beside all of them{percent}"


def _unfolded(text: object) -> str:
    if not isinstance(text, str) or text == text.casefold():
        return ""
    shown, folded = (sentence(nodes.Constant(value=one)) for one in (text, text.casefold()))
    return f"no text is {shown} once its case is folded; write {folded}"
