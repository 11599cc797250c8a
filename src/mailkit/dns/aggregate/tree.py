"""The elements of an aggregate report that mean something, as a tree (RFC 9990, appendix A; RFC 7489, appendix C).

Namespaces and extensions are not in it: what is not here leads to `NOWHERE`.
"""

from __future__ import annotations

from typing import Final

import attrs

__all__ = ["FEEDBACK", "HEAD", "NOWHERE", "POLICY", "RECORD", "Node"]


@attrs.frozen(eq=False)
class Node:
    """An element that means something: what may be in it, and where its own text goes.

    Attributes:
        children: The elements in it, by name.
        slot: The word under which its text, or its group of texts, is kept; empty for none.
        is_list: Whether there may be several.
        is_group: Whether the texts in it belong together.
        is_plain: Whether it is just a text; most elements are.
    """

    children: dict[str, Node] = attrs.field(factory=dict)
    slot: str = ""
    is_list: bool = False
    is_group: bool = False
    is_plain: bool = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "is_plain", bool(self.slot) and not self.is_list and not self.is_group)


def _leaves(names: str) -> dict[str, Node]:
    return {name: Node(slot=name) for name in names.split()}


def _group(names: str, slot: str) -> Node:
    return Node(_leaves(names), slot=slot, is_list=True, is_group=True)


NOWHERE: Final = Node()
RECORD: Final = Node(
    {
        "row": Node(
            {
                **_leaves("source_ip count"),
                "policy_evaluated": Node(
                    {
                        **_leaves("disposition"),
                        "dkim": Node(slot="dkim_aligned"),
                        "spf": Node(slot="spf_aligned"),
                        "reason": _group("type comment", "reason"),
                    }
                ),
            }
        ),
        "identifiers": Node(_leaves("header_from envelope_from envelope_to")),
        "identities": Node(_leaves("header_from envelope_from envelope_to")),
        "auth_results": Node(
            {
                "dkim": _group("domain selector result human_result", "dkim"),
                "spf": _group("domain scope result human_result", "spf"),
            }
        ),
    },
    is_group=True,
)
HEAD: Final = Node(
    {
        **_leaves("org_name email extra_contact_info report_id generator"),
        "error": Node(slot="error", is_list=True),
        "date_range": Node(_leaves("begin end")),
    },
    is_group=True,
)
POLICY: Final = Node(
    _leaves("domain p sp np adkim aspf pct fo t testing discovery_method version_published"), is_group=True
)
FEEDBACK: Final = Node({**_leaves("version"), "report_metadata": HEAD, "policy_published": POLICY, "record": RECORD})
