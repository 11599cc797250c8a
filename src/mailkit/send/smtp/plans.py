"""In which groups a letter's commands leave, by what the server offers.

| offered | groups, each written once the one before is answered |
|---|---|
| neither PIPELINING nor CHUNKING | MAIL · RCPT · consent · DATA · the message and its final dot |
| CHUNKING alone | MAIL · RCPT · consent · BDAT and the message |
| PIPELINING alone | MAIL, RCPT and DATA · the message and its final dot |
| both, depth 1, or after a rest | MAIL and RCPT · BDAT and the message |
| both, depth 2 or more | consent · MAIL, RCPT, BDAT and the message |

Consent is asked for with the first group where the table does not have it, and before its last piece for a large
message; it is waited for in any case before the last octet of a message leaves. RSET goes before MAIL where a
transaction may have been left open.
"""

from __future__ import annotations

from typing import Final

from mailkit.send.returns.reply import Phase
from mailkit.send.smtp.body import stuffed
from mailkit.send.smtp.letter import Letter

__all__ = ["DATA", "END", "MAIL", "NEXT", "PHASES", "QUIT", "RCPT", "RSET", "plan"]

RSET, MAIL, RCPT, DATA, END, QUIT = range(6)
"""What a reply can be an answer to; END is the end of a message."""
PHASES: Final = (Phase.MAIL, Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.MESSAGE, Phase.MESSAGE)
NEXT: Final = (Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.DATA)
"""To what the next answer will be, after a yes."""
_GROUP: Final = (MAIL, RCPT, DATA)


def plan(
    letter: Letter, mail: bytes, rcpt: bytes, *, has_pipelining: bool, depth: int, resets: bool, is_whole: bool
) -> bool:
    """Lay out the groups of a letter, and say whether its consent is to be asked for with the first of them.

    `depth` is 0 where DATA is used; `is_whole`, if the message may leave before anything was answered.
    """
    if not (letter.is_plain or depth):
        letter.octets = stuffed(letter.body)
    is_large = letter.is_large
    letter.head = b"BDAT %d LAST\r\n" % len(letter.body) if depth else b""
    letter.steps = (END,)
    reset: tuple[int, ...] = (RSET,) if resets else ()
    if not has_pipelining:
        data = [] if depth else [(b"DATA\r\n", (DATA,))]
        gate: list[None] = [] if is_large else [None]
        letter.plan = [*data, *gate, (rcpt, (RCPT,)), (mail, (MAIL,))]
        if resets:
            letter.plan.append((b"RSET\r\n", reset))
        return False
    if resets:
        mail = b"RSET\r\n" + mail
    if not depth:
        letter.plan = [(mail + rcpt + b"DATA\r\n", (*reset, *_GROUP))]
    elif is_large or not is_whole:
        letter.plan = [(mail + rcpt, (*reset, MAIL, RCPT))]
    else:
        letter.plan = [None]
        letter.head = mail + rcpt + letter.head
        letter.steps = (*reset, MAIL, RCPT, END)
    return not is_large
