"""Rows that speak of somebody whom an earlier row has named already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from mailkit.contacts.quality import Checked
from mailkit.findings import Finding, Place, Severity

__all__ = ["find_repeats"]


def find_repeats(checked: Iterable[Checked], *, source: str, columns: Mapping[str, str]) -> tuple[Checked, ...]:
    """Take the record from every usable row whose address has been seen, and say where.

    The first usable row is kept. Addresses are compared by `Address.key`, without case. A
    repeated `id` is told too, but loses nobody: the addresses differ.

    Args:
        checked: The rows.
        source: The file's name.
        columns: For each field the name of its column.
    """
    addresses: dict[str, int] = {}
    ids: dict[str, int] = {}
    result = []
    for item in checked:
        if item.record is not None and item.address is not None:
            item = _without_repeated_address(item, addresses, _place(item, source, columns["email"]))
        if item.record is not None and item.record.get("id") and "id" in columns:
            item = _told_repeated_id(item, ids, _place(item, source, columns["id"]))
        result.append(item)
    return tuple(result)


def _place(item: Checked, source: str, column: str) -> Place:
    return Place(source=source, row=item.row.number, field=column)


def _without_repeated_address(item: Checked, seen: dict[str, int], place: Place) -> Checked:
    assert item.address is not None
    first = seen.setdefault(item.address.key, item.row.number)
    if first == item.row.number:
        return item
    finding = Finding(
        code="contacts.repeated-address",
        severity=Severity.WARNING,
        message=f"this address stands in row {first} already, and that row was taken",
        place=place,
        evidence=str(item.address),
        mend="keep one of the two",
    )
    return attrs.evolve(item, record=None, findings=(*item.findings, finding))


def _told_repeated_id(item: Checked, seen: dict[str, int], place: Place) -> Checked:
    assert item.record is not None
    found = str(item.record["id"])
    first = seen.setdefault(found, item.row.number)
    if first == item.row.number:
        return item
    finding = Finding(
        code="contacts.repeated-id",
        severity=Severity.WARNING,
        message=f"row {first} has the same id with another address; both are taken, as one person's history",
        place=place,
        evidence=found,
        mend="give each person an id of their own",
    )
    return attrs.evolve(item, findings=(*item.findings, finding))
