from __future__ import annotations

from collections.abc import Iterable

import attrs
import pytest

from mailkit.dns.tls import StsPolicy
from mailkit.send.returns.reply import Phase
from mailkit.send.smtp.direct_policy import Destination, Policy, Security, destination
from mailkit.send.smtp.mx import Exchange, Route
from mailkit.send.transport import Lost

ROUTE = Route(exchanges=(Exchange(10, "mx1.example.org"), Exchange(20, "backup.example.net")))


@attrs.frozen
class Told:
    mode: str | None
    hosts: Iterable[str] = ()

    def covers(self, host: str) -> bool:
        return host in self.hosts


@pytest.mark.parametrize("policy", [None, Told("none"), Told(None), Told("later")])
def test_without_a_policy_tls_is_used_where_it_is_offered(policy: Policy | None) -> None:
    assert destination("example.org", ROUTE, policy) == (
        Destination(route=ROUTE, security=Security.OPPORTUNISTIC),
        (),
    )


def test_an_enforced_policy_leaves_only_the_hosts_that_it_covers() -> None:
    found, told = destination("example.org", ROUTE, Told("enforce", ["mx1.example.org"]))
    assert found == Destination(route=Route(exchanges=ROUTE.exchanges[:1]), security=Security.ENFORCED)
    assert told == ("the MTA-STS policy of example.org does not cover backup.example.net",)


def test_an_enforced_policy_that_covers_no_host_lets_the_letter_wait() -> None:
    found, _ = destination("example.org", ROUTE, Told("enforce"))
    reason = "the domain's MTA-STS policy covers none of its MX hosts (mx1.example.org, backup.example.net)"
    assert found == Lost(phase=Phase.CONNECT, server="example.org", reason=reason)


def test_a_policy_in_testing_keeps_every_host_and_is_told() -> None:
    found, told = destination("example.org", ROUTE, Told("testing", ["backup.example.net"]))
    assert found == Destination(route=ROUTE, security=Security.TESTING)
    assert told == ("the MTA-STS policy of example.org does not cover mx1.example.org",)


def test_a_policy_of_mailkit_dns_will_do() -> None:
    policy = StsPolicy.parse("version: STSv1\nmode: enforce\nmx: *.example.org\nmax_age: 604800\n")
    found, _ = destination("example.org", ROUTE, policy)
    assert found == Destination(route=Route(exchanges=ROUTE.exchanges[:1]), security=Security.ENFORCED)
