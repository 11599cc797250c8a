"""Blocks and letters that are called by other names than their own."""

from __future__ import annotations

import inspect
import pickle
from typing import Any

import attrs
import pytest

from mailkit import compose
from mailkit.compose import blocks as b
from mailkit.compose import letters
from mailkit.compose.blocks import KINDS
from mailkit.compose.calling import well_called

CLASSES: tuple[Any, ...] = (
    *(*KINDS, b.Column, b.Link, b.TableColumn),
    *(compose.Letter, compose.Theme, letters.Brand),
)


@pytest.mark.parametrize("kind", CLASSES)
def test_every_class_says_which_of_its_arguments_there_are(kind: Any) -> None:
    with pytest.raises(TypeError, match=f"^{kind.__name__} has no argument 'zzzz'"):
        kind(zzzz=1)
    assert "self" not in inspect.signature(kind).parameters


@pytest.mark.parametrize(
    ("kind", "given", "named", "reason"),
    [
        (b.Hero, (), {"image": "a.png", "blocks": []}, "Hero has no argument 'image'; did you mean 'src'?"),
        (b.Image, ("a.png",), {"alt": "", "width": 9}, "Image has no argument 'width'; did you mean 'width_px'?"),
        (b.Image, (), {"src": "a", "alt": "", "url": "b"}, "Image has no argument 'url'; did you mean 'href'?"),
        (b.Button, ("Buy",), {"hreff": "x"}, "Button has no argument 'hreff'; did you mean 'href'?"),
        (b.Spacer, (), {"zzz": 1}, "Spacer has no argument 'zzz'; it has height_px"),
        (b.Divider, (), {"zzz": 1}, "Divider has no argument 'zzz'"),
        (b.If, ("x", []), {"else_": []}, "If has no argument 'else_'; did you mean 'otherwise'?"),
        (compose.Theme, (), {"color": "#000000"}, "Theme has no argument 'color'; did you mean 'accent'?"),
        (b.Button, ("Buy", "x"), {}, "Button takes 1 argument without a name, and 2 were given; write e.g. href=…"),
        (compose.Letter, ("a", []), {}, "Letter takes no arguments without a name, and 2 were given; write e.g. subj"),
        (b.Footer, ("x",), {}, "Footer takes no arguments without a name, and 1 was given; write e.g. address=…"),
        (b.Link, ("a", "b", "c"), {}, "Link takes 2 arguments without a name, and 3 were given; write e.g. icon=…"),
        (b.Divider, (1,), {}, "Divider takes no arguments without a name, and 1 was given"),
        (b.Image, ("a.png",), {}, "Image needs alt=…"),
        (letters.Brand, (), {"name": "Atlas"}, "Brand needs href=… and address=…"),
        (b.Spacer, (1,), {"height_px": 2}, "multiple values for argument 'height_px'"),
    ],
)
def test_a_wrong_call_says_what_was_meant(kind: Any, given: Any, named: Any, reason: str) -> None:
    with pytest.raises(TypeError) as caught:
        kind(*given, **named)
    assert reason in str(caught.value)


def test_an_error_from_inside_of_a_class_is_its_own() -> None:
    def refuse(value: object) -> object:
        raise TypeError(f"{value} is odd")

    @well_called
    @attrs.frozen
    class Odd:
        value: object = attrs.field(converter=refuse)

    with pytest.raises(TypeError, match="5 is odd"):
        Odd(5)


def test_classes_can_be_evolved_and_pickled_as_before() -> None:
    button = attrs.evolve(b.Button("Buy", href="x"), wide=True)
    assert pickle.loads(pickle.dumps(button)) == button == b.Button("Buy", href="x", wide=True)
