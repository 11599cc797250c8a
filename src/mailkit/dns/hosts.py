"""The machines that letters leave from: the names of their addresses, and how they greet.

Receivers ask for the name of an address (PTR), and whether that name leads back to it: the
"forward-confirmed" reverse name without which Gmail, Yahoo and others take no bulk mail.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address
from typing import Final

import attrs

from mailkit.dns.addresses import IPAddress, address_from, addresses_of, is_public, reverse_name
from mailkit.dns.lookup import Answer, Check, Failure, Outcome, Query, ask, each, name_fault, together
from mailkit.dns.saying import Saying
from mailkit.findings import Finding, Severity

__all__ = ["Found", "Machine", "Name", "find", "is_generic", "lint"]

_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
_MOST_NAMES: Final = 10
"""Names of one address that are looked at; RFC 7208, 5.5, has the same limit."""
_GENERIC: Final = frozenset(
    re.findall(
        "[a-z0-9]+",
        "adsl broadband cable client cust customer customers dhcp dial dialin dialup dip dsl dyn dynamic dynamicip "
        "dynip fiber fibre ftth home ip ipv modem pool pools ppp pppoe rdns res residential rev reverse unassigned "
        "vdsl wifi",
    )
)
"""Words that providers put into names of addresses that are given to whoever is connected."""
_ptr: Final = Saying[str]("ptr", lambda address: f"PTR of {address}")
_helo: Final = Saying[str]("helo", lambda name: f"HELO of {name}")


@attrs.frozen(kw_only=True)
class Name:
    """A name of an address.

    Attributes:
        name: The name.
        forward: What became of the question for the name's own addresses.
    """

    name: str
    forward: Outcome


@attrs.frozen(kw_only=True)
class Machine:
    """An address that letters leave from.

    Attributes:
        address: The address.
        reverse: What became of the question for its names.
        names: Its names, ten at the most.
    """

    address: IPAddress
    reverse: Outcome
    names: tuple[Name, ...] = ()

    @property
    def confirmed(self) -> tuple[str, ...]:
        """The names that lead back to the address."""
        return tuple(one.name for one in self.names if self.address in addresses_of(one.forward))

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The questions about its names that were not answered."""
        return tuple(one.forward for one in self.names if isinstance(one.forward, Failure))


@attrs.frozen(kw_only=True)
class Found:
    """What there is about the machines that letters leave from.

    Attributes:
        machines: One for each address.
        helo: The name that they greet with; empty if it was not said.
        helo_a: What became of the question for its IPv4 addresses; None without a name.
        helo_aaaa: The same for IPv6.
    """

    machines: tuple[Machine, ...]
    helo: str = ""
    helo_a: Outcome | None = None
    helo_aaaa: Outcome | None = None


def find(addresses: Iterable[str | IPAddress], *, helo: str = "") -> Check[Found]:
    """Ask for the names of addresses and the addresses of those names, and of the name they greet with.

    A check for `mailkit.dns.drive.run`.

    Args:
        addresses: The addresses that letters leave from.
        helo: The name that the machines greet with in EHLO.

    Raises:
        InvalidValue: An address is none.

    >>> from mailkit.dns.drive import run_sync
    >>> zone = {("1.2.0.192.in-addr.arpa", "PTR"): ["out.example.com"], ("out.example.com", "A"): ["192.0.2.1"]}
    >>> run_sync(find(["192.0.2.1"]), resolver=zone).machines[0].confirmed
    ('out.example.com',)
    """
    name = helo.removesuffix(".").lower()
    machines = each(_machine(address_from(address)) for address in addresses)
    if not name or _helo_fault(name):
        return Found(machines=(yield from machines), helo=name)
    found, a, aaaa = yield from together(machines, ask(Query(name, "A")), ask(Query(name, "AAAA")))
    return Found(machines=found, helo=name, helo_a=a, helo_aaaa=aaaa)


def _machine(address: IPAddress) -> Check[Machine]:
    reverse = yield from ask(Query(reverse_name(address), "PTR"))
    listed = reverse.values[:_MOST_NAMES] if isinstance(reverse, Answer) else ()
    names = yield from each(_name(name, "A" if isinstance(address, IPv4Address) else "AAAA") for name in listed)
    return Machine(address=address, reverse=reverse, names=names)


def _name(name: str, kind: str) -> Check[Name]:
    return Name(name=name, forward=(yield from ask(Query(name, kind))))


def lint(found: Found) -> tuple[Finding, ...]:
    """What is to be said about the machines.

    >>> from ipaddress import ip_address
    >>> from mailkit.dns.lookup import NoSuchDomain
    >>> machine = Machine(address=ip_address("8.8.4.4"), reverse=NoSuchDomain())
    >>> [finding.code for finding in lint(Found(machines=(machine,)))]
    ['dns.ptr-absent']
    """
    of_machines = (finding for machine in found.machines for finding in _of_machine(machine))
    return (*of_machines, *_of_helo(found))


def is_generic(name: str, address: IPAddress) -> bool:
    """Whether a name looks as if it had been made for a whole network: with the address in it, or a word for that.

    >>> from ipaddress import ip_address
    >>> is_generic("host-192-0-2-1.example.net", ip_address("192.0.2.1"))
    True
    >>> is_generic("out1.mail.example.com", ip_address("192.0.2.1"))
    False
    """
    lower = name.lower()
    own = lower.rsplit(".", 2)[0] if lower.count(".") > 1 else ""  # what stands in front of the registered name
    if _GENERIC & set(re.split(r"[^a-z]+", own)):
        return True
    if not isinstance(address, IPv4Address):
        groups = address.exploded.split(":")
        written = ("-".join(groups), "".join(groups), address.compressed.replace(":", "-"))
        return any(form in lower for form in written)
    parts = str(address).split(".")
    numbers = [str(int(run)) if len(run) < 5 else run for run in re.findall(r"[0-9]+", lower)]
    padded, hexadecimal = "".join(part.zfill(3) for part in parts), f"{int(address):08x}"
    return _holds(numbers, parts) or _holds(numbers, parts[::-1]) or padded in lower or hexadecimal in lower


def _holds(numbers: list[str], parts: list[str]) -> bool:
    """Whether three of the address' numbers stand in a row."""
    runs = [parts[:3], parts[1:]]
    return any(numbers[start : start + 3] in runs for start in range(len(numbers) - 2))


def _of_machine(machine: Machine) -> Iterator[Finding]:
    address = machine.address
    if not is_public(address):
        message = f"{address} is not an address that receivers see"
        mend = "give the address that the internet sees"
        yield _ptr("not-public", _WARNING, message, str(address), mend=mend, source="RFC 6890, 2.2")
    if isinstance(machine.reverse, Failure):
        message = f"whether {address} has a name is not known: {machine.reverse}"
        yield _ptr("unanswered", _WARNING, message, str(address), mend="ask again", source="RFC 1035, 3.5")
        return
    if not machine.names:
        message = f"{address} has no name in reverse DNS; large mailbox providers refuse bulk mail from it"
        mend = f"let whoever provides the address publish {reverse_name(address)}. IN PTR and the name of the machine"
        yield _ptr("absent", _ERROR, message, str(address), str(machine.reverse), mend, "RFC 1912, 2.1")
        return
    names = ", ".join(one.name for one in machine.names)
    if not machine.confirmed:
        yield _unconfirmed(machine, names)
    generic = [one.name for one in machine.names if is_generic(one.name, address)]
    if len(generic) == len(machine.names):
        message = f"the name of {address} looks like one of a whole network, as those of home connections do"
        mend = "let the address have a name of your own, such as that of the mail server"
        yield _ptr("generic", _WARNING, message, str(address), names, mend, "RFC 8499; M3AAWG Sender Best Practices")
    if len(machine.names) > 1:
        message = f"{address} has {len(machine.names)} names; receivers may look at any one of them"
        yield _ptr("several", _INFO, message, str(address), names, "keep one", "RFC 1912, 2.1")


def _unconfirmed(machine: Machine, names: str) -> Finding:
    address = machine.address
    if machine.failures:
        message = f"whether the name of {address} leads back to it is not known: {machine.failures[0]}"
        return _ptr("unanswered", _WARNING, message, str(address), names, "ask again", "RFC 1912, 2.1")
    kind = "A" if isinstance(address, IPv4Address) else "AAAA"
    message = f"the name of {address} does not lead back to it; receivers then take it for no name"
    mend = f"{machine.names[0].name}. IN {kind} {address}"
    return _ptr("unconfirmed", _ERROR, message, str(address), names, mend, "RFC 1912, 2.1")


def _helo_fault(name: str) -> str:
    """Why a machine should not greet with this name; empty if it may (RFC 5321, 4.1.4 and 2.3.5)."""
    if name.startswith("[") and name.endswith("]"):
        return "is an address, which is for machines without a name"
    if "." not in name or name.endswith((".local", ".localdomain", ".lan", ".internal")):
        return "is not the full name of a machine on the internet"
    return name_fault(name)


def _of_helo(found: Found) -> Iterator[Finding]:
    helo, a, aaaa = found.helo, found.helo_a, found.helo_aaaa
    if a is None or aaaa is None:
        if helo:
            mend = "greet with the name of the machine, as reverse DNS gives it"
            message = f"{helo!r}, which the machines greet with, {_helo_fault(helo)}"
            yield _helo("name", _ERROR, message, helo, helo, mend, "RFC 5321, 4.1.4")
        return
    addresses = addresses_of(a, aaaa)
    failures = [outcome for outcome in (a, aaaa) if isinstance(outcome, Failure)]
    strangers = [str(machine.address) for machine in found.machines if machine.address not in addresses]
    if not addresses and not failures:
        message = f"{helo}, which the machines greet with, has no address"
        mend = f"{helo}. IN A {strangers[0] if strangers else 'and the address of the machine'}"
        yield _helo("unresolved", _ERROR, message, helo, str(a), mend, "RFC 5321, 2.3.5")
    elif failures and (strangers or not addresses):
        message = f"whether {helo}, which the machines greet with, leads to them is not known: {failures[0]}"
        yield _helo("unanswered", _WARNING, message, helo, mend="ask again", source="RFC 5321, 4.1.4")
    elif strangers:
        message = f"{helo}, which the machines greet with, does not lead to {', '.join(strangers[:5])}"
        mend = "let each machine greet with its own name"
        yield _helo("mismatch", _WARNING, message, helo, ", ".join(map(str, addresses)), mend, "RFC 5321, 4.1.4")
