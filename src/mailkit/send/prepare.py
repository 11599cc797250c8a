"""From a job to its finished bytes: rendered, and signed. I/O, in that slow signatures are made in threads."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final

from mailkit.errors import InvalidValue, MailkitError
from mailkit.send.dispatcher_pools import Held
from mailkit.send.jobs import Job
from mailkit.send.signing.signer import Signer

__all__ = ["Preparation", "Render"]

_BATCH: Final = 8
"""Letters that are signed in one call of a thread: the call alone costs as much as a fast signature."""

Render = Callable[[Job], bytes]
"""Makes a job's bytes: the same at every try."""


class Preparation:
    """Renders and signs the jobs of one run.

    Args:
        render: Makes the bytes of jobs that hold a template's name.
        signer: What signs; nothing if None.
        threads: How many threads make slow signatures; as many as the machine has cores if None.
        done: Told of each job that has its bytes.
        failed: Told of each job that cannot have them, and why.
    """

    def __init__(
        self,
        render: Render | None,
        signer: Signer | None,
        threads: int | None,
        *,
        done: Callable[[Held], None],
        failed: Callable[[Held, str], None],
    ) -> None:
        self._render, self._signer, self._done, self._failed = render, signer, done, failed
        self._threads = threads or os.cpu_count() or 1
        self._pool: ThreadPoolExecutor | None = None
        self._signing: set[asyncio.Task[None]] = set()

    @property
    def is_busy(self) -> bool:
        """Whether letters are being signed in threads."""
        return bool(self._signing)

    def check(self, jobs: Sequence[Job]) -> None:
        """Refuse jobs that cannot be rendered by this sender at all.

        Raises:
            InvalidValue: One asks for a template, and there is no `render`.
        """
        if self._render is not None:
            return
        template = next((job.template for job in jobs if job.template), "")
        if template:
            reason = f"is needed, as a job asks for the template {template!r}; it stays due"
            raise InvalidValue("Sender.render", None, reason, "give what makes a job's bytes")

    def start(self, letters: Sequence[Held], now: datetime) -> None:
        """Prepare letters: at once, but for slow signatures."""
        rendered = [held for held in letters if self._rendered(held)]
        if self._signer is not None and self._signer.is_slow:
            for first in range(0, len(rendered), _BATCH):
                self._sign_later(self._signer, rendered[first : first + _BATCH], now)
            return
        for held in rendered:
            reason = "" if self._signer is None else _sign(self._signer, held, now)
            self._tell(held, reason)

    def cut_off(self) -> None:
        """Wait for nothing more."""
        for task in self._signing:
            task.cancel()
        self.close()

    def close(self) -> None:
        """Let go of the threads."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None

    def _rendered(self, held: Held) -> bool:
        job = held.lease.job
        if job.raw:
            held.raw = job.raw
            return True
        assert self._render is not None, "looked at in `check`"
        try:
            raw = self._render(job)
            if not isinstance(raw, bytes) or not raw:
                raise MailkitError(f"render gave {type(raw).__name__} where finished bytes are needed")
        except Exception as error:  # noqa: BLE001 - the application's code, and one bad letter must fail alone
            self._failed(held, f"the letter could not be rendered: {type(error).__name__}: {error}")
            return False
        held.raw = raw
        return True

    def _sign_later(self, signer: Signer, letters: list[Held], now: datetime) -> None:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="mailkit-signing")
        task = asyncio.get_running_loop().create_task(self._signed(self._pool, signer, letters, now))
        self._signing.add(task)
        task.add_done_callback(self._signing.discard)

    async def _signed(self, pool: ThreadPoolExecutor, signer: Signer, letters: list[Held], now: datetime) -> None:
        reasons = await asyncio.get_running_loop().run_in_executor(pool, _sign_all, signer, letters, now)
        for held, reason in zip(letters, reasons, strict=True):
            self._tell(held, reason)

    def _tell(self, held: Held, reason: str) -> None:
        if reason:
            self._failed(held, reason)
        else:
            self._done(held)


def _sign_all(signer: Signer, letters: Sequence[Held], now: datetime) -> list[str]:
    return [_sign(signer, held, now) for held in letters]


def _sign(signer: Signer, held: Held, now: datetime) -> str:
    """Sign a letter, and say why that did not work; nothing if it did."""
    try:
        signed = signer.sign(held.raw, now=now)
    except Exception as error:  # noqa: BLE001 - a key that breaks must cost this letter only
        return f"the letter could not be signed: {type(error).__name__}: {error}"
    if not isinstance(signed, bytes) or not signed:
        return f"the letter could not be signed: sign gave {type(signed).__name__} where finished bytes are needed"
    held.raw = signed
    return ""
