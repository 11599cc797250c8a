"""Why a letter came back, whose fault it is, and what to do: three questions, kept apart.

How to think about it. A *cause* says what happened, its *family* who must act. Most permanent
refusals are not the reader's fault, so only the two families that say "nobody lives there" may
take an address off a list. Whether the server would say the same again is a fourth thing, told
by the reply's first digit.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

__all__ = ["FAMILIES", "FAULTS", "Action", "Cause", "Family", "Fault", "action_for"]


class Cause(StrEnum):
    """What happened."""

    USERUNKNOWN = "userunknown"
    """The local part does not exist at that domain."""
    HASMOVED = "hasmoved"
    """The mailbox has moved, and mail is not passed on."""
    HOSTUNKNOWN = "hostunknown"
    """There is no such domain."""
    NOTACCEPT = "notaccept"
    """The host is there but takes no mail."""
    MAILBOXFULL = "mailboxfull"
    """The mailbox is over its limit."""
    SUSPEND = "suspend"
    """The account is disabled, suspended or long unused."""
    FILTERED = "filtered"
    """Refused by the recipient's own filter, without a clear cause."""
    BLOCKED = "blocked"
    """The connecting host is refused."""
    BADREPUTATION = "badreputation"
    """Refused for a standing that the provider keeps of the host or domain."""
    REQUIREPTR = "requireptr"
    """The host's reverse DNS is missing or does not fit."""
    SPAMDETECTED = "spamdetected"
    """A filter took this message for spam."""
    VIRUSDETECTED = "virusdetected"
    """A scanner found something harmful."""
    CONTENTERROR = "contenterror"
    """The body or a header is not wanted as it is."""
    AUTHFAILURE = "authfailure"
    """SPF, DKIM or DMARC failed, or is demanded."""
    POLICYVIOLATION = "policyviolation"
    """A local rule forbids it."""
    NOTCOMPLIANTRFC = "notcompliantrfc"
    """The message is not in the standard's form."""
    SECURITYERROR = "securityerror"
    """A demand for security was not met, such as a login."""
    REJECTED = "rejected"
    """The sender's address or domain is refused."""
    NORELAYING = "norelaying"
    """The server carries no mail for that domain."""
    TOOMANYCONN = "toomanyconn"
    """Too many connections at a time."""
    SPEEDING = "speeding"
    """Too many messages or recipients in a span of time."""
    MESGTOOBIG = "mesgtoobig"
    """Larger than that mailbox or server takes."""
    EXCEEDLIMIT = "exceedlimit"
    """Larger than this account may send or receive."""
    EXPIRED = "expired"
    """Given up after waiting too long."""
    NETWORKERROR = "networkerror"
    """Trouble on the way: no connection, a time-out, a loop."""
    SYSTEMERROR = "systemerror"
    """The receiving system has a fault of its own."""
    SYSTEMFULL = "systemfull"
    """The receiving system's disk is full."""
    MAILERERROR = "mailererror"
    """The program that should store or pass on the mail failed."""
    GREYLISTED = "greylisted"
    """Refused on purpose at the first try; the next will be taken."""
    SYNTAXERROR = "syntaxerror"
    """A command was not understood or came out of order."""
    FAILEDSTARTTLS = "failedstarttls"
    """TLS was required or tried and did not come about."""
    ONHOLD = "onhold"
    """There is a text, and nothing in it names a cause."""
    UNDEFINED = "undefined"
    """No cause can be found at all."""
    FEEDBACK = "feedback"
    """The reader, or the provider for him, complained."""
    VACATION = "vacation"
    """An automatic answer."""
    DELIVERED = "delivered"
    """A success was reported."""


class Family(StrEnum):
    """Who must act."""

    RECIPIENT = "recipient"
    """The address: no such mailbox, or it has gone elsewhere."""
    DOMAIN = "domain"
    """The address: its domain does not exist or takes no mail."""
    QUOTA = "quota"
    """The reader: the mailbox is full."""
    INACTIVE = "inactive"
    """The reader: the mailbox is switched off or unused."""
    RECIPIENT_FILTER = "recipient_filter"
    """Nobody knows: the recipient's system keeps its reasons to itself."""
    REPUTATION = "reputation"
    """The sender's host or domain."""
    CONTENT = "content"
    """This message."""
    AUTHENTICATION = "authentication"
    """The sender's domain."""
    POLICY = "policy"
    """The sender's set-up or message."""
    SENDER = "sender"
    """The envelope's sender."""
    RELAY = "relay"
    """The route."""
    RATE = "rate"
    """The sender: too much at once."""
    SIZE = "size"
    """This message: too large."""
    TRANSPORT = "transport"
    """The way there."""
    PROTOCOL = "protocol"
    """One of the two servers."""
    UNKNOWN = "unknown"
    """Not said."""
    COMPLAINT = "complaint"
    """The reader, who wants no more."""
    AUTOREPLY = "autoreply"
    """Nobody: an automatic answer is no bounce."""
    DELIVERED = "delivered"
    """Nobody: it arrived."""


class Fault(StrEnum):
    """Where the fault lies."""

    RECIPIENT = "recipient"
    """The recipient's mailbox."""
    DOMAIN = "domain"
    """The recipient's domain."""
    SENDER = "sender"
    """The sender's identity: its address or domain, and the proofs of them."""
    REPUTATION = "reputation"
    """The standing of the sender's host or domain."""
    CONTENT = "content"
    """The message."""
    RATE = "rate"
    """The pace of sending."""
    TRANSPORT = "transport"
    """The way, or the receiving system."""
    CONFIGURATION = "configuration"
    """The sender's own set-up."""
    UNKNOWN = "unknown"
    """Not said."""
    NONE = "none"
    """Nothing went wrong."""


class Action(StrEnum):
    """What to do next."""

    SUPPRESS = "suppress"
    """Never write to this address again."""
    RETRY = "retry"
    """Later, the same."""
    SLOW = "slow"
    """Later, and less at a time."""
    FIX = "fix"
    """The sender must change something first; the reader stays on the list."""
    REVIEW = "review"
    """A person should look, or a rule of the list's owner decide."""
    NONE = "none"
    """Nothing."""


_CAUSES: Final[dict[Family, tuple[Cause, ...]]] = {
    Family.RECIPIENT: (Cause.USERUNKNOWN, Cause.HASMOVED),
    Family.DOMAIN: (Cause.HOSTUNKNOWN, Cause.NOTACCEPT),
    Family.QUOTA: (Cause.MAILBOXFULL,),
    Family.INACTIVE: (Cause.SUSPEND,),
    Family.RECIPIENT_FILTER: (Cause.FILTERED,),
    Family.REPUTATION: (Cause.BLOCKED, Cause.BADREPUTATION, Cause.REQUIREPTR),
    Family.CONTENT: (Cause.SPAMDETECTED, Cause.VIRUSDETECTED, Cause.CONTENTERROR),
    Family.AUTHENTICATION: (Cause.AUTHFAILURE,),
    Family.POLICY: (Cause.POLICYVIOLATION, Cause.NOTCOMPLIANTRFC, Cause.SECURITYERROR),
    Family.SENDER: (Cause.REJECTED,),
    Family.RELAY: (Cause.NORELAYING,),
    Family.RATE: (Cause.TOOMANYCONN, Cause.SPEEDING),
    Family.SIZE: (Cause.MESGTOOBIG, Cause.EXCEEDLIMIT),
    Family.TRANSPORT: (
        Cause.EXPIRED,
        Cause.NETWORKERROR,
        Cause.SYSTEMERROR,
        Cause.SYSTEMFULL,
        Cause.MAILERERROR,
        Cause.GREYLISTED,
    ),
    Family.PROTOCOL: (Cause.SYNTAXERROR, Cause.FAILEDSTARTTLS),
    Family.UNKNOWN: (Cause.ONHOLD, Cause.UNDEFINED),
    Family.COMPLAINT: (Cause.FEEDBACK,),
    Family.AUTOREPLY: (Cause.VACATION,),
    Family.DELIVERED: (Cause.DELIVERED,),
}

FAMILIES: Final[dict[Cause, Family]] = {cause: family for family, causes in _CAUSES.items() for cause in causes}
"""The family of each cause."""

# Each row: where the fault lies, what to do when the server would say the same again, and what when it may not.
_DO_NEXT: Final[dict[Family, tuple[Fault, Action, Action]]] = {
    Family.RECIPIENT: (Fault.RECIPIENT, Action.SUPPRESS, Action.RETRY),
    Family.DOMAIN: (Fault.DOMAIN, Action.SUPPRESS, Action.RETRY),
    Family.QUOTA: (Fault.RECIPIENT, Action.RETRY, Action.RETRY),
    Family.INACTIVE: (Fault.RECIPIENT, Action.REVIEW, Action.RETRY),
    Family.RECIPIENT_FILTER: (Fault.RECIPIENT, Action.REVIEW, Action.RETRY),
    Family.REPUTATION: (Fault.REPUTATION, Action.FIX, Action.FIX),
    Family.CONTENT: (Fault.CONTENT, Action.FIX, Action.FIX),
    Family.AUTHENTICATION: (Fault.SENDER, Action.FIX, Action.FIX),
    Family.POLICY: (Fault.CONFIGURATION, Action.FIX, Action.FIX),
    Family.SENDER: (Fault.SENDER, Action.FIX, Action.FIX),
    Family.RELAY: (Fault.CONFIGURATION, Action.FIX, Action.FIX),
    Family.RATE: (Fault.RATE, Action.SLOW, Action.SLOW),
    Family.SIZE: (Fault.CONTENT, Action.FIX, Action.FIX),
    Family.TRANSPORT: (Fault.TRANSPORT, Action.RETRY, Action.RETRY),
    Family.PROTOCOL: (Fault.TRANSPORT, Action.FIX, Action.FIX),
    Family.UNKNOWN: (Fault.UNKNOWN, Action.REVIEW, Action.RETRY),
    Family.COMPLAINT: (Fault.RECIPIENT, Action.SUPPRESS, Action.SUPPRESS),
    Family.AUTOREPLY: (Fault.NONE, Action.NONE, Action.NONE),
    Family.DELIVERED: (Fault.NONE, Action.NONE, Action.NONE),
}

FAULTS: Final[dict[Family, Fault]] = {family: row[0] for family, row in _DO_NEXT.items()}
"""Where the fault lies, for each family."""


def action_for(family: Family, *, is_permanent: bool) -> Action:
    """What to do next.

    >>> action_for(Family.RECIPIENT, is_permanent=True), action_for(Family.REPUTATION, is_permanent=True)
    (<Action.SUPPRESS: 'suppress'>, <Action.FIX: 'fix'>)
    """
    _, lasting, passing = _DO_NEXT[family]
    return lasting if is_permanent else passing
