"""What an HTTP status other than 2xx says about a letter (RFC 9110, 15), in the words of SMTP."""

from __future__ import annotations

from typing import Final

from mailkit.send.returns.reply import Phase, Reply
from mailkit.send.transport import Lost, Refused

__all__ = ["refusal"]

_OURS: Final = Phase.EHLO
"""As with a refused login: it speaks of us, and not of this letter."""

_MEANINGS: Final[dict[int, tuple[str, Phase, str]]] = {
    400: ("554 5.6.0", Phase.MESSAGE, "the service cannot take this letter"),
    401: ("535 5.7.8", _OURS, "the key is not accepted"),
    402: ("454 4.7.0", _OURS, "the account must be paid for"),
    403: ("535 5.7.8", _OURS, "the key may not send"),
    404: ("451 4.3.5", _OURS, "there is nothing at this address"),
    405: ("451 4.3.5", _OURS, "this address takes no letters"),
    408: ("451 4.4.2", Phase.DATA, "the request came too slowly"),
    409: ("451 4.3.0", Phase.MESSAGE, "a request with this key is under way"),
    413: ("552 5.3.4", Phase.MESSAGE, "the letter is too large"),
    415: ("554 5.6.0", Phase.MESSAGE, "the service cannot take this kind of letter"),
    420: ("450 4.7.1", Phase.MAIL, "too many requests, the rate limit is exceeded"),  # so says SparkPost
    422: ("554 5.6.0", Phase.MESSAGE, "the service cannot take this letter"),
    425: ("451 4.3.0", Phase.MESSAGE, "too early"),
    429: ("450 4.7.1", Phase.MAIL, "too many requests, the rate limit is exceeded"),
    500: ("451 4.3.0", Phase.MESSAGE, "the service failed"),
    503: ("451 4.3.2", Phase.MAIL, "the service is not available"),
}


def refusal(status: int, text: str = "", *, wait: str = "") -> Refused | Lost:
    """What a status means that is not 2xx.

    Args:
        status: The status.
        text: What else the service said.
        wait: Its Retry-After, in seconds; a date is left out.

    Of a gateway's 502 and 504, and of other 5xx, nobody knows what became of the letter. All else that is
    not known here is tried again.

    >>> refusal(403).reply.line
    '535 5.7.8 HTTP 403: the key may not send'
    >>> refusal(504, "upstream timed out").phase
    <Phase.MESSAGE: 'message'>
    """
    codes, phase, meaning = _MEANINGS.get(status, ("451 4.3.5", _OURS, "this answer is not understood"))
    if status >= 500 and status not in _MEANINGS:
        return Lost(phase=Phase.MESSAGE, server="", reason=f"HTTP {status}: {text}".removesuffix(": "))
    if wait.isascii() and wait.isdigit():
        meaning += f", try again in {wait} seconds"
    return Refused(reply=Reply.parse(f"{codes} HTTP {status}: {meaning}" + (f"; {text}" if text else "")), phase=phase)
