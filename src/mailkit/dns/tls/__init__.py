"""TLS on the way to a domain's mail servers: MTA-STS (RFC 8461), reports (RFC 8460), DANE (RFC 7672), STARTTLS.

>>> from mailkit.dns import tls
>>> policy = tls.sts_policy(["mx1.example.com", "mx2.example.com"])
>>> policy.covers("mx2.example.com"), str(tls.sts_record("example.com", "20261128").text)
(True, 'v=STSv1; id=20261128')

`find_sts`, `find_rpt` and `find_servers` ask; `lint_sts`, `lint_rpt` and `lint_servers` say what is
to be said; `sts_record`, `sts_policy`, `rpt_record` and `tlsa_record` give what to publish.
"""

from __future__ import annotations

from mailkit.dns.tls.rpt import RptFound, RptRecord, find_rpt, is_rpt, lint_rpt, rpt_record
from mailkit.dns.tls.servers import Server, ServersFound, find_servers, lint_servers
from mailkit.dns.tls.sts import Mode, StsPolicy, StsRecord, is_sts
from mailkit.dns.tls.sts_lint import StsFound, find_sts, lint_sts, sts_policy, sts_record
from mailkit.dns.tls.tlsa import TlsaRecord, tlsa_record

__all__ = [
    "Mode",
    "RptFound",
    "RptRecord",
    "Server",
    "ServersFound",
    "StsFound",
    "StsPolicy",
    "StsRecord",
    "TlsaRecord",
    "find_rpt",
    "find_servers",
    "find_sts",
    "is_rpt",
    "is_sts",
    "lint_rpt",
    "lint_servers",
    "lint_sts",
    "rpt_record",
    "sts_policy",
    "sts_record",
    "tlsa_record",
]
