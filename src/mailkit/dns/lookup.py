"""Questions to the DNS, the six ways in which one can end, and checks made of them.

A *check* is a generator: it yields questions, or other checks, and receives what became of
them, in order. It opens nothing and waits for nothing, so that the same rule is driven by a
blocking resolver, an asynchronous one, or a dict in a test (`mailkit.dns.drive`):

    def has_mx(domain: str) -> Check[bool]:
        outcome = yield from ask(Query(domain, "MX"))
        return isinstance(outcome, Answer)

Absent, unanswered and broken are different things. Whoever reads an `Outcome` has to say
what it makes of each of the six.

A check may also have errands elsewhere than in the DNS (`mailkit.dns.errands`).
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any, Protocol, TypeAlias, TypeVar, overload

import attrs

from mailkit.dns.errands import Fetch, Fetched, Greet, Greeted, NotAsked
from mailkit.dns.tags import texts
from mailkit.errors import InvalidValue

__all__ = [
    "Absence",
    "Answer",
    "Check",
    "Failure",
    "Fetcher",
    "Greeter",
    "Malformed",
    "NoData",
    "NoSuchDomain",
    "Outcome",
    "Query",
    "Resolver",
    "ServerFailure",
    "Step",
    "TimedOut",
    "ask",
    "each",
    "fetch",
    "greet",
    "name_fault",
    "recorded",
    "together",
]

T = TypeVar("T")
T1 = TypeVar("T1")
T2 = TypeVar("T2")
T3 = TypeVar("T3")
T4 = TypeVar("T4")


def _name(text: str) -> str:
    return text.removesuffix(".").lower() if isinstance(text, str) else text


def _record_set(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(texts(values))))


def _upper(text: str) -> str:
    return text.upper() if isinstance(text, str) else text


@attrs.frozen(order=True)
class Query:
    """One question.

    Any text may be a name here, since records name the oddest things; whether it can be asked
    at all says `name_fault`, and a resolver answers `Malformed` if it cannot.

    Attributes:
        name: The name, in small letters and without a final dot; one character is one byte.
        type: The record type, such as "TXT".

    >>> Query("News.Example.COM.", "txt") == Query("news.example.com")
    True
    """

    name: str = attrs.field(converter=_name)
    type: str = attrs.field(default="TXT", converter=_upper)

    @name.validator
    def _check_name(self, attribute: object, value: str) -> None:
        if not isinstance(value, str):
            raise InvalidValue("Query.name", value, "is not text")

    @type.validator
    def _check_type(self, attribute: object, value: str) -> None:
        if not isinstance(value, str) or not value.isalnum():
            raise InvalidValue("Query.type", value, "is not a record type", "write 'TXT', 'MX', 'A' or another")

    def __str__(self) -> str:
        return f"{self.type} {self.name}"


@attrs.frozen
class Answer:
    """There are records.

    Attributes:
        values: Each record's content once, sorted: a record set has no order and no doubles (RFC 2181, 5),
            and what is found twice should look alike. The strings of one TXT record are joined without
            blanks (RFC 7208, 3.3), and each of its bytes is one character (Latin-1), so that bytes which
            are not ASCII survive. Names stand without the final dot.
        ttl: For how many seconds the answer may be kept; None where nobody said.
        aliases: The names that the question led to by CNAME, the last of which has the records.
        is_authenticated: Whether a validating resolver that is to be trusted says that DNSSEC vouches for the
            answer (RFC 4035, 3.2.3); None where nobody to be trusted said so or not.

    >>> Answer(("20 mx2.example.com", "10 mx1.example.com")).values
    ('10 mx1.example.com', '20 mx2.example.com')
    """

    values: tuple[str, ...] = attrs.field(converter=_record_set)
    ttl: int | None = attrs.field(default=None, eq=False)
    aliases: tuple[str, ...] = attrs.field(default=(), eq=False, repr=False)
    is_authenticated: bool | None = attrs.field(default=None, eq=False, repr=False, kw_only=True)

    def __str__(self) -> str:
        return f"{len(self.values)} record{'' if len(self.values) == 1 else 's'}"


@attrs.frozen
class NoData:
    """The name exists, but has no record of this type (NODATA, RFC 2308, 2.2).

    Attributes:
        aliases: The names that the question led to by CNAME, the last of which has no such record.
        ttl: For how many seconds this may be kept (RFC 2308, 5); None where nobody said.

    >>> print(NoData())
    no record of this type
    """

    aliases: tuple[str, ...] = attrs.field(default=(), eq=False, repr=False)
    ttl: int | None = attrs.field(default=None, eq=False, repr=False, kw_only=True)

    def __str__(self) -> str:
        return "no record of this type"


@attrs.frozen
class NoSuchDomain:
    """The name does not exist (NXDOMAIN, RFC 2308, 2.1), and no name below it does (RFC 8020).

    Attributes:
        aliases: The names that the question led to by CNAME, the last of which does not exist.
        ttl: For how many seconds this may be kept (RFC 2308, 5); None where nobody said.

    >>> print(NoSuchDomain())
    no such name
    """

    aliases: tuple[str, ...] = attrs.field(default=(), eq=False, repr=False)
    ttl: int | None = attrs.field(default=None, eq=False, repr=False, kw_only=True)

    def __str__(self) -> str:
        return "no such name"


@attrs.frozen
class ServerFailure:
    """A name server said that it cannot or will not answer, or could not be reached; or another server did.

    Attributes:
        reason: The response code, such as "SERVFAIL" or "REFUSED", or the network's complaint.
        server: What kind of server it is, for people: that of a page is a "web server".

    >>> print(ServerFailure("REFUSED"))
    the name server failed (REFUSED)
    >>> print(ServerFailure("the connection ended too early", server="web server"))
    the web server failed (the connection ended too early)
    """

    reason: str = "SERVFAIL"
    server: str = attrs.field(default="name server", eq=False, repr=False, kw_only=True)

    def __str__(self) -> str:
        return f"the {self.server} failed ({self.reason})"


@attrs.frozen
class TimedOut:
    """Nobody answered in time. This says nothing about what there is.

    >>> print(TimedOut())
    no answer in time
    """

    def __str__(self) -> str:
        return "no answer in time"


@attrs.frozen
class Malformed:
    """A question that cannot be asked, or an answer that cannot be read.

    Attributes:
        reason: What is wrong with it.

    >>> print(Malformed("its aliases lead in a circle"))
    malformed: its aliases lead in a circle
    """

    reason: str

    def __str__(self) -> str:
        return f"malformed: {self.reason}"


Absence: TypeAlias = NoData | NoSuchDomain
"""Known not to be there."""

Failure: TypeAlias = ServerFailure | TimedOut | Malformed
"""Not known."""

Outcome: TypeAlias = Answer | Absence | Failure
"""How a question can end."""


Step: TypeAlias = "Query | Fetch | Greet | Generator[tuple[Step, ...], tuple[Any, ...], Any]"
"""What a check may wait for: the outcome of a question, or the result of another check."""

Check: TypeAlias = Generator[tuple[Step, ...], tuple[Any, ...], T]
"""A generator of questions that returns a T. `ask`, `each` and `together` keep its types."""


class Resolver(Protocol):
    """What brings outcomes: `BlockingResolver`, `DictResolver`, or one of your own.

    `resolve` may also be a coroutine function, as `AsyncResolver`'s is. It never raises for
    what a name server says or fails to say.

    >>> class Silence:
    ...     def resolve(self, query):
    ...         return TimedOut()
    >>> from mailkit import dns
    >>> dns.check_sync("example.com", resolver=Silence()).is_complete
    False
    """

    def resolve(self, query: Query) -> Any:
        """The outcome of one question, or an awaitable of it."""
        ...


class Fetcher(Protocol):
    """What brings pages of the web: `mailkit.dns.fetcher.HttpsFetcher`, or one of your own.

    `fetch` may also be a coroutine function. It never raises for what a server does or fails to do.
    """

    def fetch(self, page: Fetch) -> Any:
        """`Fetched`, `ServerFailure`, `TimedOut` or `Malformed`, or an awaitable of it."""
        ...


class Greeter(Protocol):
    """What greets mail servers: `mailkit.dns.greeter.SMTPGreeter`, or one of your own.

    `greet` may also be a coroutine function. It never raises for what a server does or fails to do.
    """

    def greet(self, server: Greet) -> Any:
        """`Greeted`, `ServerFailure`, `TimedOut` or `Malformed`, or an awaitable of it."""
        ...


def ask(query: Query) -> Check[Outcome]:
    """Ask one question.

    >>> next(ask(Query("example.com")))
    (Query(name='example.com', type='TXT'),)
    """
    outcome: Outcome
    (outcome,) = yield (query,)
    return outcome


def fetch(page: Fetch) -> Check[Fetched | Failure | NotAsked]:
    """Read one page of the web.

    >>> next(fetch(Fetch("https://example.com/logo.svg")))
    (Fetch(url='https://example.com/logo.svg', longest_bytes=65536, follows=False),)
    """
    found: Fetched | Failure | NotAsked
    (found,) = yield (page,)
    return attrs.evolve(found, server="web server") if isinstance(found, ServerFailure) else found


def greet(server: Greet) -> Check[Greeted | Failure | NotAsked]:
    """See how one mail server greets.

    >>> next(greet(Greet("mx.example.com")))
    (Greet(host='mx.example.com', port=25),)
    """
    found: Greeted | Failure | NotAsked
    (found,) = yield (server,)
    return attrs.evolve(found, server="mail server") if isinstance(found, ServerFailure) else found


def each(checks: Iterable[Check[T]]) -> Check[tuple[T, ...]]:
    """Run checks of one kind side by side, and give their results in order.

    >>> len(next(each([ask(Query("a.example")), ask(Query("b.example"))])))
    2
    """
    return (yield tuple(checks))


@overload
def together(first: Check[T1], second: Check[T2], /) -> Check[tuple[T1, T2]]: ...
@overload
def together(first: Check[T1], second: Check[T2], third: Check[T3], /) -> Check[tuple[T1, T2, T3]]: ...
@overload
def together(
    first: Check[T1], second: Check[T2], third: Check[T3], fourth: Check[T4], /
) -> Check[tuple[T1, T2, T3, T4]]: ...
def together(*checks: Check[Any]) -> Check[Any]:
    """Run two to four checks of different kinds side by side, and give their results in order.

    None of them waits for another: each goes on as soon as its own answers are there.

    >>> len(next(together(ask(Query("example.com")), ask(Query("example.com", "MX")))))
    2
    """
    return (yield checks)


def recorded(check: Check[T], into: dict[Query, Outcome]) -> Check[T]:
    """The same check, which writes down how each of its questions ended.

    >>> seen: dict[Query, Outcome] = {}
    >>> check = recorded(ask(Query("example.com")), seen)
    >>> (question,) = next(check)
    >>> try:
    ...     check.send((NoData(),))
    ... except StopIteration:
    ...     str(seen[question])
    'no record of this type'
    """
    try:
        steps = next(check)
        while True:
            ended = yield tuple(recorded(step, into) if isinstance(step, Generator) else step for step in steps)
            into.update((step, end) for step, end in zip(steps, ended, strict=True) if isinstance(step, Query))
            steps = check.send(ended)
    except StopIteration as end:
        result: T = end.value
        return result


def name_fault(name: str) -> str:
    """Why a name cannot be asked for; empty if it can (RFC 1035, 2.3.4).

    >>> name_fault("mail..example.com")
    'has an empty label'
    >>> name_fault("_dmarc.example.com")
    ''
    """
    try:
        labels = name.encode("latin-1").split(b".")
    except UnicodeEncodeError:
        return "has characters that are not bytes"
    if not all(labels):
        return "has an empty label"
    if max(map(len, labels)) > 63:
        return "has a label longer than 63 bytes"
    if len(name) > 253:
        return "is longer than 253 bytes"
    return ""
