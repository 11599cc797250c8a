"""What was found out about a node is not found out again, and is never taken for another's."""

from __future__ import annotations

from mailkit.segment import field as f
from mailkit.segment import nodes
from mailkit.segment.running.remembered import _MANY, remembered


def test_each_node_is_asked_about_once_and_has_its_own_answer() -> None:
    asked: list[nodes.Node] = []

    @remembered
    def text(node: nodes.Node) -> str:
        asked.append(node)
        return nodes.sentence(node)

    kept = [(f.age >= number).node for number in range(9)]
    for _ in range(3):
        assert [text(node) for node in kept] == [f"age >= {number}" for number in range(9)]
    assert asked == kept


def test_trees_that_nobody_has_any_more_are_forgotten() -> None:
    @remembered
    def text(node: nodes.Node) -> str:
        return nodes.sentence(node)

    for number in range(_MANY + 5):  # ids are used again as soon as a node is gone
        assert text((f.age >= number).node) == f"age >= {number}"
