"""What is allowed, as the user writes it: rates, connections and quotas, by account, identity, provider and domain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

import attrs

from mailkit.address import Domain
from mailkit.checks import counted
from mailkit.errors import InvalidValue
from mailkit.send.limits.quota import Quota
from mailkit.send.limits.rate import Rate
from mailkit.send.limits.turns import Turns

if TYPE_CHECKING:
    from mailkit.send.limits.concurrency import Feedback
    from mailkit.send.limits.providers import Providers
    from mailkit.send.limits.shaping import Rule

__all__ = ["Limits", "Shape"]

_T = TypeVar("_T")
_MEND: Final = "write Rate(10, per=timedelta(seconds=1)), or a list of several"


def _rates(given: Rate | Iterable[Rate] | None) -> tuple[Rate, ...]:
    found = () if given is None else (given,) if isinstance(given, Rate) else _listed(given, "rate")
    for item in found:
        if not isinstance(item, Rate):
            raise InvalidValue("rate", item, "is no Rate", _MEND)
    return found


def _dues(given: Rate | Quota | Iterable[Rate | Quota] | None) -> tuple[Rate | Quota, ...]:
    found = () if given is None else (given,) if isinstance(given, Rate | Quota) else _listed(given, "account's limit")
    for item in found:
        if not isinstance(item, Rate | Quota):
            raise InvalidValue("account's limit", item, "is neither a Rate nor a Quota", _MEND)
    return found


def _listed(given: Iterable[_T], what: str) -> tuple[_T, ...]:
    if not isinstance(given, Iterable) or isinstance(given, str | Mapping):
        raise InvalidValue(what, given, "is not what limits are made of", _MEND)
    return tuple(given)


@attrs.frozen(kw_only=True)
class Shape:
    """How mail may flow to one place: a provider, a domain, or from one identity.

    Attributes:
        rate: How fast; several are kept all at once, such as 10 a second and 1,000 an hour. No limit if empty.
        connections: How many conversations may be under way at once; None leaves it to what the far side bears.
        letters_per_connection: How many letters one connection carries before it is closed; None for the
            transport's own number.
        is_per_identity: Whether each sending identity has this rate and these connections for itself, as
            providers count them that go by IP address; False shares them among all.

    >>> from datetime import timedelta
    >>> rates = [Rate(10, per=timedelta(seconds=1), burst=2), Rate(1000, per=timedelta(hours=1))]
    >>> shape = Shape(rate=rates, connections=5)
    >>> [rate.count for rate in shape.rate]
    [10, 1000]
    """

    rate: tuple[Rate, ...] = attrs.field(default=None, converter=_rates)
    connections: int | None = attrs.field(default=None, validator=attrs.validators.optional(counted))
    letters_per_connection: int | None = attrs.field(default=None, validator=attrs.validators.optional(counted))
    is_per_identity: bool = False


def _shape(given: Shape | Rate | Iterable[Rate]) -> Shape:
    return given if isinstance(given, Shape) else Shape(rate=given)


def _default(given: Shape | Rate | Iterable[Rate] | None) -> Shape | None:
    return None if given is None else _shape(given)


def _shapes(given: Mapping[str, Shape | Rate | Iterable[Rate]]) -> Mapping[str, Shape]:
    return {name: _shape(value) for name, value in _named(given).items()}


def _domains(given: Mapping[str, Shape | Rate | Iterable[Rate]]) -> Mapping[str, Shape]:
    return {Domain.parse(name).ascii: _shape(value) for name, value in _named(given).items()}


def _accounts(given: Mapping[str, Rate | Quota | Iterable[Rate | Quota]]) -> Mapping[str, tuple[Rate | Quota, ...]]:
    return {name: _dues(value) for name, value in _named(given).items()}


def _others(given: Mapping[str, str | Iterable[str]]) -> Mapping[str, tuple[str, ...]]:
    return {name: (value,) if isinstance(value, str) else tuple(value) for name, value in _named(given).items()}


def _rules(given: Iterable[Rule]) -> tuple[Rule, ...]:  # `tuple` alone would tell type checkers nothing
    return tuple(given)


def _named(given: Mapping[str, _T]) -> Mapping[str, _T]:
    if not isinstance(given, Mapping):
        raise InvalidValue("Limits", given, "is not a mapping", "write {'name': …}")
    return given


@attrs.frozen(kw_only=True)
class Limits:
    """How fast a sender may go, in all and in its parts.

    A letter passes all the limits that fit it. Whatever is left out has no limit; how many
    conversations are under way at once is then found by feedback (`mailkit.send.limits.concurrency`).

    Attributes:
        overall: For all letters together: a `Rate`, or several.
        accounts: By the account's name: a `Rate` or a `Quota`, or several of both.
        account: For each account that `accounts` does not name.
        identities: By the sending identity's name: a `Shape`, or rates.
        providers: By the provider's name, such as "gmail": a `Shape`, or rates.
        domains: By the recipients' domain: a `Shape`, or rates. Such a domain is a provider of its own.
        default: For each provider or domain that has no shape of its own. Every domain whose provider is
            not known is a provider of its own then, with a lane of its own in the outbox; without it, all
            of those are one, "".
        instead: Which identities may stand in for one that a provider turns away, in their order.
        turns: Whose letters go first where not all can, and how accounts and campaigns share.
        rules: What to do about refusals; tried before the shipped ones, `shaping.toml`.
        mailboxes: Who runs which mailboxes; the shipped table if None.
        feedback: How to find out how many conversations a provider bears; as Postfix does it if None.
        processes: How many processes send at once under these limits; each takes its part of the connections.

    >>> from datetime import timedelta
    >>> second, hour = timedelta(seconds=1), timedelta(hours=1)
    >>> limits = Limits(
    ...     overall=Rate(500, per=second, burst=50),
    ...     accounts={"shop": Quota(100_000, per="day", zone="Europe/Berlin", overrun_share=0.1)},
    ...     providers={"gmail": Shape(rate=Rate(20, per=second, burst=5), connections=10)},
    ...     domains={"example.org": [Rate(1, per=second), Rate(200, per=hour)]},
    ... )
    >>> len(limits.domains["example.org"].rate), limits.shape_of("gmail").connections
    (2, 10)
    """

    overall: tuple[Rate, ...] = attrs.field(default=None, converter=_rates)
    accounts: Mapping[str, tuple[Rate | Quota, ...]] = attrs.field(factory=dict, converter=_accounts, hash=False)
    account: tuple[Rate | Quota, ...] = attrs.field(default=None, converter=_dues)
    identities: Mapping[str, Shape] = attrs.field(factory=dict, converter=_shapes, hash=False)
    providers: Mapping[str, Shape] = attrs.field(factory=dict, converter=_shapes, hash=False)
    domains: Mapping[str, Shape] = attrs.field(factory=dict, converter=_domains, hash=False)
    default: Shape | None = attrs.field(default=None, converter=_default)
    instead: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict, converter=_others, hash=False)
    turns: Turns = attrs.field(factory=Turns, validator=attrs.validators.instance_of(Turns))
    rules: tuple[Rule, ...] = attrs.field(default=(), converter=_rules)
    mailboxes: Providers | None = None
    feedback: Feedback | None = None
    processes: int = attrs.field(default=1, validator=counted)

    def __attrs_post_init__(self) -> None:
        if self.rules or self.mailboxes is not None or self.feedback is not None:
            _check_parts(self)
        if self.providers:
            _check_names(self)

    def shape_of(self, provider: str) -> Shape:
        """The shape of a provider, or of a domain that stands for itself; an empty one where nothing is said."""
        found = self.providers.get(provider) or self.domains.get(provider)
        if found is None and provider:
            found = self.default
        return found or _FREE

    def destination(self, domain: str, provider: str) -> str:
        """What a job's `provider` is to be: the domain itself if it has a shape, or if `default` is its only one."""
        if domain in self.domains:
            return domain
        return provider or (domain if self.default is not None else "")


def _check_parts(limits: Limits) -> None:
    from mailkit.send.limits.concurrency import Feedback  # here, since most programs give none of the three
    from mailkit.send.limits.providers import Providers
    from mailkit.send.limits.shaping import Rule

    parts: list[tuple[str, Any, type]] = [("rules", rule, Rule) for rule in limits.rules]
    parts += [("mailboxes", limits.mailboxes, Providers), ("feedback", limits.feedback, Feedback)]
    for name, part, kind in parts:
        if part is not None and not isinstance(part, kind):
            raise InvalidValue(f"Limits.{name}", part, f"is no {kind.__name__}")


def _check_names(limits: Limits) -> None:
    """Refuse a provider that no letter will ever have, since its limit would silently be none."""
    from mailkit.send.limits.providers import Providers

    table = limits.mailboxes or Providers.shipped()
    known = {*table.by_domain.values(), *table.by_mx.values()}
    plain = {_bare(name): name for name in known}
    for name in limits.providers:
        meant = "" if name in known else table.by_domain.get(name.lower()) or plain.get(_bare(name), "")
        if meant:
            raise InvalidValue("Limits.providers", name, "is not that provider's name", f"write {meant!r}")


def _bare(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


_FREE: Final = Shape()
"""What is asked of a place of which nothing is said."""
