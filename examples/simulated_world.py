"""The world outside, for `whole_run.py`: mail providers that refuse and put off, and people who read.

Nothing of this is needed in a real program. The providers answer in the words that the real
ones use; the readers are real HTTP clients of the tracking application.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from email import message_from_bytes, policy
from pathlib import Path
from random import Random

import httpx

from mailkit.testing import Answer

DOMAIN = "rounds.example"

# What the domain's name server says. The public key belongs to nobody: nothing is signed here.
ZONE: Mapping[str, Mapping[str, object]] = {
    DOMAIN: {"TXT": ["v=spf1 ip4:127.0.0.1 include:_spf.relay.example -all"], "MX": [[10, "mx.rounds.example"]]},
    "_spf.relay.example": {"TXT": ["v=spf1 ip4:192.0.2.0/24 -all"]},
    "june._domainkey.rounds.example": {
        "TXT": [
            "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        ]
    },
    "_dmarc.rounds.example": {"TXT": ["v=DMARC1; p=none; rua=mailto:dmarc@rounds.example"]},
    "mx.rounds.example": {"A": ["192.0.2.25"]},
}

# (provider, one recipient in how many, what it answers)
TROUBLE: tuple[tuple[str, int, Answer], ...] = (
    ("gmail.example", 40, Answer(reply=(
        "550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking the "
        "recipient's email address for typos or unnecessary spaces. - gsmtp"))),
    ("gmail.example", 45, Answer(reply=(
        "421 4.7.28 Our system has detected an unusual rate of unsolicited mail originating from your IP address. "
        "To protect our users from spam, mail sent from your IP address has been temporarily rate limited."), times=1)),
    ("gmail.example", 200, Answer(phase="message", drop=True, times=1)),
    ("outlook.example", 30, Answer(reply=(
        "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302)."))),
    ("outlook.example", 60, Answer(phase="message", reply=(
        "550 5.7.1 Unfortunately, messages from [127.0.0.1] weren't sent. Please contact your Internet service "
        "provider since part of their network is on our block list (S3140)."))),
    ("yahoo.example", 25, Answer(reply=(
        "554 delivery error: dd This user doesn't have a yahoo.example account (anna@yahoo.example) [0]"))),
    ("yahoo.example", 12, Answer(reply=(
        "421 4.7.0 [TSS04] Messages from 127.0.0.1 temporarily deferred due to unexpected volume or user complaints"),
        times=1)),
    ("mailru.example", 30, Answer(reply=(
        "550 Message was not accepted -- invalid mailbox. Local mailbox is unavailable: user not found"))),
    ("mailru.example", 45, Answer(phase="message", reply=(
        "550 spam message rejected. Please visit the help page or report details to abuse"))),
    ("yandex.example", 25, Answer(reply="550 5.7.1 No such user!")),
    ("yandex.example", 40, Answer(reply="452 4.2.2 Mailbox size limit exceeded")),
    ("example.org", 3, Answer(reply="450 4.2.0 Greylisted; try again in 2 seconds", times=1)),
    ("example.org", 60, Answer(phase="data", drop=True, times=1)),
    ("example.org", 60, Answer(phase="message", reply="451 4.3.0 Lost", drop=True, times=1)),
)  # fmt: skip


AGENTS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36",
)


def answers_for(recipients: Iterable[str]) -> dict[str, Answer]:
    """Draw by lot, the same at every run, what the providers answer to whom."""
    lot = Random(7)
    answers: dict[str, Answer] = {}
    for recipient in recipients:
        for host, one_in, answer in TROUBLE:
            if recipient.endswith("@" + host) and lot.randrange(one_in) == 0:
                answers[recipient.lower()] = answer
                break
    return answers


def read_letters(folder: Path, progress: Callable[[int, int], object]) -> None:
    """Let people read the letters that arrived: open them, follow links, leave. Real requests, no shortcut."""
    asyncio.run(_read_letters(sorted(folder.glob("*.eml")), progress))


async def _read_letters(files: list[Path], progress: Callable[[int, int], object]) -> None:
    done = 0
    doors = asyncio.Semaphore(16)
    async with httpx.AsyncClient(timeout=30, trust_env=False) as browser:

        async def read(file: Path) -> None:
            nonlocal done
            async with doors:
                await _read(browser, file.read_bytes())
            done += 1
            progress(done, len(files))

        await asyncio.gather(*map(read, files))


async def _read(browser: httpx.AsyncClient, raw: bytes) -> None:
    letter = message_from_bytes(raw, policy=policy.default)
    mood = Random(letter["To"])
    if mood.random() > 0.46:
        return
    html = letter.get_body(("html",)).get_content()  # type: ignore[union-attr]
    agent = mood.choice(AGENTS)
    looks = {"User-Agent": agent}
    for pixel in re.findall(r'<img[^>]*src="(http://127[^"]+)"', html):
        await browser.get(pixel, headers=looks)
    links = [link.replace("&amp;", "&") for link in re.findall(r'<a\b[^>]*href="(http://127[^"]+/c/[^"]+)"', html)]
    if links and mood.random() < 0.3:
        for link in mood.sample(links, k=min(len(links), mood.choice([1, 1, 1, 2]))):
            answer = await browser.get(link, headers=looks, follow_redirects=False)
            assert answer.is_redirect, answer
    if mood.random() < 0.02:
        (one_click,) = re.findall(r"<(http://127[^>]+)>", letter["List-Unsubscribe"])
        answer = await browser.post(one_click, content="List-Unsubscribe=One-Click")
        assert answer.is_success, answer
