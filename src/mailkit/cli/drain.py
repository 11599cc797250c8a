"""`mailkit drain shop.db`: send what is due, as a cron job or a service; and pause, resume, call back, count."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import runpy
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from mailkit.clock import SystemClock
from mailkit.errors import InvalidValue, MailkitError, StoreError, UnreadableFile, did_you_mean

if TYPE_CHECKING:
    from mailkit.send import Outbox, Sender, Summary
    from mailkit.stores import Store

__all__ = ["add_to"]

_ABOUT: Final = """\
DATABASE is the path of an SQLite file, or a URL such as postgresql+psycopg://user@host/name. CONFIG is a Python file,
or module:name, with a function `make_sender(store)` that gives a send.Sender for store.outbox, or with a `sender`,
which then works on DATABASE whatever its own outbox is.

As many of these may run at once as you like, on one machine or several: a job is in one process's hands at a time.

On SIGTERM or ctrl-C no more letters are begun, those under way are brought to their end, and the rest is given back; a
second signal cuts them off, and their leases run out.

The exit status is 0 if all that was asked for is done, 1 if letters of this run failed for a reason of our own or are
`unknown` and wait for a person, 3 if a signal came before it was done, and 2 if it could not be done at all. A
signal is what --until stopped waits for.
"""


def add_to(commands: Any) -> None:
    """Add the command."""
    command: ArgumentParser = commands.add_parser(
        "drain",
        help="send what is due in an outbox, or pause, resume, call back and count what is in it",
        description="Send the jobs of an outbox that is kept in a database.",
        epilog=_ABOUT,
        formatter_class=RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=_run)
    command.add_argument("database", metavar="DATABASE", help="where the outbox is kept")
    command.add_argument("--config", metavar="CONFIG", help="what makes the sender")
    command.add_argument(
        "--until",
        choices=_UNTIL,
        default="idle",
        help="idle: until nothing is due (for cron); empty: until nothing is open, waiting for retries; stopped: until "
        "a signal comes (for a service). The default is idle",
    )
    instead = command.add_mutually_exclusive_group()
    instead.add_argument("--status", action="store_true", help="only say how many jobs there are, and what is paused")
    instead.add_argument("--pause", metavar="CAMPAIGN", help="let nothing more of a campaign be sent, by any process")
    instead.add_argument(
        "--resume", metavar="CAMPAIGN", nargs="?", const="", help="undo --pause; or --halt, without a name"
    )
    instead.add_argument("--cancel", metavar="CAMPAIGN", help="call back the jobs of a campaign that are not sent yet")
    instead.add_argument(
        "--halt", action="store_true", help="let nothing at all be sent, by any process, until --resume"
    )
    command.add_argument("--as", dest="form", choices=("text", "json"), default="text", help="how to print --status")


_UNTIL: Final = ("idle", "empty", "stopped")


def _run(given: Namespace) -> int:
    with _opened(given.database) as store:
        told = asyncio.run(_instead(given, store.outbox))
        if told is not None:
            print(told)  # noqa: T201 - the terminal is what this is for
            return 0
        if not given.config:
            raise MailkitError(
                "drain needs to be told what sends: write --config app.py, with make_sender(store) in it"
            )
        try:
            summary = _sender(given.config, store).run_sync(until=given.until)
        except asyncio.CancelledError:  # a second signal
            return 3
    print(summary)  # noqa: T201
    return _status(summary, given.until)


@contextlib.contextmanager
def _opened(place: str) -> Iterator[Store]:
    from mailkit import stores

    if "://" not in place and not Path(place).is_file():
        raise StoreError(f"{place}: there is no such database; whatever adds jobs makes it, with stores.open")
    with stores.open(place) as store:
        yield store


async def _instead(given: Namespace, outbox: Outbox) -> str | None:
    """Do what was asked for instead of sending, and give what is to be said of it; None if nothing was."""
    now = SystemClock().now()
    if given.halt:
        await outbox.pause()
        return "nothing is sent any more, by any process; --resume undoes it"
    if given.pause is not None:
        doubt = await _doubt(outbox, _named(given.pause))
        await outbox.pause(given.pause)
        return f"nothing more of {given.pause} is sent; --resume {given.pause} undoes it{doubt}"
    if given.resume is not None:
        await outbox.resume(given.resume or None)
        paused = await outbox.paused()
        still = f"; still paused: {_names(paused)}" if paused else ""
        return f"{given.resume or 'everything'} goes on{still}"
    if given.cancel is not None:
        doubt = await _doubt(outbox, _named(given.cancel))
        called_back = await outbox.cancel(given.cancel, now=now)
        return f"{called_back:,} job{'' if called_back == 1 else 's'} of {given.cancel} called back{doubt}"
    if given.status:
        return _FORMS[given.form](await _state(outbox), now)
    return None


async def _doubt(outbox: Outbox, campaign: str) -> str:
    """Whether the campaign's name may be misspelt, since no job of that name waits while others do."""
    waiting = {lane.campaign for lane in await outbox.lanes()} - {""}
    if not waiting or campaign in waiting | await outbox.paused():
        return ""
    return f" (no job of it waits now{did_you_mean(campaign, sorted(waiting))})"


def _named(campaign: str) -> str:
    if not campaign.strip():
        raise InvalidValue(
            "CAMPAIGN", campaign, "is no name of a campaign", "give its name, or use --halt for everything"
        )
    return campaign


@attrs.frozen(kw_only=True)
class _State:
    """What `--status` tells."""

    counts: dict[str, int]
    paused: tuple[str | None, ...]
    next_due: datetime | None


async def _state(outbox: Outbox) -> _State:
    counts, paused = await outbox.counts(), await outbox.paused()
    return _State(
        counts={state.value: count for state, count in counts.items()},
        paused=tuple(sorted(paused, key=lambda name: (name is not None, name))),
        next_due=await outbox.next_due(),
    )


def _text(state: _State, now: datetime) -> str:
    lines = [f"{name:<10} {count:>10,}" for name, count in state.counts.items()] or ["no jobs"]
    if state.next_due is not None and state.next_due <= now:
        lines.append(f"the oldest has been due for {str(now - state.next_due).partition('.')[0]}")
    elif state.next_due is not None:
        lines.append(f"the next is due at {state.next_due:%Y-%m-%d %H:%M:%S} UTC")
    if state.paused:
        lines.append(f"paused: {_names(state.paused)}")
    return "\n".join(lines)


def _json(state: _State, now: datetime) -> str:
    overdue = None if state.next_due is None else max(0.0, (now - state.next_due).total_seconds())
    return json.dumps(
        {
            "counts": state.counts,
            "paused": [name for name in state.paused if name is not None],
            "is_halted": None in state.paused,
            "next_due": state.next_due.isoformat() if state.next_due else None,
            "overdue_seconds": overdue,
        }
    )


_FORMS: Final[dict[str, Callable[[_State, datetime], str]]] = {"text": _text, "json": _json}


def _names(paused: Any) -> str:
    return ", ".join("everything" if name is None else name for name in paused)


def _sender(config: str, store: Store) -> Sender:
    """The sender that a Python file or a module makes for a store."""
    from mailkit.send import Sender

    module, name = _module(config)
    found = next((module[one] for one in (name or "make_sender", "sender") if one in module), None)
    if found is None:
        reason = f"defines no `{name}`" if name else "defines neither `make_sender` nor `sender`"
        raise UnreadableFile(
            config, f"{reason}; write def make_sender(store): return send.Sender(outbox=store.outbox, …)"
        )
    made = found(store) if callable(found) and not isinstance(found, Sender) else found
    if not isinstance(made, Sender):
        raise InvalidValue(f"{config}, what makes the sender", made, "is not a send.Sender", "return one")
    return made if made.outbox is store.outbox else attrs.evolve(made, outbox=store.outbox)


def _module(config: str) -> tuple[dict[str, Any], str]:
    """What a config defines, and the name that it says is the sender's; empty if it says none."""
    if config.endswith(".py"):
        path = Path(config)
        if not path.is_file():
            raise UnreadableFile(config, "is not there; give the path of a Python file, or module:name")
        sys.path.insert(0, str(path.resolve().parent))  # as if it were run
        return runpy.run_path(config, run_name="mailkit_config"), ""
    name, _, attribute = config.partition(":")
    sys.path.insert(0, str(Path.cwd()))
    try:
        return vars(importlib.import_module(name)), attribute
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        raise UnreadableFile(config, f"cannot be read: there is no module {error.name!r}") from error


def _status(summary: Summary, until: str) -> int:
    from mailkit.send import JobState

    if summary.was_stopped and until != "stopped":
        return 3
    return 1 if summary[JobState.FAILED] or summary[JobState.UNKNOWN] else 0
