"""An authoritative name server for tests, on the loopback address, from a plain dict.

It does what resolvers have to live with: silence, failures, slow and truncated answers, aliases
that lead in a circle, bytes that are no ASCII. It is a test double and no more: there are no
zone cuts, wildcards, signatures or transfers. It does I/O, in a thread of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
import threading
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TXT
import dns.rrset

from mailkit.clock import SystemClock
from mailkit.dns.lookup import Answer, Malformed, NoData, NoSuchDomain, Query, ServerFailure, TimedOut
from mailkit.errors import InvalidValue

__all__ = ["Asked", "DNSZone"]

_TEXT_TYPES: Final = frozenset({"TXT", "SPF"})
_NAME_TYPES: Final = frozenset({"CNAME", "NS", "PTR", "DNAME", "MX"})
_LONGEST_REPLY_BYTES: Final = 65535
_ATTEMPTS: Final = 20
"""How many ports are tried until one is free for UDP and for TCP."""


class Asked(NamedTuple):
    """One question as it arrived.

    Attributes:
        name: The name in small letters, without the final dot.
        type: The record type, such as "TXT".
        transport: "udp" or "tcp".
    """

    name: str
    type: str
    transport: str


class DNSZone:
    """A name server on the loopback address, for the length of a `with` block.

    Everything a resolver can meet is said in the dict, by name (without case or final dot):

        {
            "example.com": {
                "A": ["192.0.2.1"],                                     # any type, in presentation form
                "TXT": ["one string", ["two ", "strings"], b"\\x96"],    # text, its strings, or bytes
                "MX": [[10, "mx.example.com"]],
            },
            "alias.example.com": {"CNAME": ["example.com"]},            # followed within the zone
            "slow.example.com": {"A": ["192.0.2.2"], "LATENCY": 0.3},   # seconds more than the server's own
            "dead.example.com": {"TIMEOUT": True},                      # silence for every type not listed here
            "half.example.com": {"TIMEOUT": ["TXT"], "A": ["192.0.2.3"]},
            "sick.example.com": {"RCODE": "SERVFAIL"},                  # or {"TXT": "REFUSED"} for one type
            "long.example.com": {"TXT": ["…"], "TRUNCATE": True},       # cut short over UDP, whole over TCP
        }

    The flat form that `mailkit.dns.DictResolver` takes will do as well, or one for some names and the other for others:
    `{("example.com", "TXT"): ["v=spf1 -all"], ("dead.example.com", "TXT"): TimedOut()}`.

    A name that is listed, or above one that is, but lacks the type is NODATA; any other is NXDOMAIN.
    Text is sent a byte for a character where it fits Latin-1, else as UTF-8.

    Args:
        zone: The dict.
        latency: Seconds before each answer.
        ttl: Seconds for which answers may be kept.
        is_signed: Whether it says that DNSSEC vouches for its answers (the AD bit), to those who ask.

    Raises:
        InvalidValue: A name does not map to what it has, or to an outcome that no server can make happen.

    Attributes:
        host: The address it listens on, for UDP and TCP.
        port: The port it listens on.

    >>> from datetime import timedelta
    >>> from mailkit import dns
    >>> with DNSZone({"example.com": {"TXT": ["v=spf1 -all"]}, "_dmarc.example.com": {"TIMEOUT": True}}) as zone:
    ...     resolver = dns.BlockingResolver(nameservers=[zone.host], port=zone.port, timeout=timedelta(seconds=0.25))
    ...     resolver.resolve(dns.Query("example.com")).values, resolver.resolve(dns.Query("_dmarc.example.com"))
    (('v=spf1 -all',), TimedOut())
    >>> zone.questions()
    [('example.com', 'TXT'), ('_dmarc.example.com', 'TXT'), ('_dmarc.example.com', 'TXT')]
    """

    host: Final = "127.0.0.1"
    port: int = 0

    def __init__(
        self, zone: Mapping[Any, Any], *, latency: float = 0.0, ttl: int = 60, is_signed: bool = False
    ) -> None:
        self._nodes = _nodes(zone)
        names = [name.split(".") for name in self._nodes]
        self._parents = {".".join(labels[start:]) for labels in names for start in range(1, len(labels))}
        self._latency, self._ttl, self._is_signed = latency, ttl, is_signed
        self._asked: list[Asked] = []
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped: asyncio.Event | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def asked(self) -> Sequence[Asked]:
        """What was asked, in order, retries included."""
        return tuple(self._asked)

    def questions(self) -> list[tuple[str, str]]:
        """What was asked, in order, as (name, type); a question asked again over TCP is there twice."""
        return [(asked.name, asked.type) for asked in self._asked]

    def __enter__(self) -> DNSZone:
        ready: threading.Event = threading.Event()
        failure: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, args=(ready, failure), name="mailkit-zone", daemon=True)
        self._thread.start()
        ready.wait()
        if failure:
            raise failure[0]
        return self

    def __exit__(self, *error: object) -> None:
        if self._thread and self._loop and self._stopped:
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                self._loop.call_soon_threadsafe(self._stopped.set)
            self._thread.join(5)

    # What to answer: no I/O up to `_run`.

    def _answer(self, wire: bytes, transport: str) -> tuple[bytes | None, float]:
        """The reply to one message, None for silence, and the seconds to wait before it is sent."""
        try:
            query = dns.message.from_wire(wire)
            asked = query.question[0]
        except (dns.exception.DNSException, IndexError):
            return None, 0.0
        kind = dns.rdatatype.to_text(asked.rdtype)
        self._asked.append(Asked(_key(asked.name), kind, transport))
        reply = dns.message.make_response(query, recursion_available=True)
        reply.flags |= dns.flags.AA
        if self._is_signed and (query.flags & dns.flags.AD or query.ednsflags & dns.flags.DO):
            reply.flags |= dns.flags.AD
        delay, is_cut = self._fill(reply, asked.name, kind)
        if delay is None:
            return None, 0.0
        encoded = reply.to_wire(max_size=_LONGEST_REPLY_BYTES)
        room = _LONGEST_REPLY_BYTES if transport == "tcp" else max(512, query.payload)
        if len(encoded) > room or (is_cut and transport == "udp"):
            reply.answer.clear()
            reply.authority.clear()
            reply.flags |= dns.flags.TC
            encoded = reply.to_wire()
        return encoded, delay

    def _fill(self, reply: dns.message.Message, name: dns.name.Name, kind: str) -> tuple[float | None, bool]:
        """Fill the reply, following aliases: how long to wait (None for silence), and whether UDP is cut short."""
        delay, is_cut, seen = self._latency, False, set()
        while True:
            key = _key(name)
            node = self._nodes.get(key)
            if node is None:
                if key not in self._parents:
                    reply.set_rcode(dns.rcode.NXDOMAIN)
                break
            delay += node.get("LATENCY", 0.0)
            is_cut = is_cut or bool(node.get("TRUNCATE"))
            if _is_silent(node, kind):
                return None, is_cut
            code = _code(node, kind)
            if code:
                reply.set_rcode(dns.rcode.from_text(code))
                return delay, is_cut
            if node.get(kind):
                reply.answer.append(self._rrset(name, kind, node[kind]))
                return delay, is_cut
            if kind in node or "CNAME" not in node or key in seen:
                break
            seen.add(key)
            alias = self._rrset(name, "CNAME", node["CNAME"][:1])
            reply.answer.append(alias)
            name = alias[0].target
        soa = f"ns.invalid. root.invalid. 1 3600 600 86400 {self._ttl}"
        reply.authority.append(dns.rrset.from_text(name, self._ttl, "IN", "SOA", soa))
        return delay, is_cut

    def _rrset(self, name: dns.name.Name, kind: str, values: Sequence[Any]) -> dns.rrset.RRset:
        if kind not in _TEXT_TYPES:
            return dns.rrset.from_text(name, self._ttl, "IN", kind, *(_presentation(kind, value) for value in values))
        number = dns.rdatatype.from_text(kind)
        texts = (dns.rdtypes.ANY.TXT.TXT(dns.rdataclass.IN, number, _strings(value)) for value in values)
        return dns.rrset.from_rdata(name, self._ttl, *texts)

    def _run(self, ready: threading.Event, failure: list[BaseException]) -> None:
        try:
            asyncio.run(self._serve(ready))
        except BaseException as error:  # noqa: BLE001 - handed to __enter__, which waits for it
            failure.append(error)
        finally:
            ready.set()

    async def _serve(self, ready: threading.Event) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        streams, datagrams = await self._listen()
        ready.set()
        await self._stopped.wait()
        datagrams.close()
        streams.close()
        for writer in tuple(self._writers):
            writer.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(streams.wait_closed(), 1)

    async def _listen(self) -> tuple[asyncio.Server, asyncio.DatagramTransport]:
        loop = asyncio.get_running_loop()
        for attempt in range(_ATTEMPTS):
            streams = await asyncio.start_server(self._converse, self.host, 0)
            self.port = streams.sockets[0].getsockname()[1]
            try:
                address = (self.host, self.port)
                datagrams, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self, loop), local_addr=address)
            except OSError:  # the number is free for TCP and taken for UDP: try the next one
                streams.close()
                if attempt == _ATTEMPTS - 1:
                    raise
            else:
                return streams, datagrams
        raise AssertionError("the last attempt raises")

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while True:
                (size,) = struct.unpack("!H", await reader.readexactly(2))
                encoded, delay = self._answer(await reader.readexactly(size), "tcp")
                if encoded is not None:
                    await SystemClock().sleep(timedelta(seconds=delay))
                    writer.write(struct.pack("!H", len(encoded)) + encoded)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, zone: DNSZone, loop: asyncio.AbstractEventLoop) -> None:
        self._zone, self._loop = zone, loop
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, sender: Any) -> None:
        encoded, delay = self._zone._answer(data, "udp")
        if encoded is not None:
            self._loop.call_later(delay, self._send, encoded, sender)

    def _send(self, encoded: bytes, sender: Any) -> None:
        if not self._transport.is_closing():
            self._transport.sendto(encoded, sender)


def _nodes(zone: Mapping[Any, Any]) -> dict[str, dict[str, Any]]:
    """The zone by name, whichever form its parts are in."""
    nodes: dict[str, dict[str, Any]] = {}
    for key, given in zone.items():
        if isinstance(key, str) and isinstance(given, Mapping):
            nodes.setdefault(_key(key), {}).update(given)
        elif isinstance(key, Query) or (isinstance(key, tuple) and len(key) == 2):
            query = key if isinstance(key, Query) else Query(*key)
            _put(nodes.setdefault(query.name, {}), query.type, given)
        else:
            mend = 'write {"example.com": {"TXT": [...]}} or {("example.com", "TXT"): [...]}'
            raise InvalidValue("DNSZone", {key: given}, "does not map a name to what it has", mend)
    return nodes


def _put(node: dict[str, Any], kind: str, given: Any) -> None:
    """Put what the flat form says of one type into the node of its name."""
    match given:
        case TimedOut():
            node["TIMEOUT"] = [*node.get("TIMEOUT", ()), kind]
        case ServerFailure(reason=code):
            node["RCODE"] = {**node.get("RCODE", {}), kind: code}
        case NoSuchDomain():
            node["RCODE"] = {**node.get("RCODE", {}), kind: "NXDOMAIN"}
        case NoData():
            node[kind] = []
        case Answer(values=values):
            node[kind] = list(values)
        case Malformed():
            raise InvalidValue("DNSZone", given, "cannot be made to happen by a zone", "leave it to a dict resolver")
        case _:
            node[kind] = [given] if isinstance(given, str | bytes) else given


def _is_silent(node: Mapping[str, Any], kind: str) -> bool:
    silent = node.get("TIMEOUT", ())
    if silent is True:
        return kind not in node and "CNAME" not in node
    return bool(silent) and kind in silent


def _code(node: Mapping[str, Any], kind: str) -> str | None:
    code = node.get("RCODE")
    return code.get(kind) if isinstance(code, Mapping) else code


def _key(name: dns.name.Name | str) -> str:
    """The name in small letters, without the final dot and without escapes: labels may be any bytes."""
    if isinstance(name, str):
        return name.rstrip(".").lower()
    return b".".join(label for label in name.labels if label).decode("latin-1").lower()


def _strings(value: str | bytes | Sequence[str | bytes]) -> list[bytes]:
    """A TXT value as strings of at most 255 bytes; an empty value is one empty string."""
    strings: list[bytes] = []
    for part in [value] if isinstance(value, str | bytes) else value:
        raw = part if isinstance(part, bytes) else _encoded(part)
        strings += [raw[start : start + 255] for start in range(0, len(raw), 255)] or [b""]
    return strings or [b""]


def _encoded(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8")


def _presentation(kind: str, value: Any) -> str:
    if kind == "MX" and not isinstance(value, str):
        value = f"{value[0]} {value[1]}"
    return str(value).rstrip(".") + "." if kind in _NAME_TYPES else str(value)
