"""Whether a row can be used, and what is to be said about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs

from mailkit.address import Address, Domain, Mailbox
from mailkit.contacts.mapping import Layout
from mailkit.contacts.table import Row, printable
from mailkit.errors import AddressError
from mailkit.findings import Finding, Place, Severity

__all__ = ["Checked", "check_row", "is_example", "reserved_for"]

_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]+")
_SCHEME: Final = re.compile(r"mailto:", re.IGNORECASE)
# Special-use names (IANA's registry, RFC 6761): what each is for, and who says so.
_RESERVED: Final = {
    "test": ("tests", "RFC 6761, 6.2"),
    "localhost": ("the machine itself", "RFC 6761, 6.3"),
    "invalid": ("names that must not exist", "RFC 6761, 6.4"),
    "local": ("the local network", "RFC 6762, 3"),
    "onion": ("Tor", "RFC 7686, 2"),
    "home.arpa": ("home networks", "RFC 8375, 3"),
    "alt": ("names outside the DNS", "RFC 9476, 2"),
    "internal": ("private networks", "ICANN, 29 July 2024"),
}
_EXAMPLES: Final = ("example", "example.com", "example.net", "example.org")


@attrs.frozen(kw_only=True)
class Checked:
    """A row after the check.

    Attributes:
        row: The row.
        record: Its fields; None if the row cannot be used.
        address: Its address, where it has one.
        findings: Why it cannot be used, or what is odd about it.
    """

    row: Row
    record: dict[str, Any] | None
    address: Address | None
    findings: tuple[Finding, ...]


def check_row(
    row: Row,
    layout: Layout,
    *,
    source: str,
    required: Sequence[str],
    converters: Mapping[str, Callable[[str], Any]],
) -> Checked:
    """Make a record of a row, or say why there is none.

    Args:
        row: The row.
        layout: Where its fields stand.
        source: The file's name.
        required: Fields that may not be empty.
        converters: What to make of a field's text; an empty one becomes None.
    """
    findings = _shape(row, len(layout.names), source)
    record: dict[str, Any] = {}
    address = None
    for field, index in (*layout.fields.items(), *layout.others.items()):
        text = row.cells[index].strip() if index < len(row.cells) else ""
        place = Place(source=source, row=row.number, field=layout.names[index])
        if not text and field in required:
            findings.append(_error("contacts.missing-value", "it is empty, and required", place, "fill it in"))
        if text and field == "email" and field in layout.fields:
            address, said = _address(text, place)
            findings += said
            text = str(address) if address else text
        record[field] = text
        if field in converters:
            record[field] = None
            if text:
                record[field], said = _converted(text, converters[field], place)
                findings += said
    is_usable = not any(finding.severity is Severity.ERROR for finding in findings)
    return Checked(row=row, record=record if is_usable else None, address=address, findings=tuple(findings))


def _shape(row: Row, width: int, source: str) -> list[Finding]:
    place = Place(source=source, row=row.number)
    findings = []
    if row.is_loose:
        message = "its quotation marks do not come in pairs, so one was read as a character"
        mend = 'put cells with quotation marks into "quotes" and double those inside'
        findings.append(_warning("contacts.loose-quote", message, place, mend, source="RFC 4180, 2"))
    cells = len(row.cells)
    if cells < width:
        message = f"it has {cells} cells where {width} are named; the last ones are taken for empty"
        findings.append(_warning("contacts.few-cells", message, place, "see whether its cells stand in their columns"))
    if any(cell.strip() for cell in row.cells[width:]):
        message = f"it has {cells} cells where {width} are named, so nobody can say which belongs where"
        findings.append(_error("contacts.many-cells", message, place, 'put cells with delimiters into "quotes"'))
    return findings


def _address(text: str, place: Place) -> tuple[Address | None, list[Finding]]:
    cleaned = _SCHEME.sub("", _INVISIBLE.sub("", text).strip(), count=1)
    try:
        address = Mailbox.parse(cleaned).address
    except AddressError as error:
        reserved = reserved_for(cleaned.rpartition("@")[2].rstrip("> .").lower())
        if reserved:  # most of these cannot be written to at all, so there is no Address
            return None, [attrs.evolve(_reserved(reserved, place, text), severity=Severity.ERROR)]
        message = f"it {error.reason}" + (f": {error.mend}" if error.mend else "")
        return None, [_error("contacts.bad-address", message, place, "correct it", evidence=text)]
    findings = []
    if cleaned != text or cleaned.endswith(">"):
        message = f"it was read as {str(address)!r}"
        finding = Finding(code="contacts.mended-address", severity=Severity.INFO, message=message, place=place)
        findings.append(attrs.evolve(finding, evidence=text))
    reserved = reserved_for(address.domain.ascii)
    if reserved:
        findings.append(_reserved(reserved, place, str(address)))
    return address, findings


def reserved_for(domain: str) -> tuple[str, str] | None:
    """What a special-use domain is for, and who says so; None for any other.

    >>> reserved_for("shop.test")
    ('tests', 'RFC 6761, 6.2')
    """
    return next((use for name, use in _RESERVED.items() if f".{domain}".endswith(f".{name}")), None)


def _reserved(use: tuple[str, str], place: Place, evidence: str) -> Finding:
    message = f"its domain is reserved for {use[0]}; no mail arrives there"
    mend = "see whether this is a person"
    return _warning("contacts.reserved-domain", message, place, mend, evidence=evidence, source=use[1])


def is_example(domain: Domain) -> bool:
    """Whether the domain is one of those for examples, where no mail arrives (RFC 2606, 2 and 3).

    >>> is_example(Domain.parse("shop.example.com")), is_example(Domain.parse("myexample.com"))
    (True, False)
    """
    return any(f".{domain}".endswith(f".{name}") for name in _EXAMPLES)


def _converted(text: str, convert: Callable[[str], Any], place: Place) -> tuple[Any, list[Finding]]:
    try:
        return convert(text), []
    except Exception as error:  # noqa: BLE001 - the application's own code; one bad cell must not stop the others
        message = f"it cannot be read: {printable(str(error)) or type(error).__name__}"
        return None, [_error("contacts.bad-value", message, place, "correct it", evidence=text)]


def _error(code: str, message: str, place: Place, mend: str, *, evidence: str = "") -> Finding:
    return Finding(code=code, severity=Severity.ERROR, message=message, place=place, mend=mend, evidence=evidence)


def _warning(code: str, message: str, place: Place, mend: str, *, evidence: str = "", source: str = "") -> Finding:
    return Finding(
        code=code,
        severity=Severity.WARNING,
        message=message,
        place=place,
        mend=mend,
        evidence=evidence,
        source=source,
    )
