"""Records as people and tools want them: a zone file, a table, Terraform, octoDNS.

Each form has a quoting of its own, so that the same TXT record looks different in each: a zone file
escapes bytes in decimals, Route 53 in octals, octoDNS escapes semicolons, Terraform its `${`.

>>> from mailkit.dns.records import TextRecord
>>> print(zone_text([TextRecord(name="example.com", text="v=spf1 mx ~all")]))
example.com. IN TXT "v=spf1 mx ~all"
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from mailkit.dns.records import AnyRecord, TextRecord
from mailkit.errors import InvalidValue, did_you_mean

__all__ = ["octodns_yaml", "table", "table_html", "terraform", "zone_text"]

_TTL: Final = 3600
_LONGEST_TTL: Final = 0x7FFFFFFF
"""Seconds that a record may be kept at the most (RFC 2181, 8)."""
_HEAD: Final = ("Type", "Name", "Value", "Why")


def zone_text(records: Iterable[AnyRecord]) -> str:
    """The records as lines of a zone file (RFC 1035, 5.1), each below what it is good for.

    >>> print(zone_text([TextRecord(name="_dmarc.example.com", text="v=DMARC1; p=none", why="asks for reports")]))
    ; asks for reports
    _dmarc.example.com. IN TXT "v=DMARC1; p=none"
    <BLANKLINE>
    """
    lines: list[str] = []
    for record in records:
        lines += [f"; {line}" for line in record.why.splitlines()]
        lines.append(str(record))
    return "".join(f"{line}\n" for line in lines)


def table(records: Iterable[AnyRecord]) -> str:
    """The records as a table in plain text, with the values as web forms want them.

    >>> from mailkit.dns.records import Record
    >>> print(table([Record(name="click.example.com", type="CNAME", text="track.example.net")]))
    Type   Name               Value
    CNAME  click.example.com  track.example.net
    """
    rows = [_HEAD, *(_row(record) for record in records)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    has_reasons = any(row[3] for row in rows[1:])
    return "\n".join(
        "  ".join(
            [*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3] if has_reasons else ""]
        ).rstrip()
        for row in rows
    )


def table_html(records: Iterable[AnyRecord]) -> str:
    """The records as a table in HTML, for notebooks and pages.

    >>> table_html([]).startswith('<table class="mailkit-records">')
    True
    """
    head = "".join(f'<th scope="col" style="text-align:left">{name}</th>' for name in _HEAD)
    body = "".join(
        f"<tr><td>{kind}</td><td>{escape(name)}</td>"
        f'<td><code style="overflow-wrap:anywhere">{escape(value)}</code></td><td>{escape(why)}</td></tr>'
        for kind, name, value, why in map(_row, records)
    )
    return f'<table class="mailkit-records"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _row(record: AnyRecord) -> tuple[str, str, str, str]:
    value = "".join(letter if letter.isprintable() else f"\\{ord(letter):03d}" for letter in record.text)
    return record.type, record.name, value, " ".join(record.why.split())


def terraform(records: Iterable[AnyRecord], *, provider: str = "cloudflare", ttl: int = _TTL) -> str:
    """The records as Terraform resources of one provider; the zone is `var.zone_id`.

    Records of one name and type become one resource of Route 53, as that wants them.

    Args:
        records: The records.
        provider: "cloudflare" (its version 5) or "route53" (of aws).
        ttl: How many seconds they may be kept.

    Raises:
        InvalidValue: The provider is neither, or the time to live is not one.

    >>> from mailkit.dns.records import Record
    >>> print(terraform([Record(name="example.com", type="MX", text="10 mx.example.com")]))
    resource "cloudflare_dns_record" "mx_example_com" {
      zone_id  = var.zone_id
      name     = "example.com"
      type     = "MX"
      content  = "mx.example.com"
      priority = 10
      ttl      = 3600
    }
    <BLANKLINE>
    """
    writers = {"cloudflare": _cloudflare, "route53": _route53}
    if provider not in writers:
        mend = did_you_mean(str(provider), writers).removeprefix("; ") or "write 'cloudflare' or 'route53'"
        raise InvalidValue("provider", provider, "is not one that is known here", mend)
    return "\n".join(writers[provider](tuple(records), _seconds(ttl)))


def _seconds(ttl: int) -> int:
    if isinstance(ttl, bool) or not isinstance(ttl, int) or not 0 <= ttl <= _LONGEST_TTL:
        raise InvalidValue("ttl", ttl, "is not a number of seconds", "write 3600, for an hour")
    return ttl


def _cloudflare(records: Sequence[AnyRecord], ttl: int) -> list[str]:
    labels: set[str] = set()
    return [
        _resource(
            "cloudflare_dns_record",
            _label(record, labels),
            {
                "zone_id": "var.zone_id",
                "name": _hcl(record.name),
                "type": _hcl(record.type),
                **_cloudflare_content(record),
                "ttl": str(ttl),
            },
        )
        for record in records
    ]


def _cloudflare_content(record: AnyRecord) -> dict[str, str]:
    if isinstance(record, TextRecord):
        return {"content": _hcl(record.content)}
    if record.type == "MX":
        preference, host = record.content.split(" ")
        return {"content": _hcl(host.removesuffix(".") or "."), "priority": preference}
    if record.type == "TLSA":
        usage, selector, matching, data = record.content.split(" ")
        parts = f"usage = {usage}, selector = {selector}, matching_type = {matching}, certificate = {_hcl(data)}"
        return {"data": f"{{ {parts} }}"}
    return {"content": _hcl(record.content.removesuffix("."))}


def _route53(records: Sequence[AnyRecord], ttl: int) -> list[str]:
    labels: set[str] = set()
    return [
        _resource(
            "aws_route53_record",
            _label(same[0], labels),
            {
                "zone_id": "var.zone_id",
                "name": _hcl(same[0].name),
                "type": _hcl(same[0].type),
                "ttl": str(ttl),
                "records": f"[{', '.join(_hcl(_route53_value(record)) for record in same)}]",
            },
        )
        for same in _grouped(records)
    ]


def _route53_value(record: AnyRecord) -> str:
    """The value for the provider, which puts a TXT value between quotes itself, but not the quotes within."""
    if not isinstance(record, TextRecord):
        return record.content
    return '""'.join("".join(map(_in_octals, string)) for string in record.strings)


def _in_octals(letter: str) -> str:
    if letter in '"\\':
        return f"\\{letter}"
    return letter if " " <= letter <= "~" else f"\\{ord(letter):03o}"


def _grouped(records: Iterable[AnyRecord]) -> list[list[AnyRecord]]:
    """The records of each name and type together, in order of appearance."""
    groups: dict[tuple[str, str], list[AnyRecord]] = {}
    for record in records:
        groups.setdefault((record.name.lower(), record.type), []).append(record)
    return list(groups.values())


def _resource(kind: str, label: str, arguments: dict[str, str]) -> str:
    width = max(map(len, arguments))
    lines = "".join(f"  {name:<{width}} = {value}\n" for name, value in arguments.items())
    return f'resource "{kind}" "{label}" {{\n{lines}}}\n'


def _label(record: AnyRecord, taken: set[str]) -> str:
    """A name for the resource that no other has."""
    stem = f"{record.type} {record.name}".lower()
    label = first = re.sub(r"[^a-z0-9-]+", "_", stem)
    number = 2
    while label in taken:
        label, number = f"{first}_{number}", number + 1
    taken.add(label)
    return label


def _hcl(text: str) -> str:
    """The text as a string of Terraform's language, in which ${ and %{ begin something else."""
    return re.sub(r"([$%])(?=\{)", r"\1\1", _quoted(text))


def _quoted(text: str) -> str:
    """The text between quotes, with whatever is not printable ASCII as \\uXXXX: as JSON, YAML and Terraform read it."""
    return json.dumps(text).replace("\x7f", "\\u007f")


def octodns_yaml(records: Iterable[AnyRecord], *, zone: str, ttl: int = _TTL) -> str:
    """The records as octoDNS reads them: the content of `<zone>.yaml`.

    Args:
        records: The records, all of them at the zone's name or below.
        zone: The name of the zone.
        ttl: How many seconds they may be kept.

    Raises:
        InvalidValue: A record is not of the zone.

    >>> print(octodns_yaml([TextRecord(name="_dmarc.example.com", text="v=DMARC1; p=none")], zone="example.com"))
    ---
    "_dmarc":
      - type: TXT
        ttl: 3600
        values:
          - "v=DMARC1\\\\; p=none"
    <BLANKLINE>
    """
    owners: dict[str, list[list[AnyRecord]]] = {}
    for same in _grouped(records):
        owners.setdefault(_within(same[0], zone), []).append(same)
    lines, ttl = ["---"] if owners else ["--- {}"], _seconds(ttl)
    for owner in sorted(owners):
        lines.append(f"{_quoted(owner)}:")
        for same in sorted(owners[owner], key=lambda same: same[0].type):
            lines += [f"  - type: {same[0].type}", f"    ttl: {ttl}", *_octodns_values(same)]
    return "".join(f"{line}\n" for line in lines)


def _within(record: AnyRecord, zone: str) -> str:
    name, root = record.name.lower(), zone.removesuffix(".").lower()
    if name != root and not name.endswith(f".{root}"):
        raise InvalidValue("record", record.name, f"is not of the zone {root}", "give the zone that holds all records")
    return name.removesuffix(root).removesuffix(".")


def _octodns_values(records: Sequence[AnyRecord]) -> list[str]:
    if records[0].type == "CNAME":
        return [f"    value: {_quoted(records[-1].content)}"]
    lines = ["    values:"]
    for record in records:
        lines += _octodns_value(record)
    return lines


def _octodns_value(record: AnyRecord) -> list[str]:
    if isinstance(record, TextRecord):
        escaped = record.text.replace(";", "\\;")
        return [f"      - {_quoted(escaped)}"]
    if record.type == "MX":
        preference, host = record.content.split(" ")
        return [f"      - exchange: {_quoted(host)}", f"        preference: {preference}"]
    if record.type == "TLSA":
        usage, selector, matching, data = record.content.split(" ")
        return [
            f"      - certificate_association_data: {_quoted(data)}",
            f"        certificate_usage: {usage}",
            f"        matching_type: {matching}",
            f"        selector: {selector}",
        ]
    return [f"      - {_quoted(record.content)}"]
